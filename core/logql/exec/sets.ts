/** `and`, `or`, `unless`: which samples are there, by signature and step (spec query-evaluation §6.2). */
import { printLabels } from "../../labels/labels.ts";
import type { SetNode } from "../plan/nodes.ts";
import type { VectorMatching } from "../syntax/ast.ts";
import type { Budget } from "./budget.ts";
import { signatureLabels } from "./grouping.ts";
import type { Sides } from "./matching.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";

export async function* combineSets(
  { op, matching }: SetNode,
  { left, right }: Sides,
  { stepCount, budget }: { stepCount: number; budget: Budget },
): AsyncGenerator<readonly Series[]> {
  const present = new Presence(matching, { stepCount, budget });
  if (op === "or") {
    for await (const batch of left) {
      present.add(batch);
      yield batch;
    }
    yield* selected(right, present, false);
  } else {
    for await (const batch of right) present.add(batch);
    yield* selected(left, present, op === "and");
  }
}

/** The samples whose signature is (or is not) present at their step. */
async function* selected(
  batches: SeriesBatches,
  present: Presence,
  wanted: boolean,
): AsyncGenerator<readonly Series[]> {
  const points = new Points();
  for await (const batch of batches) {
    const kept: Series[] = [];
    for (const series of batch) {
      const there = present.of(series);
      series.steps.forEach((step, index) => {
        if ((there?.[step] === 1) === wanted) points.add(step, series.values[index]!);
      });
      if (points.count > 0) kept.push(points.take(series.labels, series.key));
    }
    yield kept;
  }
}

class Presence {
  readonly #steps = new Map<string, Uint8Array>();
  readonly #matching: VectorMatching;
  readonly #stepCount: number;
  readonly #budget: Budget;

  constructor(
    matching: VectorMatching,
    { stepCount, budget }: { stepCount: number; budget: Budget },
  ) {
    this.#matching = matching;
    this.#stepCount = stepCount;
    this.#budget = budget;
  }

  add(batch: readonly Series[]): void {
    for (const series of batch) {
      const key = this.#signature(series);
      let there = this.#steps.get(key);
      if (there === undefined) {
        this.#budget.hold(this.#stepCount + 100);
        this.#steps.set(key, (there = new Uint8Array(this.#stepCount)));
      }
      for (const step of series.steps) there[step] = 1;
    }
  }

  /** By step, 1 where something with the series' signature was added. */
  of(series: Series): Uint8Array | undefined {
    return this.#steps.get(this.#signature(series));
  }

  #signature({ labels }: Series): string {
    return printLabels(signatureLabels(labels, this.#matching));
  }
}
