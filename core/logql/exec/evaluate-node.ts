/** Runs the tree of a metric plan: each node's series from those of the nodes below it. */
import { byName, printLabels } from "../../labels/labels.ts";
import type { AggregateNode, VectorNode } from "../plan/nodes.ts";
import { absentSeries } from "./absent.ts";
import type { Budget } from "./budget.ts";
import { replaceLabels } from "./label-replace.ts";
import type { LeafRun } from "./leaf.ts";
import { matchSeries } from "./matching.ts";
import type { Pacer } from "./pacer.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";
import { combineSets } from "./sets.ts";
import { sortSeries } from "./sort.ts";
import { topSeries } from "./top.ts";
import { aggregate } from "./vector.ts";
import { withScalar } from "./with-scalar.ts";

export interface Evaluation {
  readonly leaves: readonly LeafRun[];
  readonly stepCount: number;
  readonly instant: boolean;
  readonly budget: Budget;
  readonly pacer: Pacer;
}

export function evaluateNode(node: VectorNode, evaluation: Evaluation): SeriesBatches {
  const { stepCount } = evaluation;
  const inner = (below: VectorNode) => evaluateNode(below, evaluation);
  switch (node.kind) {
    case "leaf":
      return evaluation.leaves[node.leaf]!.series(evaluation.pacer);
    case "absent":
      return absentSeries(
        node.labels,
        evaluation.leaves[node.leaf]!.series(evaluation.pacer),
        stepCount,
      );
    case "aggregate":
      return aggregateNode(node, inner(node.inner), evaluation);
    case "scalar":
      return withScalar(node, inner(node.inner));
    case "match":
      return matchSeries(node, { left: inner(node.left), right: inner(node.right) }, evaluation);
    case "set":
      return combineSets(node, { left: inner(node.left), right: inner(node.right) }, evaluation);
    case "label-replace":
      return replaceLabels(node, inner(node.inner), evaluation);
    case "vector":
      return constantSeries(node.value, stepCount);
    case "variants":
      return variantSeries(node.variants.map(inner));
  }
}

function aggregateNode(
  { op, parameter = 0, grouping }: AggregateNode,
  inner: SeriesBatches,
  { instant, budget }: Evaluation,
): SeriesBatches {
  switch (op) {
    case "topk":
    case "approx_topk":
      return topSeries({ size: parameter, best: "largest", grouping }, inner, budget);
    case "bottomk":
      return topSeries({ size: parameter, best: "smallest", grouping }, inner, budget);
    case "sort":
    case "sort_desc":
      // The series of a range answer are put in the order of their labels, so sorting has no effect.
      if (!instant) return inner;
      return sortSeries(op === "sort" ? "ascending" : "descending", inner, budget);
    default:
      return aggregate(op, grouping, inner, budget);
  }
}

/** `vector(s)`: s at every step, without labels. */
export async function* constantSeries(
  value: number,
  stepCount: number,
): AsyncGenerator<readonly Series[]> {
  const points = new Points();
  for (let step = 0; step < stepCount; step++) points.add(step, value);
  yield [points.take([])];
}

async function* variantSeries(
  variants: readonly SeriesBatches[],
): AsyncGenerator<readonly Series[]> {
  for (const [index, variant] of variants.entries()) {
    for await (const batch of variant) {
      yield batch.map((series) => {
        const others = series.labels.filter(([name]) => name !== VARIANT);
        const labels = [...others, [VARIANT, `${index}`] as const].sort(byName);
        return { ...series, labels, key: printLabels(labels) };
      });
    }
  }
}

const VARIANT = "__variant__";
