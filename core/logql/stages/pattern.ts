/** `| pattern "<ip> - <user> …"` (spec logql §8.6). */
import { findBytes } from "./bytes-find.ts";
import type { Hints } from "./hints.ts";
import { wantsName } from "./hints.ts";
import { EXACT } from "./label-builder.ts";
import type { Names } from "./names.ts";
import { type PatternPart, patternParts } from "./pattern-parts.ts";
import type { Row, RowStage } from "./row.ts";

/** A capture and the literal that ends it. */
interface Step {
  /** The number of its label's name, -1 when no label is wanted of it. */
  readonly id: number;
  /** Undefined when it takes the rest of the line. */
  readonly until: Uint8Array | undefined;
}

export class PatternStage implements RowStage {
  readonly labelsOnly = false;
  /** What the line must start with. */
  readonly #head: Uint8Array;
  readonly #steps: readonly Step[];
  /** Steps after the last one that somebody wants are not made. */
  readonly #stepsWanted: number;

  /** The syntax has seen to it that two captures never meet. */
  constructor(pattern: string, hints: Hints, names: Names) {
    const parts = patternParts(pattern);
    const first = parts[0];
    this.#head = first?.kind === "literal" ? first.bytes : new Uint8Array(0);
    this.#steps = stepsOf(parts, (name) => (wantsName(hints, name) ? names.id(name) : -1));
    this.#stepsWanted = this.#steps.findLastIndex((step) => step.id >= 0) + 1;
  }

  run(row: Row): boolean {
    row.load();
    const { text, end, labels } = row;
    let at = row.start;
    if (at === end || !startsWith(text, at, end, this.#head)) return true;
    at += this.#head.length;
    for (let index = 0; index < this.#stepsWanted; index++) {
      const { id, until } = this.#steps[index]!;
      const found = until === undefined ? -1 : findBytes(text, until, at, end);
      // A literal that is not there leaves the whole rest to its capture.
      const valueEnd = found < 0 ? end : found;
      if (id >= 0) {
        if (!labels.extract(id, EXACT, at, valueEnd)) return false;
        if (labels.complete) return true;
      }
      if (found < 0) return true;
      at = found + until!.length;
    }
    return true;
  }
}

function stepsOf(parts: readonly PatternPart[], idOf: (name: string) => number): Step[] {
  const steps: Step[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.kind !== "capture") continue;
    const after = parts[index + 1];
    const until = after?.kind === "literal" ? after.bytes : undefined;
    steps.push({ id: part.name === undefined ? -1 : idOf(part.name), until });
  }
  return steps;
}

function startsWith(text: Uint8Array, start: number, end: number, head: Uint8Array): boolean {
  if (end - start < head.length) return false;
  for (let index = 0; index < head.length; index++) {
    if (text[start + index] !== head[index]) return false;
  }
  return true;
}
