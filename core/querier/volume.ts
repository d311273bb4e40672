/** Volumes as Loki's index endpoints give them: bytes by label set or by label name, largest first. */
import { compareText } from "../bytes/text.ts";
import { labelsKey, labelsOf, printLabels } from "../labels/labels.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import type { MatrixSeries, QueryResult } from "../model/result.ts";
import { msOf, nsOf } from "../model/time.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { VolumeRequest } from "../ports/query-service.ts";

interface Named {
  readonly name: string;
  readonly labels: Labels;
  bytes: number;
}

type Ask = (bounds: { start: bigint; end: bigint }) => Promise<readonly StreamVolume[]>;

/** A vector at the end of the time, or a matrix with a point at the start of each step. */
export async function volumeAnswer(
  request: VolumeRequest,
  limits: Limits,
  ask: Ask,
): Promise<QueryResult> {
  const { start, end, stepMs } = request;
  if (stepMs === undefined) {
    const found = rank(await ask({ start, end }), request, limits);
    const timeMs = msOf(end);
    return {
      kind: "vector",
      samples: found.map(({ labels, bytes }) => ({ labels, timeMs, value: bytes })),
    };
  }
  const series = new Map<
    string,
    { labels: Labels; times: number[]; values: number[] } & MatrixSeries
  >();
  const step = nsOf(stepMs);
  for (let at = start; at < end; at += step) {
    const through = at + step < end ? at + step - 1n : end;
    for (const { name, labels, bytes } of rank(
      await ask({ start: at, end: through }),
      request,
      limits,
    )) {
      let points = series.get(name);
      if (points === undefined) series.set(name, (points = { labels, times: [], values: [] }));
      points.times.push(msOf(at));
      points.values.push(bytes);
    }
  }
  return { kind: "matrix", series: [...series.values()] };
}

function rank(volumes: readonly StreamVolume[], request: VolumeRequest, limits: Limits): Named[] {
  const found =
    request.aggregateBy === "labels" ? byLabel(volumes, request) : bySet(volumes, request);
  const seriesMax = limits.volumeMaxSeries;
  if (seriesMax > 0 && found.length > seriesMax) {
    throw new LimitExceeded(
      "volume_max_series",
      `the query hit the max number of series limit (limit: ${seriesMax} series)`,
      { status: 500 },
    );
  }
  return found
    .sort((a, b) => b.bytes - a.bytes || compareText(a.name, b.name))
    .slice(0, request.limit);
}

/** Each label by itself. */
function byLabel(volumes: readonly StreamVolume[], { targetLabels }: VolumeRequest): Named[] {
  const wanted = new Set(targetLabels);
  const sums = new Map<string, number>();
  for (const { stream, bytes } of volumes) {
    for (const [name] of stream.labels) {
      if (wanted.size === 0 || wanted.has(name)) sums.set(name, (sums.get(name) ?? 0) + bytes);
    }
  }
  return [...sums].map(([name, bytes]) => ({ name, labels: [[name, ""]], bytes }));
}

/** The labels of each stream, narrowed to those asked for. */
function bySet(
  volumes: readonly StreamVolume[],
  { targetLabels, matchers }: VolumeRequest,
): Named[] {
  const wanted = new Set(targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name));
  const sums = new Map<string, Named>();
  for (const { stream, bytes } of volumes) {
    const labels =
      wanted.size === 0 ? stream.labels : stream.labels.filter(([name]) => wanted.has(name));
    if (labels.length === 0) continue;
    const key = labelsKey(labels);
    const known = sums.get(key);
    if (known !== undefined) {
      known.bytes += bytes;
      continue;
    }
    const set = labelsOf(labels);
    sums.set(key, { name: printLabels(set), labels: set, bytes });
  }
  return [...sums.values()];
}
