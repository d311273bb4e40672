/**
 * Bounds of one execution. Go's engine has none: a template of a few words can fill the memory of a
 * process, so passing a bound is an error that says so.
 */
import { LimitExceeded } from "../../model/errors.ts";

/** UTF-16 units of any text that a template makes: many times the longest line that Loki takes. */
const TEXT_MAX = 4 * 1024 * 1024;

/** Nodes executed, and stretches of text made. */
const STEPS_MAX = 200_000;

/** Text of this length is one step more. */
const STEP_TEXT = 64;

/** Blocks and templates within each other. The stack of the runtime ends not far behind. */
const DEPTH_MAX = 200;

/** Matches that a call counts or replaces: more than characters in the longest line that Loki takes. */
const MATCHES_MAX = 300_000;

export function checkMatches(count: number): void {
  if (count > MATCHES_MAX) {
    throw new LimitExceeded(
      "template_matches",
      `template finds a pattern more than ${MATCHES_MAX} times in one text`,
    );
  }
}

export function checkSize(size: number): void {
  if (size > TEXT_MAX) {
    throw new LimitExceeded(
      "template_size",
      `template makes a text of ${size} characters, the limit is ${TEXT_MAX}`,
    );
  }
}

/** Counts what an execution has done. */
export class Effort {
  #steps = 0;
  #depth = 0;

  step(textSize = 0): void {
    this.#steps += 1 + Math.floor(textSize / STEP_TEXT);
    if (this.#steps > STEPS_MAX) {
      throw new LimitExceeded("template_steps", `template takes more than ${STEPS_MAX} steps`);
    }
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      throw new LimitExceeded("template_depth", `template is more than ${DEPTH_MAX} levels deep`);
    }
  }

  leave(): void {
    this.#depth -= 1;
  }
}
