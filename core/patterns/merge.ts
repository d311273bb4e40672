/** Patterns of many streams as one answer: equal ones together, the most frequent first. */
import { compareText } from "../bytes/text.ts";
import type { PatternRequest, PatternSeries } from "../ports/patterns.ts";
import type { Cluster } from "./cluster.ts";

export interface LevelCluster {
  readonly level: string;
  readonly cluster: Cluster;
}

export function mergePatterns(
  clusters: Iterable<LevelCluster>,
  bounds: Pick<PatternRequest, "startMs" | "endMs" | "stepMs">,
): PatternSeries[] {
  const sums = new Map<string, { pattern: string; level: string; steps: Map<number, number> }>();
  for (const { level, cluster } of clusters) {
    const { pattern } = cluster;
    const key = `${level} ${pattern}`;
    const known = sums.get(key) ?? { pattern, level, steps: new Map<number, number>() };
    cluster.counts.sum(bounds, known.steps);
    if (known.steps.size > 0) sums.set(key, known);
  }
  return [...sums.values()]
    .map(({ pattern, level, steps }) => ({
      series: seriesOf(pattern, level, steps),
      total: totalOf(steps),
    }))
    .sort((a, b) => b.total - a.total || compareText(a.series.pattern, b.series.pattern))
    .map(({ series }) => series);
}

function seriesOf(pattern: string, level: string, steps: Map<number, number>): PatternSeries {
  const sorted = [...steps].sort(([a], [b]) => a - b);
  return { pattern, level, times: sorted.map(([time]) => time), counts: sorted.map(([, n]) => n) };
}

function totalOf(steps: Map<number, number>): number {
  let total = 0;
  for (const count of steps.values()) total += count;
  return total;
}
