/** Time that stands still until a test moves it. Sleepers wake in the order of their times, each at its own. */
import type { Clock } from "../ports/clock.ts";

const MS = 1_000_000n;

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

export class SimClock implements Clock {
  readonly #startNs: bigint;
  #elapsedMs = 0;
  #sleepers: Sleeper[] = [];

  /** Starts at this moment, Unix nanoseconds. */
  constructor(startNs = 1_700_000_000_000_000_000n) {
    this.#startNs = startNs;
  }

  now(): bigint {
    return this.#startNs + BigInt(Math.round(this.#elapsedMs * 1e6));
  }

  nowMs(): number {
    return Number(this.#startNs / MS) + this.#elapsedMs;
  }

  ticksMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper: Sleeper = { wakeMs: this.#elapsedMs + Math.max(0, ms), wake };
      signal?.addEventListener("abort", wake);
      this.#sleepers.push(sleeper);
    });
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /**
   * Moves time on. Whoever wakes on the way runs, at its time, until it waits for this clock or for
   * the world outside; if it sleeps again within the span it wakes again.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsedMs + ms;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.wakeMs > end) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.wakeMs);
      next.wake();
      await settle();
    }
    this.#elapsedMs = end;
  }

  #earliest(): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (earliest === undefined || sleeper.wakeMs < earliest.wakeMs) earliest = sleeper;
    }
    return earliest;
  }
}

/** Long enough for chains of awaits on things that are ready. */
const MICROTASKS = 1000;

/** Lets everything run that waits for nothing but promises that are already kept. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < MICROTASKS; turn++) await undefined;
}
