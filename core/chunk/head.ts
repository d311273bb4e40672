/**
 * The open block of a chunk. Rows are kept as the bytes of a block from the start, in the order they
 * came; so a block in time order, the usual case, is cut without touching a line again, and queries
 * see the head through views.
 *
 * Lines may come in any order. An entry equal to one that is here, in time, line and (where the format
 * has it) metadata, is a duplicate and is left out.
 */

import { lanesOf } from "../bytes/lanes.ts";
import type { Block } from "../model/block.ts";
import { PAIR_SIZE, type WrittenFormat } from "./layout.ts";
import { RowIndex, sameEntry } from "./row-index.ts";
import { sortedByTime } from "./sort.ts";
import type { SymbolTable } from "./symbols.ts";

/** So many rows of equal time are looked through before an index is made of the head. */
const TIES_MAX = 16;

const TEXT_SIZE_MIN = 2048;
const ROWS_MIN = 16;

const NO_PAIRS = new Uint32Array(0);

export class HeadBlock {
  readonly #format: WrittenFormat;
  readonly #symbols: SymbolTable;
  readonly #room: { readonly textSize: number; readonly rows: number };

  #rows = 0;
  /** Bytes of lines, and eight a pair of metadata. */
  #size = 0;
  #text: Uint8Array = new Uint8Array(0);
  #textSize = 0;
  #times: BigInt64Array = new BigInt64Array(0);
  #lanes: Uint32Array = new Uint32Array(0);
  #starts: Uint32Array = new Uint32Array(0);
  #ends: Uint32Array = new Uint32Array(0);
  /** Of format 4: as in MetadataColumn. Empty until a row has metadata. */
  #firsts: Uint32Array = new Uint32Array(0);
  #pairs: Uint32Array = new Uint32Array(0);
  #pairCount = 0;

  /** Rows of the first and the last time. */
  #earliest = 0;
  #latest = 0;
  #ascending = true;
  #index: RowIndex | undefined;
  /** The last answer of block(), good until a row is appended. */
  #snapshot: Block | undefined;

  /** `room` is what the first row takes of memory, for a head that is known to fill. */
  constructor(
    format: WrittenFormat,
    symbols: SymbolTable,
    room: { textSize: number; rows: number } = { textSize: TEXT_SIZE_MIN, rows: ROWS_MIN },
  ) {
    this.#format = format;
    this.#symbols = symbols;
    this.#room = room;
  }

  get rows(): number {
    return this.#rows;
  }

  /** What a block of these rows is said to weigh: bytes of lines, and eight a pair of metadata. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the buffers. */
  get memoryBytes(): number {
    const columns = this.#starts.byteLength + this.#ends.byteLength + this.#times.byteLength;
    return this.#text.length + columns + this.#firsts.byteLength + this.#pairs.byteLength;
  }

  /** First time, Unix nanoseconds. Only of a head with rows. */
  get minTime(): bigint {
    return this.#times[this.#earliest]!;
  }

  get maxTime(): bigint {
    return this.#times[this.#latest]!;
  }

