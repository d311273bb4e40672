/** How many lines came in each ten seconds of the last hours. */

export const BUCKET_MS = 10_000;

export class Counts {
  /** Number of the first bucket: Unix time over ten seconds. */
  #first = 0;
  #size = 0;
  #counts = new Uint32Array(4);
  readonly #bucketsMax: number;

  constructor(bucketsMax: number) {
    this.#bucketsMax = bucketsMax;
  }

  /** Number of the newest bucket. */
  get last(): number {
    return this.#first + this.#size - 1;
  }

  get bytes(): number {
    return this.#counts.byteLength;
  }

  /** Lines that are older than all that is kept are not counted. */
  add(bucket: number): void {
    if (this.#size === 0) this.#first = bucket;
    else if (bucket < this.#first) {
      if (this.last - bucket >= this.#bucketsMax) return;
      this.#resize(bucket, this.#size + this.#first - bucket);
    }
    if (bucket - this.#first >= this.#size) {
      const first = Math.max(this.#first, bucket - this.#bucketsMax + 1);
      this.#resize(first, bucket - first + 1);
    }
    this.#counts[bucket - this.#first]!++;
  }

  /** Adds what lies in a time to the sums by step. */
  sum(bounds: { startMs: number; endMs: number; stepMs: number }, into: Map<number, number>): void {
    const { startMs, endMs, stepMs } = bounds;
    for (let index = 0; index < this.#size; index++) {
      const count = this.#counts[index]!;
      const timeMs = (this.#first + index) * BUCKET_MS;
      if (count === 0 || timeMs + BUCKET_MS <= startMs || timeMs > endMs) continue;
      const step = Math.floor(timeMs / stepMs) * stepMs;
      into.set(step, (into.get(step) ?? 0) + count);
    }
  }

  /** Makes the buckets from `first` on, `size` of them, keeping what lies in both. */
  #resize(first: number, size: number): void {
    const shift = first - this.#first;
    const kept = this.#counts.subarray(
      Math.max(0, Math.min(shift, this.#size)),
      Math.min(this.#size, Math.max(0, shift + size)),
    );
    const isRoomy = shift === 0 && size <= this.#counts.length;
    if (!isRoomy) {
      const room = Math.min(this.#bucketsMax, Math.max(size, 2 * this.#size));
      const counts = new Uint32Array(Math.max(size, room));
      counts.set(kept, Math.max(0, -shift));
      this.#counts = counts;
    }
    this.#first = first;
    this.#size = size;
  }
}
