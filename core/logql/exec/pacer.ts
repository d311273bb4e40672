/** Lets the rest of the process have its turn during long work, and notices that nobody waits any more. */
import type { Clock } from "../../ports/clock.ts";

/** Work without a turn for others, milliseconds. */
const STRETCH_MS = 25;

export class Pacer {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #turnMs: number;

  constructor(clock: Clock, signal?: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#turnMs = clock.ticksMs();
  }

  /**
   * Call between blocks: throws the signal's reason when it is aborted, and gives a promise to await
   * when timers and sockets have waited long enough. Blocks that come from memory never leave the
   * microtask queue, so without it no timeout would ever fire.
   */
  step(): Promise<void> | undefined {
    this.#signal?.throwIfAborted();
    if (this.#clock.ticksMs() - this.#turnMs < STRETCH_MS) return undefined;
    return this.#giveTurn();
  }

  async #giveTurn(): Promise<void> {
    await this.#clock.sleep(0, this.#signal);
    this.#turnMs = this.#clock.ticksMs();
    this.#signal?.throwIfAborted();
  }
}
