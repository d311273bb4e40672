/** Volumes as Loki's index endpoints give them: bytes by label set or by label name, largest first. */
import { compareText } from "../bytes/text.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
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
  const byName = new Map<string, Named>();
  for (const { stream, bytes } of volumes) {
    for (const { name, labels } of namesOf(stream.labels, request)) {
      const known = byName.get(name);
      if (known !== undefined) known.bytes += bytes;
      else byName.set(name, { name, labels, bytes });
    }
  }
  const seriesMax = limits.volumeMaxSeries;
  if (seriesMax > 0 && byName.size > seriesMax) {
    throw new LimitExceeded(
      "volume_max_series",
      `the query hit the max number of series limit (limit: ${seriesMax} series)`,
      { status: 500 },
    );
  }
  return [...byName.values()]
    .sort((a, b) => b.bytes - a.bytes || compareText(a.name, b.name))
    .slice(0, request.limit);
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return labels.filter(([name]) => names.includes(name));
}

/** What a stream counts for: its labels narrowed to those asked for, or each of these by itself. */
function namesOf(labels: Labels, request: VolumeRequest): { name: string; labels: Labels }[] {
  const { targetLabels, matchers, aggregateBy } = request;
  if (aggregateBy === "labels") {
    const wanted = targetLabels.length === 0 ? labels : pick(labels, targetLabels);
    return wanted.map(([name]) => ({ name, labels: [[name, ""]] }));
  }
  const named = targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name);
  const wanted = named.length === 0 ? labels : pick(labels, named);
  if (wanted.length === 0) return [];
  const set = labelsOf(wanted);
  return [{ name: printLabels(set), labels: set }];
}
