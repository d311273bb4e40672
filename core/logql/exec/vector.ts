/** Aggregations of series by labels, at each step for itself (spec query-evaluation §5). */
import { printLabels } from "../../labels/labels.ts";
import type { Labels } from "../../model/labels.ts";
import type { Grouping } from "../syntax/ast.ts";
import type { Budget } from "./budget.ts";
import { deviationFold, type Fold, maxFold, minFold, sumFold, varianceFold } from "./fold.ts";
import { groupLabels } from "./grouping.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";
import { StepStates } from "./step-states.ts";

/** Aggregations that make one number of the samples of a group. */
export type FoldingOp = keyof typeof FOLDS;

/** A mean that follows the values one by one. Other than the one over time it gives NaN for infinities. */
const vectorMeanFold: Fold = {
  width: 2,
  start: (state, at, value) => {
    state[at] = 1;
    state[at + 1] = value;
  },
  add: (state, at, value) => {
    const count = ++state[at]!;
    state[at + 1]! += (value - state[at + 1]!) / count;
  },
  join: () => {},
  result: (state, at) => state[at + 1]!,
};

const FOLDS = {
  sum: sumFold,
  avg: vectorMeanFold,
  min: minFold,
  max: maxFold,
  count: countFold(),
  stddev: deviationFold,
  stdvar: varianceFold,
  count_distinct: countFold(),
  approx_count_distinct: countFold(),
} as const satisfies Record<string, Fold>;

function countFold(): Fold {
  return {
    ...sumFold,
    start: (state, at) => {
      state[at] = 1;
    },
    add: (state, at) => {
      state[at]! += 1;
    },
  };
}

export function isFolding(op: string): op is FoldingOp {
  return Object.hasOwn(FOLDS, op);
}

interface Group {
  readonly labels: Labels;
  readonly states: StepStates;
}

/** One series a group. */
export async function* aggregate(
  op: FoldingOp,
  grouping: Grouping,
  inner: SeriesBatches,
  budget: Budget,
): SeriesBatches & AsyncGenerator<readonly Series[]> {
  const groups = new Map<string, Group>();
  const hold = (bytes: number) => budget.hold(bytes);
  const distinct =
    op === "count_distinct" || op === "approx_count_distinct" ? new Seen(hold) : undefined;
  for await (const batch of inner) {
    for (const series of batch) {
      const labels = groupLabels(series.labels, grouping);
      const key = printLabels(labels);
      let group = groups.get(key);
      if (group === undefined) {
        hold(400 + 4 * key.length);
        group = { labels, states: new StepStates(FOLDS[op], hold) };
        groups.set(key, group);
      }
      addSeries(group.states, series, distinct);
    }
  }
  const points = new Points();
  yield [...groups].map(([key, { labels, states }]) => {
    states.results(points);
    return points.take(labels, key);
  });
}

function addSeries(states: StepStates, series: Series, distinct: Seen | undefined): void {
  const { steps, values } = series;
  for (let index = 0; index < steps.length; index++) {
    if (distinct?.has(series.key, steps[index]!)) continue;
    states.add(steps[index]!, values[index]!);
  }
}

/** Which label sets were met at which steps: `label_replace` can make two series one. */
class Seen {
  readonly #steps = new Map<string, Set<number>>();
  readonly #hold: (bytes: number) => void;

  constructor(hold: (bytes: number) => void) {
    this.#hold = hold;
  }

  /** Whether it was met before; from now on it was. */
  has(key: string, step: number): boolean {
    let steps = this.#steps.get(key);
    if (steps === undefined) this.#steps.set(key, (steps = new Set()));
    if (steps.has(step)) return true;
    steps.add(step);
    this.#hold(40);
    return false;
  }
}
