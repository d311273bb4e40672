/** Volumes as Loki's index endpoints give them: bytes by label set or by label name, largest first. */
import { compareText } from "../bytes/text.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Label, Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import type { MatrixSeries, QueryResult } from "../model/result.ts";
import { msOf, nsOf } from "../model/time.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { VolumeRequest } from "../ports/query-service.ts";

/** A label set, or a name by itself, with the bytes of the streams that have it. */
class Sum {
  readonly labels: Labels;
  bytes = 0;
  /** Printed when first wanted: of many sums few are ever looked at. */
  #name: string | undefined;

  constructor(labels: Labels, name?: string) {
    this.labels = labels;
    this.#name = name;
  }

  name(): string {
    this.#name ??= printLabels(this.labels);
    return this.#name;
  }
}

/** The sums of the sets that begin with the same labels. */
interface Branch {
  sum: Sum | undefined;
  /** Name, then value, of the label that follows. */
  next: Map<string, Map<string, Branch>> | undefined;
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
    for (const sum of rank(await ask({ start: at, end: through }), request, limits)) {
      const { labels, bytes } = sum;
      let points = series.get(sum.name());
      if (points === undefined) {
        series.set(sum.name(), (points = { labels, times: [], values: [] }));
      }
      points.times.push(msOf(at));
      points.values.push(bytes);
    }
  }
  return { kind: "matrix", series: [...series.values()] };
}

function rank(volumes: readonly StreamVolume[], request: VolumeRequest, limits: Limits): Sum[] {
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
  return largest(found, request.limit);
}

/** The first of all sums in their order: what cannot be among them any more is not sorted. */
function largest(found: readonly Sum[], count: number): Sum[] {
  const first: Sum[] = [];
  let last: Sum | undefined;
  for (const sum of found) {
    if (last !== undefined && compareSums(sum, last) >= 0) continue;
    first.push(sum);
    if (first.length < 2 * count) continue;
    first.sort(compareSums).splice(count);
    last = first.at(-1);
  }
  return first.sort(compareSums).slice(0, count);
}

/** Largest first. */
function compareSums(a: Sum, b: Sum): number {
  return b.bytes - a.bytes || compareText(a.name(), b.name());
}

/** Each label by itself. */
function byLabel(volumes: readonly StreamVolume[], { targetLabels }: VolumeRequest): Sum[] {
  const wanted = new Set(targetLabels);
  const sums = new Map<string, Sum>();
  /** The sum that was added to last at each place of a label set: mostly the next set has the same names. */
  const recent: (Sum | undefined)[] = [];
  for (const { stream, bytes } of volumes) {
    for (let at = 0; at < stream.labels.length; at++) {
      const name = stream.labels[at]![0];
      let sum = recent[at];
      if (sum?.name() !== name) {
        sum = sums.get(name);
        if (sum === undefined) sums.set(name, (sum = new Sum([[name, ""]], name)));
        recent[at] = sum;
      }
      sum.bytes += bytes;
    }
  }
  const found = [...sums.values()];
  return wanted.size === 0 ? found : found.filter((sum) => wanted.has(sum.name()));
}

/** The labels of each stream, narrowed to those asked for. */
function bySet(volumes: readonly StreamVolume[], { targetLabels, matchers }: VolumeRequest): Sum[] {
  const wanted = new Set(targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name));
  const isWanted = ([name]: Label) => wanted.size === 0 || wanted.has(name);
  const sums: Sum[] = [];
  const root: Branch = { sum: undefined, next: undefined };
  for (const { stream, bytes } of volumes) {
    let branch = root;
    for (const label of stream.labels) if (isWanted(label)) branch = step(branch, label);
    if (branch === root) continue;
    if (branch.sum === undefined) {
      sums.push((branch.sum = new Sum(labelsOf(stream.labels.filter(isWanted)))));
    }
    branch.sum.bytes += bytes;
  }
  return sums;
}

function step(from: Branch, [name, value]: Label): Branch {
  from.next ??= new Map();
  let values = from.next.get(name);
  if (values === undefined) from.next.set(name, (values = new Map()));
  let branch = values.get(value);
  if (branch === undefined) values.set(value, (branch = { sum: undefined, next: undefined }));
  return branch;
}
