/** Volumes as Loki's index endpoints give them: bytes by label set or by label name, largest first. */
import { comparePrinted } from "../labels/compare-printed.ts";
import { printLabels } from "../labels/labels.ts";
import { numbersByValue } from "../labels/stream-numbers.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Label, Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import type { MatrixSeries, QueryResult } from "../model/result.ts";
import { msOf, nsOf } from "../model/time.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { VolumeRequest } from "../ports/query-service.ts";

/** What of a label set counts; its order stays. */
type Narrow = (labels: Labels) => Labels;

/** A label set with the bytes of the streams that have it, narrowed when that is wanted: of many sums few are. */
class Sum {
  bytes = 0;
  readonly #whole: Labels;
  readonly #narrow: Narrow;
  #labels: Labels | undefined;

  constructor(whole: Labels, narrow: Narrow) {
    this.#whole = whole;
    this.#narrow = narrow;
  }

  labels(): Labels {
    this.#labels ??= this.#narrow(this.#whole);
    return this.#labels;
  }
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
      samples: found.map((sum) => ({ labels: sum.labels(), timeMs, value: sum.bytes })),
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
      const labels = sum.labels();
      const name = printLabels(labels);
      let points = series.get(name);
      if (points === undefined) series.set(name, (points = { labels, times: [], values: [] }));
      points.times.push(msOf(at));
      points.values.push(sum.bytes);
    }
  }
  return { kind: "matrix", series: [...series.values()] };
}

function rank(volumes: readonly StreamVolume[], request: VolumeRequest, limits: Limits): Sum[] {
  const found =
    request.aggregateBy === "labels"
      ? byLabel(volumes, request)
      : bySet(volumes, request, limits.volumeMaxSeries);
  checkCount(found, limits.volumeMaxSeries);
  return largest(found, request.limit);
}

/** 0 is no limit. */
function checkCount(found: readonly Sum[], seriesMax: number): void {
  if (seriesMax <= 0 || found.length <= seriesMax) return;
  throw new LimitExceeded(
    "volume_max_series",
    `the query hit the max number of series limit (limit: ${seriesMax} series)`,
    { status: 500 },
  );
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
  return b.bytes - a.bytes || comparePrinted(a.labels(), b.labels());
}

/** Each label by itself. */
function byLabel(volumes: readonly StreamVolume[], { targetLabels }: VolumeRequest): Sum[] {
  const wanted = new Set(targetLabels);
  const sums = new Map<string, Sum>();
  /** The sum that was added to last at each place of a label set: mostly the next set has the same names. */
  const recent: ({ name: string; sum: Sum } | undefined)[] = [];
  for (const { stream, bytes } of volumes) {
    for (let at = 0; at < stream.labels.length; at++) {
      const name = stream.labels[at]![0];
      let last = recent[at];
      if (last?.name !== name) {
        let sum = sums.get(name);
        if (sum === undefined) sums.set(name, (sum = new Sum([[name, ""]], whole)));
        recent[at] = last = { name, sum };
      }
      last.sum.bytes += bytes;
    }
  }
  return [...sums].flatMap(([name, sum]) => (wanted.size === 0 || wanted.has(name) ? [sum] : []));
}

/** The labels of each stream, narrowed to those asked for. */
function bySet(
  volumes: readonly StreamVolume[],
  { targetLabels, matchers }: VolumeRequest,
  seriesMax: number,
): Sum[] {
  const wanted = new Set(targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name));
  const isWanted = ([name]: Label) => wanted.size === 0 || wanted.has(name);
  const narrow = (labels: Labels) => labels.filter(isWanted);
  const [only] = wanted;
  if (only !== undefined && wanted.size === 1) {
    return byValue(volumes, only, seriesMax);
  }
  const numbers = new SetNumbers();
  const byNumber: (Sum | undefined)[] = [];
  const sums: Sum[] = [];
  for (const { stream, bytes } of volumes) {
    let set = NO_LABELS;
    for (const label of stream.labels) if (isWanted(label)) set = numbers.with(set, label);
    if (set === NO_LABELS) continue;
    let sum = byNumber[set];
    if (sum === undefined) {
      byNumber[set] = sum = new Sum(stream.labels, narrow);
      sums.push(sum);
      // Here, too: nobody needs the rest of what will be refused.
      checkCount(sums, seriesMax);
    }
    sum.bytes += bytes;
  }
  return sums;
}

/** The same where one label alone is asked for. */
function byValue(volumes: readonly StreamVolume[], name: string, seriesMax: number): Sum[] {
  const { numbers, sets } = numbersByValue(volumes, name);
  const byNumber = new Array<Sum | undefined>(sets.length);
  const sums: Sum[] = [];
  for (let at = 0; at < volumes.length; at++) {
    const number = numbers[at]!;
    if (number < 0) continue;
    let sum = byNumber[number];
    if (sum === undefined) {
      // Not out of `sets`, which are in the order of whoever was asked first, far apart for others.
      const own = volumes[at]!.stream.labels.find((label) => label[0] === name)!;
      byNumber[number] = sum = new Sum([own], whole);
      sums.push(sum);
      checkCount(sums, seriesMax);
    }
    sum.bytes += volumes[at]!.bytes;
  }
  return sums;
}

function whole(labels: Labels): Labels {
  return labels;
}

/** The number of the set that has no labels. */
const NO_LABELS = 0;
/** More labels than there can be: a set and a label are one number below 2^53. */
const LABELS_MAX = 2 ** 26;

/** Numbers for label sets, label by label: a key of text for each stream would cost more than its sum. */
class SetNumbers {
  #sets = NO_LABELS;
  #labels = 0;
  readonly #byName = new Map<string, Map<string, number>>();
  readonly #alone: (number | undefined)[] = [];
  readonly #longer = new Map<number, number>();

  /** The set with one more label, whose name comes after those it has. */
  with(set: number, [name, value]: Label): number {
    let byValue = this.#byName.get(name);
    if (byValue === undefined) this.#byName.set(name, (byValue = new Map()));
    let label = byValue.get(value);
    if (label === undefined) byValue.set(value, (label = this.#labels++));
    if (set === NO_LABELS) {
      const alone = this.#alone[label] ?? ++this.#sets;
      this.#alone[label] = alone;
      return alone;
    }
    const key = set * LABELS_MAX + label;
    let longer = this.#longer.get(key);
    if (longer === undefined) this.#longer.set(key, (longer = ++this.#sets));
    return longer;
  }
}
