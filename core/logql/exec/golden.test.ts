/**
 * Asks what was asked of Loki 2.9.1 and 3.7.6 (../shared/golden, compared by its own rules), over the
 * same lines in blocks of 500 rows. Requests that need no execution, such as labels, are left out.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { portableSearch } from "../../bytes/search.ts";
import { labelsOf, toObject } from "../../labels/labels.ts";
import { BadRequest } from "../../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.ts";
import type { QueryResult } from "../../model/result.ts";
import { newScanStats } from "../../model/stats.ts";
import { parseQuery } from "../syntax/parse.ts";
import { evaluate } from "./engine.ts";
import { type HttpParams, instantParams, rangeParams } from "./testing/http-params.ts";
import { MemoryScanner, type TestEntry } from "./testing/memory-scanner.ts";

const SHARED = new URL("../../../../shared/", import.meta.url);
const CORPUS = new URL("golden/corpus.jsonl.gz", SHARED);
const NOW = BigInt(Date.parse("2026-11-23T10:00:00Z")) * 1_000_000n;
const CLOCK = { now: () => NOW, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };
const skip = existsSync(CORPUS) ? false : "../shared/golden is not here";

interface Recorded {
  readonly id: string;
  readonly group: string;
  readonly path: string;
  readonly params: HttpParams;
  readonly status: number;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

for (const [file, withMetadata] of [
  ["answers.json", false],
  ["answers-3x.json", true],
] as const) {
  const groups = skip === false ? recordedGroups(file) : new Map<string, Recorded[]>([["all", []]]);
  for (const [group, requests] of groups) {
    test(`${file}: the queries of ${group} give Loki's answers`, {
      skip,
      timeout: 60_000,
    }, async () => {
      const same = await comparison();
      const scanner = scannerOf(withMetadata);
      const failed: string[] = [];
      for (const request of requests) {
        const difference = same(request, await answer(request, scanner));
        if (difference !== null) {
          failed.push(`${request.id} ${request.params["query"]}\n   ${difference}`);
        }
      }
      const passed = requests.length - failed.length;
      assert.equal(failed.length, 0, `${passed}/${requests.length}\n${failed.join("\n")}`);
    });
  }
}

/** Requests that execute something, by what they are about. */
function recordedGroups(file: string): Map<string, Recorded[]> {
  const text = readFileSync(new URL(`golden/${file}`, SHARED), "utf8");
  const groups = new Map<string, Recorded[]>();
  for (const request of JSON.parse(text) as Recorded[]) {
    if (!/\/query(_range)?$/.test(request.path)) continue;
    groups.set(request.group, [...(groups.get(request.group) ?? []), request]);
  }
  return groups;
}

/** The rules that all of the project is compared by. */
async function comparison(): Promise<(want: Recorded, got: Answer) => string | null> {
  const module: unknown = await import(new URL("tools/compare.mjs", SHARED).href);
  return (module as { same: (want: Recorded, got: Answer) => string | null }).same;
}

const scanners = new Map<boolean, MemoryScanner>();

function scannerOf(withMetadata: boolean): MemoryScanner {
  const known = scanners.get(withMetadata);
  if (known !== undefined) return known;
  const scanner = new MemoryScanner(readCorpus(withMetadata), 500);
  scanners.set(withMetadata, scanner);
  return scanner;
}

async function answer(request: Recorded, scanner: MemoryScanner): Promise<Answer> {
  const limits: Limits = { ...DEFAULT_LIMITS, maxQueryLengthMs: 0 };
  try {
    const instant = request.path.endsWith("/query");
    const params = (instant ? instantParams : rangeParams)(request.params, NOW, limits);
    // The frontend checks the steps of log queries, too, and before it looks at the query.
    if (!instant && (params.end - params.start) / params.step > 11_000n) {
      throw new BadRequest(
        "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
      );
    }
    const expr = parseQuery(request.params["query"] ?? "");
    if (expr.kind === "log" && params.limit > limits.maxEntriesLimitPerQuery) {
      throw new BadRequest(
        `max entries limit per query exceeded, limit > max_entries_limit (${params.limit} > ${limits.maxEntriesLimitPerQuery})`,
      );
    }
    const result = await evaluate(expr, params, {
      scanner,
      search: portableSearch,
      clock: CLOCK,
      stats: newScanStats(),
    });
    return { status: 200, body: { status: "success", data: jsonOf(result) } };
  } catch (error) {
    if (!(error instanceof BadRequest)) return { status: 500, body: String(error) };
    return { status: error.status, body: error.message };
  }
}

function jsonOf(result: QueryResult): unknown {
  switch (result.kind) {
    case "streams":
      return {
        resultType: "streams",
        result: result.streams.map(({ labels, entries }) => ({
          stream: toObject(labels),
          values: entries.map(({ time, line }) => [`${time}`, line]),
        })),
      };
    case "matrix":
      return {
        resultType: "matrix",
        result: result.series.map(({ labels, times, values }) => ({
          metric: toObject(labels),
          values: times.map((timeMs, index) => [timeMs / 1000, textOf(values[index]!)]),
        })),
      };
    case "vector":
      return {
        resultType: "vector",
        result: result.samples.map(({ labels, timeMs, value }) => ({
          metric: toObject(labels),
          value: [timeMs / 1000, textOf(value)],
        })),
      };
    case "scalar":
      // Loki counts this time in milliseconds.
      return { resultType: "scalar", result: [result.timeMs, textOf(result.value)] };
  }
}

function textOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return `${value}`;
}

function readCorpus(withMetadata: boolean): TestEntry[] {
  const text = gunzipSync(readFileSync(CORPUS)).toString("utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((source, index) => {
      const { labels, ts, line } = JSON.parse(source) as {
        labels: Record<string, string>;
        ts: string;
        line: string;
      };
      // As ../shared/tools/push.mjs --meta adds it.
      const metadata = withMetadata ? { request_id: `r${index % 97}`, shard: `${index % 3}` } : {};
      return { labels: labelsOf(labels), time: BigInt(ts), line, metadata: labelsOf(metadata) };
    });
}
