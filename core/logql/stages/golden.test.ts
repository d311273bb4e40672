/** Log queries of the recorded answers, straight through compilePipeline(). */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { portableSearch } from "../../bytes/search.ts";
import { fingerprint } from "../../labels/fingerprint.ts";
import { compareLabels, labelsOf, toObject } from "../../labels/labels.ts";
import { compileMatcher, matchesAll } from "../../labels/matcher.ts";
import type { StreamBlock } from "../../model/block.ts";
import type { Matcher } from "../../model/matcher.ts";
import type { LogExpr } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parse.ts";
import { compilePipeline } from "./pipeline.ts";
import { blockOf, type TestEntry } from "./testing/blocks.ts";

const FOLDER = new URL("../../../../shared/golden/", import.meta.url);
const OPTIONS = {
  skip: hasGolden() ? false : "shared/golden is not beside the repository",
  /** A busy machine is no failure. */
  timeout: 120_000,
};

test("log queries give the recorded streams", OPTIONS, () => {
  checkAll(readAnswers("answers.json"), readCorpus({ metadata: false }));
});

test("log queries over structured metadata give the recorded streams of Loki 3", OPTIONS, () => {
  checkAll(readAnswers("answers-3x.json"), readCorpus({ metadata: true }));
});

/** What was asked of real Loki, and what it answered (shared/golden/README.md). */
interface Answer {
  readonly id: string;
  readonly group: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: unknown;
  readonly alt?: { readonly status: number; readonly body: unknown };
}

interface Streams {
  readonly stream: Record<string, string>;
  readonly values: (readonly [string, string])[];
}

function checkAll(answers: readonly Answer[], corpus: readonly StreamBlock[]): void {
  const failures: string[] = [];
  let count = 0;
  for (const answer of answers) {
    const expr = logQuery(answer);
    if (expr === undefined) continue;
    count++;
    const given = run(expr, answer, corpus);
    const wanted = [answer, ...(answer.alt ? [{ ...answer, ...answer.alt }] : [])];
    if (!wanted.some((one) => isSame(given, one))) failures.push(difference(given, answer));
  }
  assert.ok(count > 0);
  assert.deepEqual(failures, []);
}

/** The tree of a question that is a log query and parses. */
function logQuery({ path, params, body }: Answer): LogExpr | undefined {
  if (path !== "/loki/api/v1/query_range" || params.start === undefined) return undefined;
  if (typeof body === "string" && !body.includes(": stage '")) return undefined;
  const expr = parseQuery(params.query!);
  return expr.kind === "log" ? expr : undefined;
}

function run(
  expr: LogExpr,
  { params }: Answer,
  corpus: readonly StreamBlock[],
): Streams[] | string {
  const backward = params.direction !== "forward";
  const [start, end] = [params.start!, params.end!].map(
    (text) => BigInt(Date.parse(text)) * 1_000_000n,
  );
  try {
    const pipeline = compilePipeline(expr, { search: portableSearch });
    const lines = matching(corpus, expr.matchers).flatMap(({ stream, block }) => {
      const survivors = pipeline.forStream(stream).run(block, { first: 0, end: block.rows });
      return Array.from({ length: survivors.count }, (_, index) => ({
        time: survivors.time(index),
        set: survivors.labelsOf(index),
        line: survivors.line(index),
      }));
    });
    const inTime = lines.filter(({ time }) => time >= start! && time < end!);
    inTime.sort((a, b) => (backward ? -1 : 1) * (a.time < b.time ? -1 : 1));
    const chosen = inTime.slice(0, Number(params.limit ?? 100));
    const streams = new Map<object, Streams>();
    for (const { time, set, line } of chosen) {
      const stream = streams.get(set) ?? { stream: toObject(set.labels), values: [] };
      streams.set(set, stream);
      stream.values.push([String(time), line]);
    }
    return [...streams.values()];
  } catch (error) {
    return `${(error as Error).message}\n`;
  }
}

function isSame(given: Streams[] | string, answer: Pick<Answer, "body">): boolean {
  return JSON.stringify(normal(given)) === JSON.stringify(normal(wantedOf(answer)));
}

function wantedOf({ body }: Pick<Answer, "body">): Streams[] | string {
  if (typeof body === "string") return body;
  return (body as { data: { result: Streams[] } }).data.result;
}

function normal(streams: Streams[] | string): unknown {
  if (typeof streams === "string") return streams;
  const keyed = streams.map(({ stream, values }) => [
    JSON.stringify(Object.entries(stream).sort()),
    values,
  ]);
  return keyed.sort(([a], [b]) => (a! < b! ? -1 : 1));
}

function difference(given: Streams[] | string, answer: Answer): string {
  const [g, w] = [JSON.stringify(normal(given)), JSON.stringify(normal(wantedOf(answer)))];
  let at = 0;
  while (g[at] === w[at] && at < w.length) at++;
  return `${answer.id} ${answer.params.query}\n given …${g.slice(Math.max(0, at - 60), at + 120)}\n want  …${w.slice(Math.max(0, at - 60), at + 120)}`;
}

/** False where the recordings are not at hand. */
function hasGolden(): boolean {
  return existsSync(new URL("answers.json", FOLDER));
}

function readAnswers(name: "answers.json" | "answers-3x.json"): Answer[] {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Answer[];
}

/** The corpus as one block a stream. With metadata it is the corpus as Loki 3 was given it. */
function readCorpus(options: { metadata: boolean }): StreamBlock[] {
  const text = gunzipSync(readFileSync(new URL("corpus.jsonl.gz", FOLDER))).toString();
  const streams = new Map<string, { labels: Record<string, string>; entries: TestEntry[] }>();
  for (const [index, json] of text.trimEnd().split("\n").entries()) {
    const { labels, ts, line } = JSON.parse(json);
    const key = JSON.stringify(labels);
    const stream = streams.get(key) ?? { labels, entries: [] as TestEntry[] };
    streams.set(key, stream);
    const metadata = labelsOf({ request_id: `r${index % 97}`, shard: `${index % 3}` });
    stream.entries.push({ time: BigInt(ts), line, ...(options.metadata ? { metadata } : {}) });
  }
  return [...streams.values()].map(({ labels, entries }) => {
    const sorted = labelsOf(labels);
    return {
      stream: { labels: sorted, fingerprint: fingerprint(sorted) },
      block: blockOf(entries),
    };
  });
}

function matching(corpus: readonly StreamBlock[], matchers: readonly Matcher[]): StreamBlock[] {
  const compiled = matchers.map(compileMatcher);
  return corpus
    .filter(({ stream }) => matchesAll(compiled, stream.labels))
    .sort((a, b) => compareLabels(a.stream.labels, b.stream.labels));
}
