/**
 * Answers of queries as Loki's JSON (spec query-evaluation §8, §9), in pieces: an answer of many lines
 * is never one string of its whole size.
 */
import { formatFloat } from "../golang/float.ts";
import type { Labels } from "../model/labels.ts";
import type { MatrixSeries, QueryResult, ResultEntry, ResultStream } from "../model/result.ts";
import type { Direction, QueryAnswer } from "../ports/query-service.ts";
import { jsonLabels, jsonStreamLabels, jsonText } from "./json-text.ts";
import { jsonStats } from "./stats-json.ts";
import { warningsMember } from "./warnings.ts";

/** Characters that a piece has at least, but for the last one. */
const PIECE_CHARS = 128 * 1024;

export interface EncodeOptions {
  /** `X-Loki-Response-Encoding-Flags: categorize-labels`: say where each label came from. */
  readonly categorize?: boolean;
  /** In which the lines of each stream are, unless the query put them into another order. */
  readonly direction?: Direction;
}

/** `{"status":"success","data":{"resultType":…,"result":[…],"stats":{…}}}` */
export function* encodeAnswer(
  { result, stats, warnings, cursor }: QueryAnswer,
  options: EncodeOptions = {},
): Generator<string> {
  const warned = warnings.length === 0 ? "" : `${warningsMember(warnings)},`;
  const flags =
    options.categorize && result.kind === "streams" ? `"encodingFlags":["categorize-labels"],` : "";
  let piece = `{"status":"success",${warned}"data":{"resultType":"${result.kind}",${flags}"result":`;
  for (const part of encodeResult(result, options)) {
    piece += part;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = "";
  }
  const end = result.kind === "streams" ? "\n" : "";
  const rest = cursor === undefined ? "" : `,"cursor":${jsonText(cursor)}`;
  yield `${piece},"stats":${jsonStats(stats, entriesOf(result), warnings)}${rest}}}${end}`;
}

function* encodeResult(result: QueryResult, options: EncodeOptions): Generator<string> {
  switch (result.kind) {
    case "streams": {
      const streams = options.categorize
        ? categorized(result.streams, options.direction ?? "backward")
        : result.streams;
      yield* list(streams, (stream) => encodeStream(stream, options));
      return;
    }
    case "matrix":
      yield* list(result.series, encodeSeries);
      return;
    case "vector":
      yield* list(result.samples, ({ labels, timeMs, value }) => [
        `{"metric":${jsonLabels(labels)},"value":${point(timeMs, value)}}`,
      ]);
      return;
    case "scalar":
      // Loki prints this time in milliseconds, and only this one.
      yield `[${formatFloat(result.timeMs)},"${formatFloat(result.value)}"]`;
  }
}

function* list<T>(items: readonly T[], encode: (item: T) => Iterable<string>): Generator<string> {
  yield "[";
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ",";
    yield* encode(item);
  }
  yield "]";
}

function* encodeStream(stream: ResultStream, options: EncodeOptions): Generator<string> {
  yield `{"stream":${jsonStreamLabels(stream.labels)},"values":[`;
  let part = "";
  for (const [index, entry] of stream.entries.entries()) {
    part += `${part === "" ? "" : ","}${encodeEntry(entry, options)}`;
    if (part.length < PIECE_CHARS) continue;
    yield part;
    part = "";
    // The comma before the next entry, when there is one, is ours to write.
    if (index + 1 < stream.entries.length) yield ",";
  }
  yield `${part}]}`;
}

/** `["<ns>","line"]`, and with categories the labels of the entry's own. */
export function encodeEntry(entry: ResultEntry, { categorize }: EncodeOptions): string {
  const pair = `["${entry.time}",${jsonText(entry.line)}`;
  return categorize ? `${pair},${encodeCategories(entry)}]` : `${pair}]`;
}

function encodeCategories({ metadata = [], parsed = [] }: ResultEntry): string {
  const members: string[] = [];
  if (metadata.length > 0) members.push(`"structuredMetadata":${jsonStreamLabels(metadata)}`);
  if (parsed.length > 0) members.push(`"parsed":${jsonStreamLabels(parsed)}`);
  return `{${members.join(",")}}`;
}

/** The entries again, by the labels of their streams alone; the streams in the order of their first coming. */
function categorized(
  streams: readonly ResultStream[],
  direction: Direction,
): readonly ResultStream[] {
  const groups = new Map<string, { labels: Labels; entries: ResultEntry[] }>();
  for (const { labels, entries } of streams) {
    for (const entry of entries) {
      const own = streamLabels(labels, entry);
      const key = jsonStreamLabels(own);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { labels: own, entries: [entry] });
      else group.entries.push(entry);
    }
  }
  const sign = direction === "forward" ? 1 : -1;
  const compare = (a: ResultEntry, b: ResultEntry) =>
    a.time === b.time ? 0 : a.time < b.time ? -sign : sign;
  // Lines that the query sorted stay as they are.
  const inOrder = streams.every(({ entries }) =>
    entries.every((entry, index) => index === 0 || compare(entries[index - 1]!, entry) <= 0),
  );
  if (inOrder) for (const { entries } of groups.values()) entries.sort(compare);
  return [...groups.values()];
}

/** What is left of an entry's labels without metadata and parsed ones. */
export function streamLabels(labels: Labels, { metadata, parsed }: ResultEntry): Labels {
  const others = new Set([...(metadata ?? []), ...(parsed ?? [])].map(([name]) => name));
  return others.size === 0 ? labels : labels.filter(([name]) => !others.has(name));
}

function* encodeSeries({ labels, times, values }: MatrixSeries): Generator<string> {
  const points = times.map((timeMs, index) => point(timeMs, values[index]!));
  yield `{"metric":${jsonLabels(labels)},"values":[${points.join(",")}]}`;
}

/** `[1795410000.5,"2"]`: seconds as a number, the value as text without an exponent. */
function point(timeMs: number, value: number): string {
  return `[${formatFloat(timeMs / 1000)},"${formatFloat(value)}"]`;
}

/** Lines, samples of a matrix, or elements of a vector. */
export function entriesOf(result: QueryResult): number {
  switch (result.kind) {
    case "streams":
      return result.streams.reduce((sum, { entries }) => sum + entries.length, 0);
    case "matrix":
      return result.series.reduce((sum, { values }) => sum + values.length, 0);
    case "vector":
      return result.samples.length;
    case "scalar":
      return 0;
  }
}
