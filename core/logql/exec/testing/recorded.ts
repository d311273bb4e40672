/** What real Loki answered to questions about the corpus of ../shared/golden, and its rules of comparison. */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { labelsOf, toObject } from "../../../labels/labels.ts";
import type { QueryResult } from "../../../model/result.ts";
import type { HttpParams } from "./http-params.ts";
import type { TestEntry } from "./memory-scanner.ts";

const SHARED = new URL("../../../../../shared/", import.meta.url);
const CORPUS = new URL("golden/corpus.jsonl.gz", SHARED);

/** When the questions were asked, Unix nanoseconds. */
export const ASKED_AT = BigInt(Date.parse("2026-11-23T10:00:00Z")) * 1_000_000n;

/** Why the recordings cannot be compared, or false when they are at hand. */
export const skip = existsSync(CORPUS) ? false : "../shared/golden is not here";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Recorded extends Answer {
  readonly id: string;
  readonly group: string;
  readonly path: string;
  readonly params: HttpParams;
}

/** Requests that execute something, by what they are about. Without recordings, one empty group. */
export function recordedGroups(file: "answers.json" | "answers-3x.json"): Map<string, Recorded[]> {
  const groups = new Map<string, Recorded[]>();
  if (skip !== false) return groups.set("all", []);
  const text = readFileSync(new URL(`golden/${file}`, SHARED), "utf8");
  for (const request of JSON.parse(text) as Recorded[]) {
    if (!/\/query(_range)?$/.test(request.path)) continue;
    groups.set(request.group, [...(groups.get(request.group) ?? []), request]);
  }
  return groups;
}

/** The rules that all of the project is compared by: null, or what differs. */
export async function comparison(): Promise<(want: Recorded, got: Answer) => string | null> {
  const module: unknown = await import(new URL("tools/compare.mjs", SHARED).href);
  return (module as { same: (want: Recorded, got: Answer) => string | null }).same;
}

/** A result as the HTTP API writes it, as far as it is compared. */
export function jsonOf(result: QueryResult): unknown {
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

/** The lines of the corpus in the order in which they were pushed. */
export function readCorpus(withMetadata: boolean): TestEntry[] {
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
