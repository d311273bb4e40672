/**
 * The chunks of many series while files are merged: each series is a chain of records, the last one
 * first. New records wait in the open part in the order they came. Once that is full they are settled:
 * those of a series become one record, and the records lie in the order in which they will be taken, so
 * that page after page can be let go. Ten million chunks take some 140 MB; as objects they would take a
 * gigabyte.
 *
 *     record: uvarint distance back to the record before, 0 for none
 *             uvarint count, then the chunks as index version 2 has them
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { release } from "../bytes/release.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { ChunkColumns } from "../index/chunk-columns.ts";
import { readList, writeList } from "../index/chunk-list.ts";
import type { RawSeries } from "./series-walk.ts";

const PAGE_BYTES = 256 * 1024;
/** Below 8 MiB, for the memory of the open part doubles when it grows. */
const OPEN_BYTES = 15 << 19;

/** No record. */
export const NO_RECORD = 0;

interface Page {
  readonly start: number;
  bytes: Uint8Array;
  /** Records that were not taken. */
  records: number;
}

const NOTHING = new Uint8Array(0);

export class ChunkLog {
  readonly #openBytes: number;
  readonly #pages: Page[] = [];
  readonly #open = new ByteWriter();
  /** Where the open part starts. From 1 on, so that 0 is no record. */
  #start = 1;
  readonly #columns = new ChunkColumns();
  /** Of the records of the series that is read; empty in between. */
  readonly #places: number[] = [];

  /** The open part is settled when it has so many bytes. */
  constructor(openBytes = OPEN_BYTES) {
    this.#openBytes = openBytes;
  }

  /** Adds the chunks of a series to those of the record `before`; gives the new record. */
  append(before: number, { bytes, chunksAt, end, count }: RawSeries): number {
    if (count === 0) return before;
    const at = this.#start + this.#open.size;
    this.#open.uvarint(before === NO_RECORD ? 0 : at - before);
    this.#open.uvarint(count);
    this.#open.slice(bytes, chunksAt, end);
    return at;
  }

  get isFull(): boolean {
    return this.#open.size >= this.#openBytes;
  }

  get isSettled(): boolean {
    return this.#open.size === 0;
  }

  isOpen(record: number): boolean {
    return record >= this.#start;
  }

  /** Makes one record of the open ones of each series, in this order, and puts it into `records`. */
  settle(series: Uint32Array, records: Float64Array): void {
    // Behind the open part, whose places are still in the chains.
    let start = this.#start + this.#open.size;
    const page = new ByteWriter(PAGE_BYTES);
    let count = 0;
    const turn = () => {
      this.#pages.push({ start, bytes: page.take(), records: count });
      start += page.size;
      count = 0;
      page.reset();
    };
    // One cursor for all: another for each series would be as much work as the chunks.
    const cursor = new ByteCursor(this.#open.view());
    for (const number of series) {
      const at = start + page.size;
      const before = this.#readOpen(records[number]!, cursor);
      page.uvarint(before === NO_RECORD ? 0 : at - before);
      page.uvarint(this.#columns.count);
      writeList(page, this.#columns);
      records[number] = at;
      count++;
      if (page.size >= PAGE_BYTES) turn();
    }
    if (count > 0) turn();
    this.#start = start;
    this.#open.reset();
  }

  /** The chunks of a series by its last record, settled, in order, each once. They are not here afterwards. */
  take(record: number, chunks: ChunkColumns): void {
    const cursors: ByteCursor[] = [];
    const emptied: Page[] = [];
    for (let at = record; at !== NO_RECORD; ) {
      const page = this.#pageOf(at);
      const cursor = new ByteCursor(page.bytes, at - page.start);
      at = recordBefore(cursor, at);
      cursors.push(cursor);
      if (--page.records === 0) emptied.push(page);
    }
    chunks.clear();
    while (cursors.length > 0) {
      const cursor = cursors.pop()!;
      readList(cursor, cursor.uvarint(), chunks);
    }
    chunks.order();
    for (const page of emptied) {
      release(page.bytes);
      page.bytes = NOTHING;
    }
  }

  /** Puts the open records of a series into the columns; gives the settled one before them. */
  #readOpen(record: number, cursor: ByteCursor): number {
    const places = this.#places;
    let at = record;
    while (this.isOpen(at)) {
      cursor.at = at - this.#start;
      at = recordBefore(cursor, at);
      places.push(cursor.at);
    }
    this.#columns.clear();
    // From the first record to the last: files come in the order of time, which is little work to sort.
    while (places.length > 0) {
      cursor.at = places.pop()!;
      readList(cursor, cursor.uvarint(), this.#columns);
    }
    this.#columns.order();
    return at;
  }

  #pageOf(at: number): Page {
    let [low, high] = [0, this.#pages.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#pages[middle]!.start <= at) low = middle;
      else high = middle;
    }
    return this.#pages[low]!;
  }
}

/** Reads the head of the record at `at`. */
function recordBefore(cursor: ByteCursor, at: number): number {
  const back = cursor.uvarint();
  return back === 0 ? NO_RECORD : at - back;
}
