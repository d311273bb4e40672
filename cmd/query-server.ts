/** `query` against a server: pages of lines, as logcli asks for them. */
import { compareLabels, printLabels } from "../core/labels/labels.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { Client, resultOf } from "./client.ts";
import type { Flags } from "./flags.ts";
import type { OutputEntry } from "./output.ts";
import type { Answer, Question } from "./question.ts";
import { runtime } from "./wire/runtime.ts";

/** Lines asked for at once. */
const BATCH = 1000;
const HOUR = 3_600_000_000_000n;

export async function askServer(question: Question, flags: Flags): Promise<Answer> {
  const client = new Client(flags);
  const now = runtime.clock.now();
  const end = question.end ?? now;
  const bounded = { ...question, end, start: question.start ?? end - HOUR };
  const warnings: string[] = [];
  if (isMetric(question.text)) return await askMetric(client, bounded);
  return { kind: "lines", lines: pages(client, bounded, warnings), remarks: { warnings } };
}

type Bounded = Question & { readonly start: bigint; readonly end: bigint };

/** What our parser does not know, the server is left to judge: it is asked as a log query. */
function isMetric(text: string): boolean {
  try {
    return parseQuery(text).kind !== "log";
  } catch {
    return false;
  }
}

async function askMetric(client: Client, question: Bounded): Promise<Answer> {
  const { text, start, end, at, step } = question;
  const params = new URLSearchParams({ query: text });
  if (at !== undefined) params.set("time", String(at));
  else {
    params.set("start", String(start));
    params.set("end", String(end));
    if (step !== undefined) params.set("step", String(Number(step) / 1e9));
  }
  const path = at === undefined ? "/loki/api/v1/query_range" : "/loki/api/v1/query";
  const result = resultOf(await client.get(path, params));
  if (result.kind === "streams") throw new Error("the server answered a metric query with lines");
  return { kind: "metric", result, remarks: { warnings: [] } };
}

/**
 * Page after page. The next one begins at the time of the last line, since more lines may share it;
 * those that were printed already are left out.
 */
async function* pages(
  client: Client,
  question: Bounded,
  warnings: string[],
): AsyncGenerator<OutputEntry[]> {
  const forward = question.direction === "forward";
  let { start, end } = question;
  let left = question.limit;
  let edge = new Set<string>();
  while (left > 0) {
    const size = Math.min(BATCH, left + edge.size);
    const params = new URLSearchParams({
      query: question.text,
      direction: question.direction,
      limit: String(size),
      start: String(start),
      end: String(end),
    });
    const body = await client.get("/loki/api/v1/query_range", params);
    warnings.push(...((body as { warnings?: string[] }).warnings ?? []));
    const all = entriesOf(body, forward);
    const fresh = all.filter((entry) => !edge.has(keyOf(entry))).slice(0, left);
    if (fresh.length > 0) yield fresh;
    left -= fresh.length;
    if (all.length < size) return;
    const last = all.at(-1)!.time;
    if (fresh.length === 0) {
      throw new Error(
        `more than ${size} lines have the time ${last}: ask for a smaller part of them, or read the bucket with --store`,
      );
    }
    if (forward) start = last;
    else end = last + 1n;
    edge = new Set(all.filter(({ time }) => time === last).map(keyOf));
  }
}

function entriesOf(body: unknown, forward: boolean): OutputEntry[] {
  const result = resultOf(body);
  if (result.kind !== "streams") throw new Error(`the server answered with a ${result.kind}`);
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
