/** `absent_over_time`: 1 at each step at which nothing at all was found. */
import type { Labels } from "../../model/labels.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";

export async function* absentSeries(
  labels: Labels,
  inner: SeriesBatches,
  stepCount: number,
): AsyncGenerator<readonly Series[]> {
  const found = new Uint8Array(stepCount);
  for await (const batch of inner) {
    for (const { steps } of batch) for (const step of steps) found[step] = 1;
  }
  const points = new Points();
  found.forEach((value, step) => {
    if (value === 0) points.add(step, 1);
  });
  if (points.count > 0) yield [points.take(labels)];
}
