/**
 * The chunks of one series as columns, filled anew for series after series: files of ten million chunks
 * are written without an object for each.
 */
import type { ChunkRef } from "../model/chunk-ref.ts";

/** Up to so many chunks are put in order by insertion. */
const FEW = 16;

export class ChunkColumns {
  count = 0;
  fromMs = new Float64Array(64);
  throughMs = new Float64Array(64);
  checksum = new Uint32Array(64);
  kb = new Float64Array(64);
  entries = new Float64Array(64);

  clear(): void {
    this.count = 0;
  }

  /** Takes values one by one: an object for each chunk is what columns are there to avoid. */
  add(fromMs: number, throughMs: number, checksum: number, kb: number, entries: number): void {
    const index = this.count++;
    if (index === this.fromMs.length) this.#double();
    this.fromMs[index] = fromMs;
    this.throughMs[index] = throughMs;
    this.checksum[index] = checksum;
    this.kb[index] = kb;
    this.entries[index] = entries;
  }

  addAll(chunks: readonly ChunkRef[]): void {
    for (const { fromMs, throughMs, checksum, kb, entries } of chunks) {
      this.add(fromMs, throughMs, checksum, kb, entries);
    }
  }

  refs(): ChunkRef[] {
    return Array.from({ length: this.count }, (_, index) => ({
      ...{ fromMs: this.fromMs[index]!, throughMs: this.throughMs[index]! },
      ...{ checksum: this.checksum[index]!, kb: this.kb[index]!, entries: this.entries[index]! },
    }));
  }

  /** Sorts by start, end and checksum, each once: of equal ones the first stays. */
  order(): void {
    // Fast path: most series come from one file, in order already.
    if (this.#isOrdered()) return;
    if (this.count <= FEW) {
      this.#orderFew();
      return;
    }
    const order = new Uint32Array(this.count);
    for (let index = 0; index < order.length; index++) order[index] = index;
    order.sort((a, b) => this.#compare(a, b) || a - b);
    let count = 1;
    for (let index = 1; index < order.length; index++) {
      if (this.#compare(order[count - 1]!, order[index]!) === 0) continue;
      order[count++] = order[index]!;
    }
    for (const column of [this.fromMs, this.throughMs, this.checksum, this.kb, this.entries]) {
      const before = column.slice(0, this.count);
      for (let index = 0; index < count; index++) column[index] = before[order[index]!]!;
    }
    this.count = count;
  }

  /**
   * The same for so few that columns of their own would cost more than moving each to its place, step by step: most
   * often there are two, and a call into the engine for each column would take longer than the step.
   */
  #orderFew(): void {
    let count = 0;
    for (let index = 0; index < this.count; index++) {
      let place = count;
      while (place > 0 && this.#compare(place - 1, index) > 0) place--;
      if (place > 0 && this.#compare(place - 1, index) === 0) continue;
      // Those that were left out stand behind all that have their place, and stay there.
      for (let from = index; from > place; from--) this.#swap(from - 1, from);
      count++;
    }
    this.count = count;
  }

  #swap(a: number, b: number): void {
    const { fromMs, throughMs, checksum, kb, entries } = this;
    [fromMs[a], fromMs[b]] = [fromMs[b]!, fromMs[a]!];
    [throughMs[a], throughMs[b]] = [throughMs[b]!, throughMs[a]!];
    [checksum[a], checksum[b]] = [checksum[b]!, checksum[a]!];
    [kb[a], kb[b]] = [kb[b]!, kb[a]!];
    [entries[a], entries[b]] = [entries[b]!, entries[a]!];
  }

  #isOrdered(): boolean {
    for (let index = 1; index < this.count; index++) {
      if (this.#compare(index - 1, index) >= 0) return false;
    }
    return true;
  }

  #compare(a: number, b: number): number {
    return (
      this.fromMs[a]! - this.fromMs[b]! ||
      this.throughMs[a]! - this.throughMs[b]! ||
      this.checksum[a]! - this.checksum[b]!
    );
  }

  #double(): void {
    this.fromMs = doubled(this.fromMs, Float64Array);
    this.throughMs = doubled(this.throughMs, Float64Array);
    this.checksum = doubled(this.checksum, Uint32Array);
    this.kb = doubled(this.kb, Float64Array);
    this.entries = doubled(this.entries, Float64Array);
  }
}

/** A column with room for as much again. */
export function doubled<T extends Uint32Array | Float64Array>(
  column: T,
  make: new (size: number) => T,
): T {
  const larger = new make(2 * column.length);
  larger.set(column);
  return larger;
}
