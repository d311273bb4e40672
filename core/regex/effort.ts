/**
 * The work that a pattern may make on one text beyond reading it. Most texts meet the same few states of
 * an automaton again and again; a pattern can be made so that every character asks for a new one, and
 * then each costs as much as the pattern is long.
 */
import { LimitExceeded } from "../model/errors.ts";

/** Instructions looked at to make states, for one text: some half a second. */
const STEPS_MAX = 10_000_000;

export class Effort {
  readonly #pattern: string;
  #steps = 0;

  /** `pattern` is what the error shows. */
  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** A new text begins. */
  reset(): void {
    this.#steps = 0;
  }

  /** Throws LimitExceeded when so many steps more are too many. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps <= STEPS_MAX) return;
    const shown = this.#pattern.length > 100 ? `${this.#pattern.slice(0, 100)}…` : this.#pattern;
    throw new LimitExceeded(
      "regex_steps",
      `the pattern ${shown} takes more than ${STEPS_MAX} steps on one text, the limit regex_steps; ` +
        "a shorter pattern or smaller counted repetitions take fewer",
    );
  }
}
