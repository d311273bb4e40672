/** `| regexp "(?P<name>…)"`: labels from the named groups of the leftmost match (spec logql §8.5). */
import { compileRegex, type Regex } from "../../regex/regex.ts";
import type { Hints } from "./hints.ts";
import { wantsName } from "./hints.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";

export class RegexpStage implements RowStage {
  readonly labelsOnly = false;
  readonly #regex: Regex;
  /** By group, the number of its label's name; -1 for groups that nobody asks for. */
  readonly #ids: readonly number[];
  readonly #isIdle: boolean;

  constructor(pattern: string, hints: Hints, names: Names) {
    this.#regex = compileRegex(pattern);
    this.#ids = this.#regex.groupNames.map((name) =>
      name !== "" && wantsName(hints, name) ? names.id(name) : -1,
    );
    this.#isIdle = this.#ids.every((id) => id < 0);
  }

  run(row: Row): boolean {
    if (this.#isIdle) return true;
    row.load();
    if (!this.#regex.testBytes(row.text, row.start, row.end)) return true;
    const groups = this.#regex.exec(row.line);
    if (groups === undefined) return true;
    for (let group = 1; group < this.#ids.length; group++) {
      const id = this.#ids[group]!;
      // A group that took no part gives an empty label all the same.
      if (id >= 0 && !row.labels.extractText(id, groups[group] ?? "")) return false;
    }
    return true;
  }
}
