/** The time that one query may take, `query_timeout`, counted by the clock and told in Loki's words. */
import { LimitExceeded } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";

export class TimeLimit {
  /** Aborted when the time is over, or the caller's signal is. */
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #over = new AbortController();
  #leftMs: number;

  /** `ms` milliseconds; 0 is no limit. */
  constructor(ms: number, clock: Clock, signal: AbortSignal) {
    this.#leftMs = ms > 0 ? ms : Number.POSITIVE_INFINITY;
    this.#clock = clock;
    this.#outer = signal;
    this.signal = AbortSignal.any([signal, this.#over.signal]);
  }

  /** Does a piece of the work; only what passes meanwhile counts. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const started = this.#clock.ticksMs();
    const done = new AbortController();
    if (Number.isFinite(this.#leftMs)) {
      void this.#clock.sleep(this.#leftMs, done.signal).then(() => {
        if (!done.signal.aborted) this.#over.abort();
      });
    }
    try {
      return await Promise.race([work(), aborted(this.signal, done.signal)]);
    } catch (error) {
      if (this.#outer.aborted || !this.#over.signal.aborted) throw error;
      throw new LimitExceeded(
        "query_timeout",
        "Request timed out, decrease the duration of the request or add more label matchers (prefer exact " +
          "match over regex match) to reduce the amount of data processed.",
        { status: 504 },
      );
    } finally {
      done.abort();
      this.#leftMs -= this.#clock.ticksMs() - started;
    }
  }

  /** Batches of somebody else, each within the time that is left. */
  async *each<T>(batches: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = await this.run(() => batches.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      const closed = batches.return(undefined);
      closed.catch(() => {});
      // Who does not look at the signal is not waited for.
      if (!this.signal.aborted) await closed;
    }
  }
}

/** Rejects when the signal is aborted, unless the work is done before. */
function aborted(signal: AbortSignal, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: done });
  });
}
