/** The series of one tenant out of many files, each once, in columns: labels as numbers, chunks in a log. */
import { type ChunkColumns, doubled } from "../index/chunk-columns.ts";
import { ChunkLog, NO_RECORD } from "./chunk-log.ts";
import type { RawSeries } from "./series-walk.ts";

export class MergedTenant {
  /** What the numbers of labels mean; shared by all tenants, and growing. */
  readonly texts: readonly string[];
  readonly #log = new ChunkLog();
  #count = 0;
  #high = new Uint32Array(256);
  #low = new Uint32Array(256);
  /** Series s has the labels `#pairs[2 * #firsts[s]]` up to `#pairs[2 * #firsts[s + 1]]`. */
  #firsts = new Uint32Array(257);
  #pairs = new Uint32Array(2048);
  #records = new Float64Array(256);
  /** Open addressing by fingerprint: the number of a series plus one, 0 for a free slot. */
  #slots = new Uint32Array(1024);

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  get seriesCount(): number {
    return this.#count;
  }

  /** Adds the chunks of a series. Its identity are the fingerprint and the labels. */
  add(raw: RawSeries, pairs: Uint32Array, count: number): void {
    const series = this.#find(raw, pairs, count);
    this.#records[series] = this.#log.append(this.#records[series]!, raw);
    if (this.#log.isFull) this.#settle();
  }

  fingerprintOf(series: number): bigint {
    return (BigInt(this.#high[series]!) << 32n) | BigInt(this.#low[series]!);
  }

  /** Numbers of texts: name, value, name, value. */
  pairsOf(series: number): Uint32Array {
    return this.#pairs.subarray(2 * this.#firsts[series]!, 2 * this.#firsts[series + 1]!);
  }

  /**
   * Gives the chunks of a series, sorted, each once, and forgets them. Asked in the order of
   * fingerprints, memory is given back all along.
   */
  takeChunks(series: number, chunks: ChunkColumns): void {
    if (!this.#log.isSettled) this.#settle();
    this.#log.take(this.#records[series]!, chunks);
    this.#records[series] = NO_RECORD;
  }

  #settle(): void {
    const [high, low] = [this.#high, this.#low];
    const series = new Uint32Array(this.#count);
    let count = 0;
    for (let number = 0; number < this.#count; number++) {
      if (this.#log.isOpen(this.#records[number]!)) series[count++] = number;
    }
    const ordered = series.subarray(0, count);
    ordered.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]!);
    this.#log.settle(ordered, this.#records);
  }

  #find(raw: RawSeries, pairs: Uint32Array, count: number): number {
    const { fingerprintHigh: high, fingerprintLow: low } = raw;
    const mask = this.#slots.length - 1;
    let slot = hashOf(high, low) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const series = this.#slots[slot]! - 1;
      if (series < 0) break;
      if (
        this.#low[series] === low &&
        this.#high[series] === high &&
        this.#is(series, pairs, count)
      )
        return series;
    }
    const series = this.#append(high, low, pairs, count);
    this.#slots[slot] = series + 1;
    if (2 * this.#count > this.#slots.length) this.#rehash();
    return series;
  }

  #is(series: number, pairs: Uint32Array, count: number): boolean {
    const first = 2 * this.#firsts[series]!;
    if (2 * this.#firsts[series + 1]! - first !== 2 * count) return false;
    for (let index = 0; index < 2 * count; index++) {
      if (this.#pairs[first + index] !== pairs[index]) return false;
    }
    return true;
  }

  #append(high: number, low: number, pairs: Uint32Array, count: number): number {
    const series = this.#count++;
    this.#reserve(count);
    const first = this.#firsts[series]!;
    this.#high[series] = high;
    this.#low[series] = low;
    this.#pairs.set(pairs.subarray(0, 2 * count), 2 * first);
    this.#firsts[series + 1] = first + count;
    this.#records[series] = NO_RECORD;
    return series;
  }

  #reserve(count: number): void {
    if (this.#count >= this.#high.length) {
      this.#high = doubled(this.#high, Uint32Array);
      this.#low = doubled(this.#low, Uint32Array);
      this.#records = doubled(this.#records, Float64Array);
      this.#firsts = doubled(this.#firsts, Uint32Array);
    }
    const end = 2 * (this.#firsts[this.#count - 1]! + count);
    while (end > this.#pairs.length) this.#pairs = doubled(this.#pairs, Uint32Array);
  }

  #rehash(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let series = 0; series < this.#count; series++) {
      let slot = hashOf(this.#high[series]!, this.#low[series]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = series + 1;
    }
    this.#slots = slots;
  }
}

/** A fingerprint is a hash already; a file may still bring ones that were made to collide. */
function hashOf(high: number, low: number): number {
  return Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b) >>> 0;
}
