/** Time as a port: nothing in core asks the machine for it, so a test can hold the clock. */
export interface Clock {
  /** Unix nanoseconds. */
  now(): bigint;
  /** Unix milliseconds, for whatever needs no more. */
  nowMs(): number;
  /** Monotonic milliseconds, for durations. */
  ticksMs(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when the signal is aborted (it never rejects). After 0
   * milliseconds timers that are due and sockets that have something have had their turn.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Chance as a port, so that a seed reproduces a run. */
export interface Random {
  /** A whole number in [low, high). */
  int(low: number, high: number): number;
  /** `size` random bytes. */
  bytes(size: number): Uint8Array;
}
