/** `| drop a, b="x"` and `| keep …` (spec logql §11). Their patterns are anchored. */
import { type CompiledMatcher, compileMatcher } from "../../labels/matcher.ts";
import type { NamesStage } from "../syntax/ast.ts";
import type { LabelBuilder } from "./label-builder.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";

const ERROR = "__error__";
const DETAILS = "__error_details__";
const PRESERVE = "__preserve_error__";

interface Choice {
  readonly name: string;
  readonly id: number;
  /** What the value must be; undefined when any will do. */
  readonly matcher: CompiledMatcher | undefined;
}

export class DropStage implements RowStage {
  readonly labelsOnly = true;
  readonly #choices: readonly Choice[];

  constructor(stage: NamesStage, names: Names) {
    this.#choices = choicesOf(stage, names);
  }

  run({ labels }: Row): boolean {
    for (const { name, id, matcher } of this.#choices) {
      if (name === ERROR) {
        if (passes(matcher, labels.error)) labels.error = "";
      } else if (name === DETAILS) {
        if (passes(matcher, labels.details)) labels.details = "";
      } else if (passes(matcher, labels.get(id) ?? "") && labels.get(id) !== undefined) {
        labels.delete(id);
      }
    }
    return true;
  }
}

export class KeepStage implements RowStage {
  readonly labelsOnly = true;
  readonly #choices: ReadonlyMap<number, readonly Choice[]>;
  readonly #preserve: number;

  constructor(stage: NamesStage, names: Names) {
    this.#choices = byId(choicesOf(stage, names));
    this.#preserve = names.id(PRESERVE);
  }

  run({ labels }: Row): boolean {
    for (const [name] of labels.base.labels) this.#judge(labels, labels.names.id(name));
    // From the end: a deleted label's place is taken by the last one, which was judged already.
    for (let slot = labels.count - 1; slot >= 0; slot--) this.#judge(labels, labels.id(slot));
    return true;
  }

  #judge(labels: LabelBuilder, id: number): void {
    if (id === this.#preserve) return;
    const value = labels.get(id);
    if (value === undefined) return;
    const choices = this.#choices.get(id);
    if (choices === undefined || !choices.some(({ matcher }) => passes(matcher, value))) {
      labels.delete(id);
    }
  }
}

function choicesOf(stage: NamesStage, names: Names): Choice[] {
  return stage.names.map(({ name, matcher }) => ({
    name,
    id: names.id(name),
    matcher: matcher === undefined ? undefined : compileMatcher(matcher),
  }));
}

function byId(choices: readonly Choice[]): Map<number, Choice[]> {
  const grouped = new Map<number, Choice[]>();
  for (const choice of choices) {
    const known = grouped.get(choice.id);
    if (known === undefined) grouped.set(choice.id, [choice]);
    else known.push(choice);
  }
  return grouped;
}

function passes(matcher: CompiledMatcher | undefined, value: string): boolean {
  return matcher === undefined || matcher.test(value);
}
