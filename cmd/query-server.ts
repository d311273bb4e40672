/** `query` against a server: numbers and plans at once, lines in pages or as one stream. */
import { isBeyond } from "../core/logql/stages/reorder.ts";
import type { Expr } from "../core/logql/syntax/ast.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { Client } from "./client.ts";
import type { Flags } from "./flags.ts";
import {
  type Bounded,
  entriesOf,
  get,
  Heard,
  linesParams,
  page,
  pages,
  seconds,
} from "./query-pages.ts";
import { openStream, streamedLines } from "./query-stream.ts";
import type { Answer, Question } from "./question.ts";
import { lastHour } from "./times.ts";
import { runtime } from "./wire/runtime.ts";
import { resultOf } from "./wire-result.ts";

export async function askServer(question: Question, flags: Flags): Promise<Answer> {
  const client = new Client(flags, "Query failed");
  const quiet = flags.on("quiet");
  const within = bounded(question);
  const isLines = !isMetric(question.text);
  if (question.explain !== undefined) return await askPlan(client, within, isLines);
  if (!isLines || question.at !== undefined) return await askOnce(client, within, quiet);
  const isKnown = parsed(question.text) !== undefined;
  const { around, limit } = within;
  if (isKnown || around !== undefined || !Number.isFinite(limit))
    return await linesOfServer(client, within, quiet);
  const first = await page(client, within, { quiet });
  if (resultOf(first).kind !== "streams") return answerOf(first, within);
  const heard = new Heard();
  return { kind: "lines", lines: pages(client, within, { heard, quiet, first }), remarks: heard };
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
  return { kind: "lines", lines: pages(client, question, { heard: remarks, quiet }), remarks };
}

export function isMetric(text: string): boolean {
  const expr = parsed(text);
  return expr !== undefined && expr.kind !== "log";
}

/** What our parser does not know, the server is left to judge: it is asked as for lines, and may give numbers. */
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
  return answerOf(body, question);
}

function answerOf(body: unknown, { direction }: Bounded): Answer {
  const result = resultOf(body);
  const heard = new Heard();
  heard.take(body);
  if (result.kind !== "streams") return { kind: "metric", result, remarks: heard };
  return { kind: "lines", lines: once(entriesOf(body, direction === "forward")), remarks: heard };
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
