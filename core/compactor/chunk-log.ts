/**
 * The chunks of many series while files are merged: each series is a chain of records in shared pages,
 * the last one first. Ten million chunks take some 170 MB here; as objects they would take a gigabyte.
 *
 *     record: uvarint distance back to the record before, 0 for none
 *             uvarint count, then per chunk as in an index: varint from - last through of the record,
 *             uvarint through - from, uvarint kb, uvarint entries, u32 checksum
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { ALWAYS, readChunks } from "../index/chunk-list.ts";
import type { IndexVersion } from "../index/layout.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";

const PAGE_BYTES = 256 * 1024;

/** No record. */
export const NO_RECORD = 0;

export class ChunkLog {
  #pages: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #page = new ByteWriter(PAGE_BYTES);
  #record = new ByteWriter(1024);
  /** Where the open page starts. From 1 on, so that 0 is no record. */
  #start = 1;

  /** Adds the chunks that a cursor in a file of this version stands at to those of `before`; gives the new record. */
  append(
    before: number,
    chunks: ByteCursor,
    version: IndexVersion,
  ): { record: number; count: number } {
    const list = readChunks(chunks, version, ALWAYS);
    const count = list.length;
    if (count === 0) return { record: before, count };
    const record = this.#record;
    record.reset();
    record.uvarint(count);
    let lastMs = 0;
    for (const { fromMs, throughMs, kb, entries, checksum } of list) {
      writeVarint(record, fromMs - lastMs);
      record.uvarint(throughMs - fromMs);
      record.uvarint(kb);
      record.uvarint(entries);
      record.u32(checksum);
      lastMs = throughMs;
    }
    if (this.#page.size > 0 && this.#page.size + record.size + 10 > PAGE_BYTES) this.#turn();
    const at = this.#start + this.#page.size;
    this.#page.uvarint(before === NO_RECORD ? 0 : at - before);
    this.#page.raw(record.view());
    return { record: at, count };
  }

  /** The chunks of a series by its last record, sorted by start, end and checksum, each once. */
  take(record: number): ChunkRef[] {
    const list: ChunkRef[] = [];
    for (let at = record; at !== NO_RECORD; ) {
      const { bytes, start } = this.#pageOf(at);
      const cursor = new ByteCursor(bytes, at - start);
      const back = cursor.uvarint();
      const first = list.length;
      readRecord(cursor, list);
      // Records come back to front; each is in order, so a merge is little work for the sort.
      if (first > 0) list.push(...list.splice(0, first));
      at = back === 0 ? NO_RECORD : at - back;
    }
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
  for (let left = cursor.uvarint(); left > 0; left--) {
    const raw = cursor.uvarint();
    const fromMs = lastMs + (raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2);
    const throughMs = fromMs + cursor.uvarint();
    const [kb, entries] = [cursor.uvarint(), cursor.uvarint()];
    list.push({ fromMs, throughMs, checksum: cursor.u32(), kb, entries });
    lastMs = throughMs;
  }
}

function writeVarint(out: ByteWriter, value: number): void {
  out.uvarint(value < 0 ? -2 * value - 1 : 2 * value);
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
