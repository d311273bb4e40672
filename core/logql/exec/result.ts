/** The answer of a metric query, put together of the series of the plan's root. */
import { compareText } from "../../bytes/text.ts";
import { compareLabels } from "../../labels/labels.ts";
import { LimitExceeded } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import type { MatrixResult, MatrixSeries, VectorResult } from "../../model/result.ts";
import type { MetricPlan } from "../plan/plan.ts";
import { stepTimeMs } from "../plan/steps.ts";
import type { Budget } from "./budget.ts";
import { type Series, type SeriesBatches, seriesBytes } from "./series.ts";

/** Series by labels. Those of equal labels become one, in which times may repeat. */
export async function matrixOf(
  plan: MetricPlan,
  root: SeriesBatches,
  budget: Budget,
): Promise<MatrixResult> {
  const byKey = new Map<string, Series[]>();
  for await (const batch of root) {
    for (const series of batch) {
      if (series.steps.length === 0) continue;
      budget.hold(seriesBytes(series));
      const same = byKey.get(series.key);
      if (same !== undefined) same.push(series);
      else byKey.set(series.key, [series]);
      checkSeries(byKey.size, plan.seriesMax);
    }
  }
  const times = Array.from({ length: plan.steps.count }, (_, step) => stepTimeMs(plan.steps, step));
  const all = [...byKey].map(([key, same]) => ({ key, series: joined(same, times) }));
  all.sort(
    plan.order === "text"
      ? (a, b) => compareText(a.key, b.key)
      : (a, b) => compareLabels(a.series.labels, b.series.labels),
  );
  return { kind: "matrix", series: all.map(({ series }) => series) };
}

function joined(same: readonly Series[], times: readonly number[]): MatrixSeries {
  const [{ labels, steps, values }] = same as readonly [Series, ...Series[]];
  if (same.length === 1) {
    return { labels, times: Array.from(steps, (step) => times[step]!), values: Array.from(values) };
  }
  const points = same
    .flatMap((series) =>
      Array.from(series.steps, (step, index) => ({ step, value: series.values[index]! })),
    )
    .sort((a, b) => a.step - b.step);
  return {
    labels,
    times: points.map(({ step }) => times[step]!),
    values: points.map(({ value }) => value),
  };
}

/** The samples of the only step. Equal labels may come twice. */
export async function vectorOf(
  plan: MetricPlan,
  root: SeriesBatches,
  budget: Budget,
): Promise<VectorResult> {
  const timeMs = stepTimeMs(plan.steps, 0);
  const samples: { labels: Labels; timeMs: number; value: number }[] = [];
  for await (const batch of root) {
    for (const series of batch) {
      for (const value of series.values) samples.push({ labels: series.labels, timeMs, value });
      budget.hold(seriesBytes(series));
      checkSeries(samples.length, plan.seriesMax);
    }
  }
  if (plan.order !== "evaluation") samples.sort((a, b) => compareLabels(a.labels, b.labels));
  return { kind: "vector", samples };
}

function checkSeries(count: number, allowed: number): void {
  if (allowed > 0 && count > allowed) {
    throw new LimitExceeded(
      "max_query_series",
      `maximum of series (${allowed}) reached for a single query`,
    );
  }
}
