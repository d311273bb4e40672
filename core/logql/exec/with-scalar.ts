/** A vector and a number: each sample by itself, labels unchanged. */
import type { ScalarNode } from "../plan/nodes.ts";
import { calculate, compare, isComparison } from "../syntax/arithmetic.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";

export async function* withScalar(
  node: ScalarNode,
  inner: SeriesBatches,
): AsyncGenerator<readonly Series[]> {
  const { op, bool } = node;
  for await (const batch of inner) {
    yield isComparison(op) && !bool
      ? filtered(node, batch)
      : batch.map((series) => calculated(node, series));
  }
}

function calculated({ op, scalar, side }: ScalarNode, series: Series): Series {
  const values = series.values.map((value) =>
    side === "left" ? calculate(op, scalar, value) : calculate(op, value, scalar),
  );
  return { ...series, values };
}

/** Samples for which the comparison holds. They keep the vector's value, whichever side the number is on. */
function filtered({ op, scalar, side }: ScalarNode, batch: readonly Series[]): Series[] {
  if (!isComparison(op)) return [...batch];
  const points = new Points();
  const kept: Series[] = [];
  for (const { labels, key, steps, values } of batch) {
    for (let index = 0; index < steps.length; index++) {
      const value = values[index]!;
      const holds = side === "left" ? compare(op, scalar, value) : compare(op, value, scalar);
      if (holds) points.add(steps[index]!, value);
    }
    if (points.count > 0) kept.push(points.take(labels, key));
  }
  return kept;
}