  /** Takes a copy of a row. Format 3 leaves its metadata out. */
  append(rows: Block, row: number): "appended" | "duplicate" {
    const here = this.#rows;
    if (here === this.#times.length) this.#growRows();
    const times = rows.times;
    // Reading the column through a Uint32Array each time would cost more than the whole append.
    const source = times === lastTimes ? lastLanes : lanesFor(times);
    const low = source[2 * row]!;
    const high = source[2 * row + 1]!;
    const lanes = this.#lanes;
    lanes[2 * here] = low;
    lanes[2 * here + 1] = high;
    const textSize = this.#textSize;
    this.#writeRow(rows.text, rows.starts[row]!, rows.ends[row]!, here, low, high);
    const pairs =
      rows.metadata === undefined || this.#format < 4
        ? NO_PAIRS
        : this.#symbols.internRow(rows.metadata, row);

    // What is later than all cannot be a repetition.
    const before = 2 * this.#latest;
    const order = here === 0 ? 1 : (high | 0) - (lanes[before + 1]! | 0) || low - lanes[before]!;
    if (order <= 0 && this.#isDuplicate(here, order, pairs)) {
      this.#textSize = textSize;
      return "duplicate";
    }
    this.#keep(here, order, pairs, this.#ends[here]! - this.#starts[here]!);
    return "appended";
  }

  /** The rows in time order. Text is shared, and stays as it is while more is appended. */
  block(): Block {
    this.#snapshot ??= sortedByTime(this.#arrived());
    return this.#snapshot;
  }

  /** The bytes of a block of these rows, before compression. A view, unless rows came out of order. */
  payload(): Uint8Array {
    if (this.#ascending) return this.#text.subarray(0, this.#textSize);
    const sorted = new HeadBlock(this.#format, this.#symbols);
    const block = this.block();
    for (let row = 0; row < block.rows; row++) sorted.append(block, row);
    return sorted.payload();
  }

  /** The row is written; makes it count. */
  #keep(row: number, order: number, pairs: Uint32Array, lineSize: number): void {
    if (this.#format >= 4) this.#writePairs(row, pairs);
    if (order >= 0) this.#latest = row;
    else {
      this.#ascending = false;
      const first = 2 * this.#earliest;
      const lanes = this.#lanes;
      const later =
        (lanes[2 * row + 1]! | 0) - (lanes[first + 1]! | 0) || lanes[2 * row]! - lanes[first]!;
      if (later < 0) this.#earliest = row;
    }
    this.#rows = row + 1;
    this.#size += lineSize + (PAIR_SIZE * pairs.length) / 2;
    this.#snapshot = undefined;
    this.#index?.add(this.#columns(), row);
  }

  #isDuplicate(row: number, order: number, pairs: Uint32Array): boolean {
    const same = (other: number) => this.#samePairs(other, pairs);
    const columns = this.#columns();
    if (this.#index === undefined && order === 0 && this.#ascending) {
      // Rows of the latest time lie together at the end.
      for (let other = row - 1; row - other <= TIES_MAX; other--) {
        if (other < 0 || !sameTime(columns.lanes, row, other)) return false;
        if (sameEntry(columns, row, other) && same(other)) return true;
      }
    }
    if (this.#index === undefined) {
      this.#index = new RowIndex();
      for (let other = 0; other < row; other++) this.#index.add(columns, other);
    }
    return this.#index.has(columns, row, same);
  }

  #samePairs(row: number, pairs: Uint32Array): boolean {
    if (this.#firsts.length === 0) return pairs.length === 0;
    const start = 2 * this.#firsts[row]!;
    if (2 * this.#firsts[row + 1]! - start !== pairs.length) return false;
    for (let at = 0; at < pairs.length; at++) {
      if (this.#pairs[start + at] !== pairs[at]) return false;
    }
    return true;
  }

  #columns() {
    return { lanes: this.#lanes, text: this.#text, starts: this.#starts, ends: this.#ends };
  }

  /** The rows as they came. */
  #arrived(): Block {
    const rows = this.#rows;
    const metadata =
      this.#firsts.length === 0
        ? undefined
        : {
            symbols: this.#symbols.list,
            firsts: this.#firsts.subarray(0, rows + 1),
            pairs: this.#pairs.subarray(0, 2 * this.#pairCount),
          };
    return {
      rows,
      times: this.#times.subarray(0, rows),
      text: this.#text.subarray(0, this.#textSize),
      starts: this.#starts.subarray(0, rows),
      ends: this.#ends.subarray(0, rows),
      ...(metadata && { metadata }),
    };
  }

  /** Time, length and line, as FORMAT.md has them. The lanes are zigzagged here, without a BigInt. */
  #writeRow(
    source: Uint8Array,
    start: number,
    end: number,
    row: number,
    lowLane: number,
    highLane: number,
  ): void {
    const size = end - start;
    let at = this.#reserve(size + 16);
    const text = this.#text;
    const sign = (highLane | 0) >> 31;
    let low = ((lowLane << 1) ^ sign) >>> 0;
    let high = (((highLane << 1) | (lowLane >>> 31)) ^ sign) >>> 0;
    while (high !== 0 || low >= 0x80) {
      text[at++] = low | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    text[at++] = low;
    at = writeUvarint(text, at, size);
    this.#starts[row] = at;
    if (size > LOOP_SIZE_MAX) {
      text.set(source.subarray(start, end), at);
      at += size;
    } else {
      while (start < end) text[at++] = source[start++]!;
    }
    this.#ends[row] = at;
    this.#textSize = at;
  }

  #writePairs(row: number, pairs: Uint32Array): void {
    const count = pairs.length / 2;
    let at = this.#reserve(16 + 5 * pairs.length);
    let size = uvarintSize(count);
    for (const index of pairs) size += uvarintSize(index);
    at = writeUvarint(this.#text, at, size);
    at = writeUvarint(this.#text, at, count);
    for (const index of pairs) at = writeUvarint(this.#text, at, index);
    this.#textSize = at;

    if (count > 0) {
      if (this.#firsts.length === 0) this.#firsts = new Uint32Array(this.#times.length + 1);
      const needed = 2 * this.#pairCount + pairs.length;
      if (needed > this.#pairs.length) this.#pairs = longer(this.#pairs, Math.max(needed, 64));
      this.#pairs.set(pairs, 2 * this.#pairCount);
      this.#pairCount += count;
    }
    if (this.#firsts.length > 0) this.#firsts[row + 1] = this.#pairCount;
  }

  /** Makes room for `size` bytes of text; gives where they go. */
  #reserve(size: number): number {
    const end = this.#textSize + size;
    if (end > this.#text.length) {
      const text = new Uint8Array(Math.max(end, 2 * this.#text.length, this.#room.textSize));
      text.set(this.#text.subarray(0, this.#textSize));
      this.#text = text;
    }
    return this.#textSize;
  }

  #growRows(): void {
    const rows = Math.max(this.#room.rows, 2 * this.#times.length);
    const times = new BigInt64Array(rows);
    times.set(this.#times);
    this.#times = times;
    this.#lanes = lanesOf(times);
    this.#starts = longer(this.#starts, rows);
    this.#ends = longer(this.#ends, rows);
    if (this.#firsts.length > 0) this.#firsts = longer(this.#firsts, rows + 1);
  }
}

/** Up to this, a loop over bytes is faster than making a view. */
const LOOP_SIZE_MAX = 64;

/** The column that rows were appended from last: they come by the hundred from one push. */
let lastTimes: BigInt64Array = new BigInt64Array(0);
let lastLanes: Uint32Array = new Uint32Array(0);

function lanesFor(times: BigInt64Array): Uint32Array {
  lastTimes = times;
  lastLanes = lanesOf(times);
  return lastLanes;
}

function longer(column: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(Math.max(size, 2 * column.length));
  larger.set(column);
  return larger;
}

function sameTime(lanes: Uint32Array, a: number, b: number): boolean {
  return lanes[2 * a] === lanes[2 * b] && lanes[2 * a + 1] === lanes[2 * b + 1];
}

function writeUvarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = value | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

function uvarintSize(value: number): number {
  let size = 1;
  while (value >= 0x80) {
    value >>>= 7;
    size++;
  }
  return size;
}
