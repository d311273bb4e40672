/** `query` against a server: pages of lines, as logcli asks for them. */
import { compareLabels, printLabels } from "../core/labels/labels.ts";
import { isBeyond } from "../core/logql/stages/reorder.ts";
import type { Expr } from "../core/logql/syntax/ast.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { Client } from "./client.ts";
import type { Flags } from "./flags.ts";
import type { OutputEntry } from "./output.ts";
import type { WireStats } from "./query-stats.ts";
import { openStream, streamedLines } from "./query-stream.ts";
import type { Answer, Question, Remarks } from "./question.ts";
import { remark } from "./remarks.ts";
import { lastHour } from "./times.ts";
import { runtime } from "./wire/runtime.ts";
import { resultOf } from "./wire-result.ts";

export type Bounded = Question & { readonly start: bigint; readonly end: bigint };

export async function askServer(question: Question, flags: Flags): Promise<Answer> {
  const client = new Client(flags, "Query failed");
  const quiet = flags.on("quiet");
  const within = bounded(question);
  const isLines = !isMetric(question.text);
  if (question.explain !== undefined) return await askPlan(client, within, isLines);
  if (!isLines || question.at !== undefined) return await askOnce(client, within, quiet);
  return await linesOfServer(client, within, quiet);
}

/** Loki's times for a question without: the last hour. */
export function bounded(question: Question): Bounded {
  return { ...question, ...lastHour(question, runtime.clock.now()) };
}

export async function linesOfServer(
  client: Client,
  question: Bounded,
  quiet: boolean,
): Promise<Extract<Answer, { kind: "lines" }>> {
  const remarks = new Heard();
  const stream = await streamOf(client, question, quiet);
  if (stream !== undefined) {
    return { kind: "lines", lines: streamedLines(stream, remarks.warnings), remarks };
  }
  return { kind: "lines", lines: pages(client, question, remarks, quiet), remarks };
}

/** What answers say beside their data. */
class Heard implements Remarks {
  readonly warnings: string[] = [];
  readonly #stats: WireStats[] = [];

  take(body: unknown): void {
    const { warnings = [], data } = body as { warnings?: string[]; data?: { stats?: WireStats } };
    this.warnings.push(...warnings);
    if (data?.stats !== undefined) this.#stats.push(data.stats);
  }

  stats(): readonly WireStats[] {
    return this.#stats;
  }
}

export function isMetric(text: string): boolean {
  const expr = parsed(text);
  return expr !== undefined && expr.kind !== "log";
}

/** What our parser does not know, the server is left to judge: it is asked as a log query. */
function parsed(text: string): Expr | undefined {
  try {
    return parseQuery(text);
  } catch {
    return undefined;
  }
}

/**
 * A stream where pages will not do, from servers that have it: for all lines there are, for lines with
 * others around them, and for those in another order than that of time.
 */
async function streamOf(
  client: Client,
  question: Bounded,
  quiet: boolean,
): Promise<Response | undefined> {
  const { around, limit } = question;
  const expr = parsed(question.text);
  const isWhole = expr?.kind === "log" && expr.stages.some(isBeyond);
  const isNeeded = around !== undefined || isWhole;
  if (!isNeeded && Number.isFinite(limit)) return undefined;
  const params = linesParams(question);
  params.set("limit", Number.isFinite(limit) ? String(limit) : "0");
  for (const [name, count] of Object.entries(around ?? {})) params.set(name, String(count));
  try {
    const stream = await openStream(client, params, quiet);
    if (stream === undefined && isNeeded) {
      throw new Error("the server cannot do this: it has no streams of lines, as lokits has");
    }
    return stream;
  } catch (error) {
    if (isNeeded) throw error;
    // Loki wants a limit. Whatever else it was, the first page will tell.
    return undefined;
  }
}

function linesParams({ text, direction, start, end, interval, step }: Bounded): URLSearchParams {
  return new URLSearchParams({
    query: text,
    direction: direction.toUpperCase(),
    start: String(start),
    end: String(end),
    ...seconds({ interval, step }),
  });
}

/** Asks, and unless it is to be quiet says what, as logcli does. */
async function get(
  client: Client,
  path: string,
  params: URLSearchParams,
  quiet: boolean,
): Promise<unknown> {
  if (!quiet) remark(client.url(path, params));
  return await client.get(path, params);
}

