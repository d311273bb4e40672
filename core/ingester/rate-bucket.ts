/** A token bucket: so many bytes a second, and so many at once. */
export class RateBucket {
  #tokens: number;
  #atMs: number;

  /** A new bucket is full. */
  constructor(burst: number, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes so many bytes if they are there. Limits are given anew each time: they may have been reloaded. */
  take(bytes: number, limits: { rate: number; burst: number }, nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(limits.burst, this.#tokens + (elapsed * limits.rate) / 1000);
    this.#atMs = nowMs;
    if (bytes > this.#tokens) return false;
    this.#tokens -= bytes;
    return true;
  }
}
