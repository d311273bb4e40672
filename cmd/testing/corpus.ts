/** The recorded lines of shared/golden, made again by its own program; absent where shared/ is not beside the repository. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

export const SHARED = resolve(import.meta.dirname, "../../../shared");

/** Why a test that needs the recordings is skipped; false when they are there. */
export const withoutShared = existsSync(resolve(SHARED, "golden"))
  ? false
  : "shared/golden is not beside the repository";

export interface CorpusOptions {
  readonly seed: number;
  readonly lines: number;
  readonly pods: number;
  /** Seconds. */
  readonly span?: number;
  /** With the structured metadata that push.mjs --meta sends. */
  readonly meta?: boolean;
}

export const BUCKETS = resolve(SHARED, "golden/buckets");
/** Arguments that print every line of a bucket, oldest first. */
export const ALL = ["query", '{app=~".+"}', "--limit", "0", "--forward", "--output", "jsonl"];

/** What a recorded bucket holds, by its name (shared/golden/README.md). */
export function corpusOf(bucket: string): CorpusOptions {
  if (bucket.startsWith("multi-tenant")) return { seed: 4, lines: 2400, pods: 2, span: 259_200 };
  return { seed: 3, lines: 900, pods: 1, meta: bucket.startsWith("v13") };
}

/** Every entry as one comparable text, sorted: labels by name, nanoseconds, line. */
export function corpusEntries({ seed, lines, pods, span, meta = false }: CorpusOptions): string[] {
  const args = ["--seed", String(seed), "--lines", String(lines), "--pods", String(pods)];
  if (span !== undefined) args.push("--span", String(span));
  const run = spawnSync("node", [resolve(SHARED, "tools/corpus.mjs"), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return run.stdout
    .trimEnd()
    .split("\n")
    .map((text, index) => {
      const { labels, ts, line } = JSON.parse(text) as {
        labels: Record<string, string>;
        ts: string;
        line: string;
      };
      const own = meta ? { request_id: `r${index % 97}`, shard: String(index % 3) } : {};
      return entryText({ ...labels, ...own }, ts, line);
    })
    .sort();
}

/** The same of what `--output jsonl` printed. */
export function printedEntries(jsonl: string): string[] {
  return jsonl
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      const { labels, timestamp, line } = JSON.parse(text) as {
        labels: Record<string, string>;
        timestamp: string;
        line: string;
      };
      return entryText(labels, nanoseconds(timestamp), line);
    })
    .sort();
}

/** RFC 3339 as a whole number of nanoseconds. */
export function nanoseconds(timestamp: string): string {
  const [, whole, fraction = ""] = timestamp.match(/^(.*?)(?:\.(\d+))?Z$/)!;
  return String(BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
}

function entryText(labels: Record<string, string>, time: string, line: string): string {
  return JSON.stringify([Object.entries(labels).sort(), time, line]);
}