async function askPlan(client: Client, question: Bounded, isLines: boolean): Promise<Answer> {
  const params = isLines ? linesParams(question) : metricParams(question);
  if (isLines && Number.isFinite(question.limit)) params.set("limit", String(question.limit));
  if (question.explain === "analyze") params.set("analyze", "true");
  params.set("format", "json");
  const body = await client.get("/loki/api/v1/explain", params);
  const { text, ...json } = (body as { data: { text: string } }).data;
  return { kind: "explanation", explanation: { text, json }, remarks: new Heard() };
}

/** Numbers; or lines of one answer, where a server takes a query of lines for one moment. */
async function askOnce(client: Client, question: Bounded, quiet: boolean): Promise<Answer> {
  const path = question.at === undefined ? "/loki/api/v1/query_range" : "/loki/api/v1/query";
  const body = await get(client, path, metricParams(question), quiet);
  const result = resultOf(body);
  const heard = new Heard();
  heard.take(body);
  if (result.kind !== "streams") return { kind: "metric", result, remarks: heard };
  const entries = entriesOf(body, question.direction === "forward");
  return { kind: "lines", lines: once(entries), remarks: heard };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** logcli sends limit and direction with all queries. */
function metricParams(question: Bounded): URLSearchParams {
  const { text, start, end, at, step, limit, batch, direction, interval } = question;
  const most = at === undefined ? Math.min(limit, batch) : limit;
  return new URLSearchParams({
    query: text,
    direction: direction.toUpperCase(),
    ...(Number.isFinite(most) && { limit: String(most) }),
    ...(at === undefined
      ? { start: String(start), end: String(end), ...seconds({ step, interval }) }
      : { time: String(at) }),
  });
}

/** Durations that were given, as seconds. */
function seconds(durations: Readonly<Record<string, bigint | undefined>>): Record<string, string> {
  const given = Object.entries(durations).filter(([, ns]) => ns !== undefined && ns > 0n);
  return Object.fromEntries(given.map(([name, ns]) => [name, String(Number(ns) / 1e9)]));
}

/**
 * Page after page. The next one begins at the time of the last line, since more lines may share it;
 * those that were printed already are left out.
 */
async function* pages(
  client: Client,
  question: Bounded,
  heard: Heard,
  quiet: boolean,
): AsyncGenerator<OutputEntry[]> {
  const forward = question.direction === "forward";
  let { start, end } = question;
  let left = question.limit;
  let edge = new Set<string>();
  let overlap = 0;
  while (left > 0) {
    const size = Math.min(question.batch, left + overlap);
    if (overlap >= size) throw overlapping(question.batch, overlap);
    const params = linesParams({ ...question, start, end });
    params.set("limit", String(size));
    const body = await get(client, "/loki/api/v1/query_range", params, quiet);
    const all = entriesOf(body, forward);
    heard.take(body);
    const fresh = all.filter((entry) => !edge.has(keyOf(entry))).slice(0, left);
    if (fresh.length > 0) yield fresh;
    left -= fresh.length;
    if (all.length < size) return;
    if (fresh.length === 0) throw overlapping(question.batch, all.length);
    const last = all.at(-1)!.time;
    if (forward) start = last;
    else end = last + 1n;
    const again = all.filter(({ time }) => time === last);
    overlap = again.length;
    edge = new Set(again.map(keyOf));
  }
}

/** logcli's words, slip included; what to do besides is ours. */
function overlapping(batch: number, lines: number): Error {
  return new Error(
    `Invalid batch size ${batch}, the next query will have ${lines} overlapping entries (lines of one time, which no page can be set between). ` +
      `Please increase your batch size to at least ${lines + 1} to account for overlapping entryes, or take all lines with --limit 0`,
  );
}

function entriesOf(body: unknown, forward: boolean): OutputEntry[] {
  const result = resultOf(body);
  if (result.kind !== "streams")
    throw new Error(`the server answered with a ${result.kind} where lines were asked for`);
  const entries = result.streams.flatMap(({ labels, entries: list }) =>
    list.map((entry) => ({ labels, ...entry })),
  );
  const sign = forward ? 1 : -1;
  return entries.sort((a, b) =>
    a.time === b.time ? compareLabels(a.labels, b.labels) : a.time < b.time ? -sign : sign,
  );
}

function keyOf({ time, line, labels }: OutputEntry): string {
  return `${time} ${printLabels(labels)} ${line}`;
}
