/**
 * Text that the templates of one query make beyond what was read. Lines that shrink or stay are what
 * templates are for; a few words in one can also turn a kilobyte into gigabytes, row after row, before
 * anybody who counts memory sees one of them.
 */
import { LimitExceeded } from "../../model/errors.ts";

/** UTF-16 units of all rows together. */
const GROWTH_MAX = 2 * 1024 * 1024;

/** What a template may always make of a row, beside four times its line. */
const FREE = 1024;

export class Growth {
  #made = 0;

  /** Counts a text made of a line of `lineSize` bytes. Throws LimitExceeded when it is too much. */
  count(text: string, lineSize: number): void {
    const more = text.length - FREE - 4 * lineSize;
    if (more <= 0) return;
    this.#made += more;
    if (this.#made > GROWTH_MAX) {
      throw new LimitExceeded(
        "template_growth",
        `templates make ${this.#made} characters more than four times what they read, the limit template_growth is ${GROWTH_MAX}`,
      );
    }
  }
}
