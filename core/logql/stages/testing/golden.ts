/** The corpus and the answers that real Loki gave to questions about it (shared/golden/README.md). */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { fingerprint } from "../../../labels/fingerprint.ts";
import { compareLabels, labelsOf } from "../../../labels/labels.ts";
import { compileMatcher, matchesAll } from "../../../labels/matcher.ts";
import type { StreamBlock } from "../../../model/block.ts";
import type { Matcher } from "../../../model/matcher.ts";
import { blockOf, type TestEntry } from "./blocks.ts";

const FOLDER = new URL("../../../../../shared/golden/", import.meta.url);

export interface Answer {
  readonly id: string;
  readonly group: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: unknown;
  readonly alt?: { readonly status: number; readonly body: unknown };
}

/** False where the recordings are not at hand. */
export function hasGolden(): boolean {
  return existsSync(new URL("answers.json", FOLDER));
}

export function readAnswers(name: "answers.json" | "answers-3x.json"): Answer[] {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Answer[];
}

/** The corpus as one block a stream. With metadata it is the corpus as Loki 3 was given it. */
export function readCorpus(options: { metadata: boolean }): StreamBlock[] {
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

export function matching(
  corpus: readonly StreamBlock[],
  matchers: readonly Matcher[],
): StreamBlock[] {
  const compiled = matchers.map(compileMatcher);
  return corpus
    .filter(({ stream }) => matchesAll(compiled, stream.labels))
    .sort((a, b) => compareLabels(a.stream.labels, b.stream.labels));
}
