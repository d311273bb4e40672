/** Which lines of the sequence are taken when lines must be `interval` apart (spec query-evaluation §2.4). */
import { pieceOf } from "../plan/pieces.ts";

export class Thinning {
  readonly #interval: bigint;
  readonly #splitMs: number;
  #last: bigint | undefined;
  #piece = 0n;

  constructor(interval: bigint, splitMs: number) {
    this.#interval = interval;
    this.#splitMs = splitMs;
  }

  /** Whether the line at this time, the next of the sequence, is taken. */
  takes(time: bigint): boolean {
    if (this.#interval <= 0n) return true;
    const piece = pieceOf(time, this.#splitMs);
    const distance = this.#last === undefined ? undefined : time - this.#last;
    const near = distance !== undefined && (distance < 0n ? -distance : distance) < this.#interval;
    // Loki asks for each piece of time by itself, and each starts with a line.
    if (near && piece === this.#piece) return false;
    this.#last = time;
    this.#piece = piece;
    return true;
  }
}
