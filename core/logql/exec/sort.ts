/** `sort` and `sort_desc` of an instant vector. NaN goes last in both; equal values go by their labels. */
import { compareLabels } from "../../labels/labels.ts";
import type { Budget } from "./budget.ts";
import { type Series, type SeriesBatches, seriesBytes } from "./series.ts";

export async function* sortSeries(
  direction: "ascending" | "descending",
  inner: SeriesBatches,
  budget: Budget,
): AsyncGenerator<readonly Series[]> {
  const all: Series[] = [];
  for await (const batch of inner) {
    for (const series of batch) {
      budget.hold(seriesBytes(series));
      all.push(series);
    }
  }
  const sign = direction === "ascending" ? 1 : -1;
  yield all.sort(
    (a, b) => order(a.values[0]!, b.values[0]!, sign) || compareLabels(a.labels, b.labels),
  );
}

function order(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -sign : sign;
}
