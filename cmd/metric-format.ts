/** How numbers are written: as logcli does, as JSON lines, or as a table for people. */
import { formatFloat } from "../core/golang/float.ts";
import { printLabels } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import type { MatrixResult, QueryResult, VectorResult } from "../core/model/result.ts";
import { escapeHtml } from "./output.ts";
import { textTable } from "./text-table.ts";

export type MetricResult = Exclude<QueryResult, { kind: "streams" }>;

/** The answer as logcli prints it: indented JSON without a newline at its end. */
export function printMetricJson(result: MetricResult): string {
  return escapeHtml(JSON.stringify(wireOf(result), null, 2));
}

function wireOf(result: MetricResult): unknown {
  const metric = (labels: Labels) => Object.fromEntries(labels);
  const point = (timeMs: number, value: number) => [timeMs / 1000, formatFloat(value)];
  switch (result.kind) {
    case "scalar":
      return point(result.timeMs, result.value);
    case "vector":
      return result.samples.map(({ labels, timeMs, value }) => {
        return { metric: metric(labels), value: point(timeMs, value) };
      });
    case "matrix":
      return result.series.map(({ labels, times, values }) => {
        const points = times.map((time, index) => point(time, values[index]!));
        return { metric: metric(labels), values: points };
      });
  }
}

/** One JSON object a line, a series or a sample each. */
export function* printMetricLines(result: MetricResult): Generator<string> {
  if (result.kind === "scalar") {
    yield JSON.stringify({
      timestamp: result.timeMs / 1000,
      value: formatFloat(result.value),
    });
  } else yield* metricLines(result);
}

/** A table with sparklines. */
export function* printMetricTable(result: MetricResult): Generator<string> {
  if (result.kind === "scalar") yield formatFloat(result.value);
  else if (result.kind === "vector") {
    const rows = result.samples.map(({ labels, value }) => [
      printLabels(labels),
      formatFloat(value),
    ]);
    yield* textTable(["series", "value"], rows);
  } else {
    const rows = result.series.map(({ labels, values }) => [
      printLabels(labels),
      sparkline(values),
      ...[Math.min(...values), Math.max(...values), values.at(-1)!].map(shortNumber),
    ]);
    yield* textTable(["series", "", "min", "max", "last"], rows);
  }
}

function* metricLines(result: MatrixResult | VectorResult): Generator<string> {
  if (result.kind === "vector") {
    for (const { labels, timeMs, value } of result.samples) {
      yield JSON.stringify({
        metric: Object.fromEntries(labels),
        value: [timeMs / 1000, formatFloat(value)],
      });
    }
    return;
  }
  for (const { labels, times, values } of result.series) {
    const points = times.map((time, index) => [time / 1000, formatFloat(values[index]!)]);
    yield JSON.stringify({ metric: Object.fromEntries(labels), values: points });
  }
}

const BARS = "▁▂▃▄▅▆▇█";
const SPARK_WIDTH = 60;

/** The course of a series in one line; of each stretch that shares a place the largest value shows. */
export function sparkline(values: readonly number[]): string {
  const width = Math.min(SPARK_WIDTH, values.length);
  const points = Array.from({ length: width }, (_, index) => {
    const from = Math.floor((index * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((index + 1) * values.length) / width));
    return Math.max(...values.slice(from, to));
  });
  const [low, high] = [Math.min(...points), Math.max(...points)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "";
  return points
    .map(
      (value) =>
        BARS[high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))],
    )
    .join("");
}

function shortNumber(value: number): string {
  return Number.isInteger(value) || !Number.isFinite(value)
    ? formatFloat(value)
    : value.toPrecision(4);
}
