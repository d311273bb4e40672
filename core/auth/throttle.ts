/**
 * Counts failed sign-ins by who failed. After so many in a window the next attempts are refused unseen, which
 * keeps guessing slow and the processor free. Bounded: the one that failed longest ago makes room.
 */
import type { Clock } from "../ports/clock.ts";

export interface ThrottleSettings {
  /** Failures within the window after which nothing is looked at; 0 turns it off. */
  readonly failuresMax: number;
  readonly windowMs: number;
}

interface Failures {
  count: number;
  readonly sinceMs: number;
}

const PEERS_MAX = 10_000;

export class Throttle {
  readonly #settings: ThrottleSettings;
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(settings: ThrottleSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Milliseconds until this peer may try again; 0 when it may now. */
  waitMs(peer: string): number {
    const failures = this.#current(peer);
    const { failuresMax, windowMs } = this.#settings;
    if (failures === undefined || failuresMax <= 0 || failures.count < failuresMax) return 0;
    return failures.sinceMs + windowMs - this.#clock.ticksMs();
  }

  /** Gives how often this peer has failed in its window, this time included. */
  failed(peer: string): number {
    let failures = this.#current(peer);
    if (failures === undefined) {
      const [oldest] = this.#failures.keys();
      if (this.#failures.size >= PEERS_MAX && oldest !== undefined) this.#failures.delete(oldest);
      failures = { count: 0, sinceMs: this.#clock.ticksMs() };
      this.#failures.set(peer, failures);
    }
    return ++failures.count;
  }

  #current(peer: string): Failures | undefined {
    const failures = this.#failures.get(peer);
    if (failures === undefined) return undefined;
    if (this.#clock.ticksMs() - failures.sinceMs < this.#settings.windowMs) return failures;
    this.#failures.delete(peer);
    return undefined;
  }
}
