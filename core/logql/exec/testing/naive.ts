/** Range aggregations as their definitions read (spec query-evaluation §3.4, §4): slow, and plain to check. */
import type { Leaf } from "../../plan/scans.ts";
import type { Steps } from "../../plan/steps.ts";

export interface NaiveSample {
  readonly time: bigint;
  /** Decides ties of time. */
  readonly hash: bigint;
  readonly value: number;
}

/** The value of each step, undefined where the window has no samples. Samples of one stream are in the order they came in. */
export function naiveWindows(
  samples: readonly NaiveSample[],
  leaf: Leaf,
  steps: Steps,
): (number | undefined)[] {
  const ordered = [...samples].sort((a, b) =>
    a.time !== b.time ? (a.time < b.time ? -1 : 1) : a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0,
  );
  return Array.from({ length: steps.count }, (_, step) => {
    const end = steps.first + steps.step * BigInt(step) - leaf.offset;
    const window = ordered.filter(({ time }) => time > end - leaf.range && time <= end);
    return window.length === 0 ? undefined : naiveResult(leaf, window);
  });
}

function naiveResult({ op, parameter = 0, range }: Leaf, window: readonly NaiveSample[]): number {
  const values = window.map(({ value }) => value);
  const seconds = Number(range) / 1e9;
  switch (op) {
    case "count_over_time":
    case "bytes_over_time":
    case "sum_over_time":
    case "absent_over_time":
      return sum(values);
    case "rate":
    case "bytes_rate":
      return sum(values) / seconds;
    case "avg_over_time":
      return mean(values);
    case "min_over_time":
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a));
    case "max_over_time":
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a));
    case "stdvar_over_time":
      return variance(values);
    case "stddev_over_time":
      return Math.sqrt(variance(values));
    case "first_over_time":
      return values[0]!;
    case "last_over_time":
      return values.at(-1)!;
    case "quantile_over_time":
      return quantile(parameter, values);
    case "rate_counter":
      return rateCounter(window, seconds);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function mean(values: readonly number[]): number {
  let mean = 0;
  values.forEach((value, index) => {
    const infinite = Math.abs(mean) === Number.POSITIVE_INFINITY;
    if (infinite && (value === mean || Number.isFinite(value))) return;
    mean += value / (index + 1) - mean / (index + 1);
  });
  return mean;
}

function variance(values: readonly number[]): number {
  let [mean, squares] = [0, 0];
  values.forEach((value, index) => {
    const delta = value - mean;
    mean += delta / (index + 1);
    squares += delta * (value - mean);
  });
  return squares / values.length;
}

function quantile(q: number, values: readonly number[]): number {
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const sorted = [...values].sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (sorted.length - 1);
  const low = Math.floor(rank);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! * (1 - (rank - low)) + sorted[high]! * (rank - low);
}

function rateCounter(window: readonly NaiveSample[], seconds: number): number {
  if (window.length < 2) return 0;
  const [first, last] = [window[0]!, window.at(-1)!];
  let [lost, previous] = [0, 0];
  for (const { value } of window) {
    if (value < previous) lost += previous;
    previous = value;
  }
  const delta = last.value - first.value + lost;
  const sampled = Number(last.time - first.time) / 1000;
  const average = sampled / (window.length - 1);
  let toStart = (seconds * 1000) / 1000;
  if (delta > 0 && first.value >= 0) toStart = Math.min(toStart, (sampled * first.value) / delta);
  let extended = sampled;
  extended += toStart < 1.1 * average ? toStart : average / 2;
  extended += 0 < 1.1 * average ? 0 : average / 2;
  return (delta * (extended / sampled)) / seconds;
}
