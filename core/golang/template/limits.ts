/**
 * Bounds of what templates make of one row. Go's engine has none: a template of a few words can fill the
 * memory of a process or work for a year, so passing a bound is an error that says so.
 */
import { LimitExceeded } from "../../model/errors.ts";

/** UTF-16 units of any text that a template makes: many times the longest line that Loki takes. */
const TEXT_MAX = 4 * 1024 * 1024;

/** Nodes executed, and stretches of text made and read. */
const STEPS_MAX = 300_000;

/** Text of this length that is made, or searched for a pattern, is one step more. */
const STEP_TEXT = 64;

/** The same for text that a function is given: most only look through it. */
const STEP_READ = 256;

/** Blocks and templates within each other. The stack of the runtime ends not far behind. */
const DEPTH_MAX = 200;

/** Matches counted or replaced: more than there are characters in the longest line that Loki takes. */
const MATCHES_MAX = 300_000;

export function checkSize(size: number): void {
  if (size > TEXT_MAX) {
    throw new LimitExceeded(
      "template_size",
      `template makes a text of ${size} characters, the limit is ${TEXT_MAX}`,
    );
  }
}

/** Steps and matches that every row may take, and one more for each byte of its line. */
const FREE = 2000;

/** What all rows of a query together may take beyond that: templates look at lines, they do not compute. */
const WORK_MAX = 1_000_000;

/** Counts what the templates of a query have done for the row in hand, and for all rows beyond what is usual. */
export class Effort {
  #steps = 0;
  #matches = 0;
  #depth = 0;
  #free = 0;
  #work = 0;

  /** A new row, whose line has so many bytes. Throws LimitExceeded when those before it took too much. */
  begin(lineSize: number): void {
    this.#work += Math.max(0, this.#steps + this.#matches - this.#free);
    if (this.#work > WORK_MAX) {
      throw new LimitExceeded(
        "template_work",
        `templates take ${this.#work} steps more than ${FREE} a row and one for each byte of its line, ` +
          `the limit template_work is ${WORK_MAX}`,
      );
    }
    this.#free = FREE + lineSize;
    this.#steps = 0;
    this.#matches = 0;
    this.#depth = 0;
  }

  step(textSize = 0): void {
    this.#count(1 + Math.floor(textSize / STEP_TEXT));
  }

  /** A function is given so much text. */
  read(textSize: number): void {
    this.#count(Math.floor(textSize / STEP_READ));
  }

  match(): void {
    this.#matches += 1;
    if (this.#matches > MATCHES_MAX) {
      throw new LimitExceeded(
        "template_matches",
        `templates find patterns more than ${MATCHES_MAX} times in one row`,
      );
    }
  }

  #count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > STEPS_MAX) {
      throw new LimitExceeded(
        "template_steps",
        `templates take more than ${STEPS_MAX} steps for one row`,
      );
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
