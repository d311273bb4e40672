/**
 * Columns that a decoder fills row by row. All streams of a push share them: each takes its part as
 * views, so a push of a thousand streams makes no thousand buffers.
 */
import type { Block, MetadataColumn } from "../model/block.ts";
import { LimitExceeded } from "../model/errors.ts";
import { metadataName } from "./metadata-name.ts";

const ROWS_FIRST = 256;

/** Lines of one push, and pairs of metadata of all its lines: a body of empty ones is small and would become large. */
const ROWS_MAX = 1 << 22;
const PAIRS_MAX = 1 << 22;
/** Streams of one push, those without lines too: two bytes make one. */
export const STREAMS_MAX = 100_000;

export class RowsBuilder {
  #times: BigInt64Array<ArrayBuffer>;
  /** The same memory as `#times`: low lane, high lane. */
  #lanes: Uint32Array<ArrayBuffer>;
  #starts: Uint32Array;
  #ends: Uint32Array;
  #rows = 0;
  #streamRow = 0;

  // Metadata is rare, so its columns are made for those streams only that have some.
  readonly #symbols: string[] = [];
  readonly #symbolIndexes = new Map<string, number>();
  readonly #nameIndexes = new Map<string, number>();
  readonly #pairs: number[] = [];
  /** Row that each pair belongs to. */
  readonly #pairRows: number[] = [];
  #streamPair = 0;

  constructor(rows = ROWS_FIRST) {
    this.#times = new BigInt64Array(rows);
    this.#lanes = new Uint32Array(this.#times.buffer);
    this.#starts = new Uint32Array(rows);
    this.#ends = new Uint32Array(rows);
  }

  /** Rows of the stream that is being filled. */
  get rows(): number {
    return this.#rows - this.#streamRow;
  }

  /** Adds a row whose line is `text[start, end)`. `nanos` may be negative or above a second. */
  add(seconds: number, nanos: number, start: number, end: number): void {
    const row = this.#next(start, end);
    setTime(this.#lanes, row, seconds, nanos);
  }

  /** Adds a row by the lanes of its unsigned nanoseconds; past the end of 63 bits it is their end. */
  addLanes(low: number, high: number, start: number, end: number): void {
    const row = this.#next(start, end);
    const over = high > 0x7fffffff;
    setLanes(this.#lanes, row, over ? 0xffffffff : low, over ? 0x7fffffff : high);
  }

  /** Gives metadata to the row that `add` will make next. */
  pair(name: string, value: string): void {
    if (this.#pairRows.length === PAIRS_MAX) throw tooMany("pairs of metadata", PAIRS_MAX);
    this.#pairs.push(this.#name(name), this.#symbol(value));
    this.#pairRows.push(this.#rows);
  }

  /** Ends a stream: its rows so far, over `text`. The next `add` begins another stream. */
  take(text: Uint8Array): Block {
    const [first, last] = [this.#streamRow, this.#rows];
    const metadata = this.#takeMetadata(first, last);
    this.#streamRow = last;
    this.#streamPair = this.#pairRows.length;
    const block: Block = {
      rows: last - first,
      times: this.#times.subarray(first, last),
      text,
      starts: this.#starts.subarray(first, last),
      ends: this.#ends.subarray(first, last),
    };
    return metadata === undefined ? block : { ...block, metadata };
  }

  /** Forgets the rows of the stream that is being filled. */
  drop(): void {
    this.#rows = this.#streamRow;
    this.#pairRows.length = this.#streamPair;
    this.#pairs.length = 2 * this.#streamPair;
  }

  #next(start: number, end: number): number {
    const row = this.#rows;
    if (row === ROWS_MAX) throw tooMany("lines", ROWS_MAX);
    if (row === this.#starts.length) this.#grow();
    this.#starts[row] = start;
    this.#ends[row] = end;
    this.#rows = row + 1;
    return row;
  }

  #takeMetadata(first: number, last: number): MetadataColumn | undefined {
    const from = this.#streamPair;
    if (this.#pairRows.length === from) return undefined;
    const firsts = new Uint32Array(last - first + 1);
    for (let pair = from; pair < this.#pairRows.length; pair++) {
      firsts[this.#pairRows[pair]! - first + 1]!++;
    }
    for (let row = 1; row < firsts.length; row++) firsts[row]! += firsts[row - 1]!;
    return { symbols: this.#symbols, firsts, pairs: Uint32Array.from(this.#pairs.slice(2 * from)) };
  }

  /** Names are written as labels are, as Loki 3 does: no query could name them otherwise. */
  #name(text: string): number {
    let known = this.#nameIndexes.get(text);
    if (known === undefined)
      this.#nameIndexes.set(text, (known = this.#symbol(metadataName(text))));
    return known;
  }

  #symbol(text: string): number {
    const known = this.#symbolIndexes.get(text);
    if (known !== undefined) return known;
    this.#symbolIndexes.set(text, this.#symbols.length);
    return this.#symbols.push(text) - 1;
  }

  /** Streams taken before keep their views of the smaller columns, which nobody writes to any more. */
  #grow(): void {
    const rows = this.#starts.length * 2;
    const times = new BigInt64Array(rows);
    times.set(this.#times);
    this.#times = times;
    this.#lanes = new Uint32Array(times.buffer);
    this.#starts = grown(this.#starts, rows);
    this.#ends = grown(this.#ends, rows);
  }
}

/** For what a push may have so many of. */
export function tooMany(what: string, max: number): LimitExceeded {
  return new LimitExceeded(
    `${what} of a push`,
    `push has more than ${max} ${what}, send it in parts`,
    { status: 413 },
  );
}

function grown(column: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(size);
  larger.set(column);
  return larger;
}

/** 64 bits of nanoseconds end after so many seconds and nanoseconds, in the year 2262. */
const SECONDS_MAX = 9_223_372_036;
const NANOS_MAX = 854_775_807;

/**
 * Puts seconds and nanoseconds into row `row` of a 64-bit column of nanoseconds. All steps stay below
 * 2^53, so doubles do; times past the ends of 64 bits become the end, which is too old or too new for
 * any limit.
 */
export function setTime(lanes: Uint32Array, row: number, seconds: number, nanos: number): void {
  if (seconds > SECONDS_MAX || (seconds === SECONDS_MAX && nanos > NANOS_MAX)) {
    setLanes(lanes, row, 0xffffffff, 0x7fffffff);
    return;
  }
  // The first nanosecond is 854775808 before a second, or what is left of a second after the one before.
  const over = seconds === -SECONDS_MAX ? nanos + NANOS_MAX + 1 : nanos - 1e9 + NANOS_MAX + 1;
  if (seconds < -SECONDS_MAX - 1 || (seconds <= -SECONDS_MAX && over < 0)) {
    setLanes(lanes, row, 0, 0x80000000);
    return;
  }
  const upper = Math.floor(seconds / 0x100000);
  const lower = (seconds - upper * 0x100000) * 1e9 + nanos;
  const product = upper * 1e9;
  // nanoseconds = product * 2^20 + lower, and product * 2^20 = carry * 2^32 + rest * 2^20.
  const carry = Math.floor(product / 4096);
  const rest = product - carry * 4096;
  const low = rest * 0x100000 + lower;
  setLanes(lanes, row, low, carry + Math.floor(low / 0x100000000));
}

function setLanes(lanes: Uint32Array, row: number, low: number, high: number): void {
  // Storing takes the value modulo 2^32, below 2^53 exactly.
  lanes[2 * row] = low;
  lanes[2 * row + 1] = high;
}
