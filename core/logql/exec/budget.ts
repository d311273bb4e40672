/** The memory that one query holds, counted where it grows, so that a query ends before the process does. */
import { LimitExceeded } from "../../model/errors.ts";

export class Budget {
  readonly #allowed: number;
  #held = 0;

  /** `allowed` bytes; 0 is no limit. */
  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  /** Throws LimitExceeded when `bytes` more are too many. */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#allowed > 0 && this.#held > this.#allowed) {
      throw new LimitExceeded(
        "max_query_memory_bytes",
        `the query holds too much in memory: ${this.#held} bytes wanted, max_query_memory_bytes allows ${this.#allowed}; consider a shorter time range, fewer series or a more specific stream selector`,
      );
    }
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}
