/**
 * Splits the bytes of a block, or of a checkpoint's head, into columns. The lines stay where they are.
 * This is the second-hottest loop of a query, after decompression: it makes nothing per row and reads
 * the usual widths (a time of nine bytes, a length of one or two) without a loop.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import { LINE_SIZE_END, ROW_SIZE_MIN } from "./layout.ts";
import { sortedByTime } from "./sort.ts";

/** What follows the line: nothing, a count of pairs (heads), or a size and a count (blocks of format 4). */
export type RowTail = "none" | "pairs" | "sized-pairs";

export interface RowsOptions {
  /** No more rows than these are there; see FORMAT.md for why there may be fewer. */
  readonly rowsMax: number;
  readonly tail: RowTail;
  readonly symbols: readonly string[];
}

/** The rows that fill `text`, in time order. `text` becomes the block's. */
export function splitRows(text: Uint8Array, { tail, symbols, ...options }: RowsOptions): Block {
  // A count that the bytes cannot hold must not cost memory.
  const rowsMax = Math.min(options.rowsMax, Math.floor(text.length / ROW_SIZE_MIN));
  const times = new BigInt64Array(rowsMax);
  const lanes = new Uint32Array(times.buffer);
  const starts = new Uint32Array(rowsMax);
  const ends = new Uint32Array(rowsMax);
  const pairs = tail === "none" ? undefined : new Pairs(rowsMax);
  const cursor = new ByteCursor(text);
  const size = text.length;
  const sized = tail === "sized-pairs";
  /** Where a row can start and still have its time and length read without a look at the end. */
  const roomy = size - TIME_SIZE_USUAL - 2;

  let at = 0;
  let row = 0;
  let ascending = true;
  let lowBefore = 0;
  let highBefore = -0x80000000;
  for (; at < size; row++) {
    if (row === rowsMax) throw new Corrupt(`more than the ${rowsMax} rows of the block at ${at}`);
    let low: number;
    let high: number;
    let length: number;
    // Fast path: nine bytes of time, as in all of this century, and at most two of length.
    if (at < roomy && isUsual(text, at)) {
      const first =
        (text[at]! & 0x7f) |
        ((text[at + 1]! & 0x7f) << 7) |
        ((text[at + 2]! & 0x7f) << 14) |
        ((text[at + 3]! & 0x7f) << 21);
      const second =
        (text[at + 4]! & 0x7f) |
        ((text[at + 5]! & 0x7f) << 7) |
        ((text[at + 6]! & 0x7f) << 14) |
        ((text[at + 7]! & 0x7f) << 21);
      low = first | (second << 28);
      high = (second >>> 4) | (text[at + 8]! << 24);
      const sign = -(low & 1);
      low = ((low >>> 1) | (high << 31)) ^ sign;
      high = (high >>> 1) ^ sign;
      lanes[2 * row] = low;
      lanes[2 * row + 1] = high;
      length = text[at + 9]!;
      at += 10;
      if (length >= 0x80) length = (length & 0x7f) | (text[at++]! << 7);
    } else {
      cursor.at = at;
      cursor.varint64Into(lanes, row);
      low = lanes[2 * row]! | 0;
      high = lanes[2 * row + 1]! | 0;
      length = cursor.uvarint();
      at = cursor.at;
    }
    if (length > size - at || length >= LINE_SIZE_END) {
      throw new Corrupt(`line of ${length} bytes at ${at} of ${size}`);
    }
    starts[row] = at;
    at += length;
    ends[row] = at;
    if (pairs !== undefined) {
      // Fast path: a row without metadata ends with a size of one and a count of none.
      if (sized && at + 1 < size && text[at] === 1 && text[at + 1] === 0)
        at = pairs.none(at + 2, row);
      else at = pairs.read(cursor, at, row, tail);
    }

    if (high < highBefore || (high === highBefore && low >>> 0 < lowBefore)) ascending = false;
    lowBefore = low >>> 0;
    highBefore = high;
  }
  const metadata = pairs?.column(row, symbols);
  const block = {
    rows: row,
    times: times.subarray(0, row),
    text,
    starts: starts.subarray(0, row),
    ends: ends.subarray(0, row),
    ...(metadata && { metadata }),
  };
  return ascending ? block : sortedByTime(block);
}

const TIME_SIZE_USUAL = 9;
/** Whether eight bytes say that the number goes on, a ninth that it ends, and one of two that a length does. */
function isUsual(text: Uint8Array, at: number): boolean {
  const going =
    text[at]! &
    text[at + 1]! &
    text[at + 2]! &
    text[at + 3]! &
    text[at + 4]! &
    text[at + 5]! &
    text[at + 6]! &
    text[at + 7]!;
  return going >= 0x80 && text[at + 8]! < 0x80 && (text[at + 9]! < 0x80 || text[at + 10]! < 0x80);
}

/** Collects the metadata of rows. Takes no memory before the first pair: most blocks have none. */
class Pairs {
  readonly #rowsMax: number;
  #firsts: Uint32Array | undefined;
  #pairs = new Uint32Array(0);
  #count = 0;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  /** Reads what follows the line of `row` at `at`; gives the offset after it. */
  read(cursor: ByteCursor, at: number, row: number, tail: RowTail): number {
    cursor.at = at;
    // The size is of use to those who skip. Loki does not look at it either.
    if (tail === "sized-pairs") cursor.uvarint();
    const count = cursor.uvarint();
    if (count > 0) this.#readPairs(cursor, count);
    if (this.#firsts !== undefined) this.#firsts[row + 1] = this.#count;
    return cursor.at;
  }

  /** Notes that `row` has none; gives the offset after it. */
  none(at: number, row: number): number {
    if (this.#firsts !== undefined) this.#firsts[row + 1] = this.#count;
    return at;
  }

  column(rows: number, symbols: readonly string[]): MetadataColumn | undefined {
    if (this.#firsts === undefined) return undefined;
    return {
      symbols,
      firsts: this.#firsts.subarray(0, rows + 1),
      pairs: this.#pairs.subarray(0, 2 * this.#count),
    };
  }

  #readPairs(cursor: ByteCursor, count: number): void {
    // A pair takes two bytes at least.
    if (2 * count > cursor.left) throw new Corrupt(`${count} pairs in ${cursor.left} bytes`);
    this.#firsts ??= new Uint32Array(this.#rowsMax + 1);
    const size = 2 * (this.#count + count);
    if (size > this.#pairs.length) {
      const larger = new Uint32Array(Math.max(size, 2 * this.#pairs.length, 4 * this.#rowsMax));
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    for (let at = 2 * this.#count; at < size; at++) this.#pairs[at] = readIndex(cursor);
    this.#count += count;
  }
}

/** An index into the symbols. One that no table can have stays one that no table has. */
function readIndex(cursor: ByteCursor): number {
  return Math.min(cursor.uvarint(), 0xffffffff);
}
