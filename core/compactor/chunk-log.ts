/**
 * The chunks of many series while files are merged: each series is a chain of records in shared pages,
 * the last one first. Ten million chunks take some 170 MB here; as objects they would take a gigabyte.
 *
 *     record: uvarint distance back to the record before, 0 for none
 *             uvarint count, then the chunks as index version 2 has them
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { CHUNK_BYTES_MIN } from "../index/layout.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { RawSeries } from "./series-walk.ts";

const PAGE_BYTES = 256 * 1024;
/** Two varints. */
const HEAD_BYTES_MAX = 20;

/** No record. */
export const NO_RECORD = 0;

export class ChunkLog {
  #pages: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #page = new ByteWriter(PAGE_BYTES);
  /** Where the open page starts. From 1 on, so that 0 is no record. */
  #start = 1;

  /** Adds the chunks of a series to those of the record `before`; gives the new record. */
  append(before: number, { bytes, chunksAt, end, count }: RawSeries): number {
    if (count === 0) return before;
    const size = end - chunksAt;
    if (this.#page.size > 0 && this.#page.size + size + HEAD_BYTES_MAX > PAGE_BYTES) this.#turn();
    const at = this.#start + this.#page.size;
    this.#page.uvarint(before === NO_RECORD ? 0 : at - before);
    this.#page.uvarint(count);
    this.#page.slice(bytes, chunksAt, end);
    return at;
  }

  /** The chunks of a series by its last record, sorted by start, end and checksum, each once. */
  take(record: number): ChunkRef[] {
    const records: ByteCursor[] = [];
    for (let at = record; at !== NO_RECORD; ) {
      const { bytes, start } = this.#pageOf(at);
      const cursor = new ByteCursor(bytes, at - start);
      const back = cursor.uvarint();
      records.push(cursor);
      at = back === 0 ? NO_RECORD : at - back;
    }
    const list: ChunkRef[] = [];
    // The first that was added first: files come in the order of time, which is little work for the sort.
    while (records.length > 0) readRecord(records.pop()!, list);
    return inOrder(list);
  }

  #turn(): void {
    this.#pages.push({ start: this.#start, bytes: this.#page.take() });
    this.#start += this.#page.size;
    this.#page.reset();
  }

  #pageOf(at: number): { start: number; bytes: Uint8Array } {
    if (at >= this.#start) return { start: this.#start, bytes: this.#page.view() };
    let [low, high] = [0, this.#pages.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#pages[middle]!.start <= at) low = middle;
      else high = middle;
    }
    return this.#pages[low]!;
  }
}

function readRecord(cursor: ByteCursor, list: ChunkRef[]): void {
  let lastMs = 0;
  const count = cursor.uvarint();
  if (count * CHUNK_BYTES_MIN > cursor.left) {
    throw new Corrupt(`${count} chunks claimed in ${cursor.left} bytes`);
  }
  for (let left = count; left > 0; left--) {
    const raw = cursor.uvarint();
    const fromMs = lastMs + (raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2);
    const throughMs = fromMs + cursor.uvarint();
    const [kb, entries] = [cursor.uvarint(), cursor.uvarint()];
    list.push({ fromMs, throughMs, checksum: cursor.u32(), kb, entries });
    lastMs = throughMs;
  }
}

function inOrder(chunks: ChunkRef[]): ChunkRef[] {
  const isOrdered = chunks.every(
    (chunk, index) => index === 0 || compareChunks(chunks[index - 1]!, chunk) < 0,
  );
  if (isOrdered) return chunks;
  return chunks
    .sort(compareChunks)
    .filter((chunk, index, all) => index === 0 || compareChunks(all[index - 1]!, chunk) !== 0);
}

function compareChunks(a: ChunkRef, b: ChunkRef): number {
  return a.fromMs - b.fromMs || a.throughMs - b.throughMs || a.checksum - b.checksum;
}
