/**
 * Selection by postings against the plain way, which tries every series: the same series must come
 * out, whatever the matchers, the bounds of time and the shard.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, labelValue, printLabels } from "../labels/labels.ts";
import { compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";
import { overlaps } from "./chunk-list.ts";
import { IndexReader } from "./reader.ts";
import { FINGERPRINT_MAX, rangeOf, type Shard } from "./shard.ts";
import { IndexWriter } from "./writer.ts";

const RUNS = { seed: 20231028, numRuns: 300 };

interface Series {
  readonly labels: Labels;
  readonly chunks: readonly ChunkRef[];
}

// Few names and values, so that matchers meet; among them what sorts oddly in UTF-16 and what a decoder may drop.
const name = fc.constantFrom("a", "b", "c", "app", "z\u{10000}", "z\uffee");
const value = fc.constantFrom(
  "x",
  "y",
  "xy",
  "x|y",
  "1.5",
  "é",
  "\u{1f600}",
  "\uff5e",
  "\ufeffx",
  "w",
);
const labels = fc
  .dictionary(name, value, { maxKeys: 4 })
  .map((pairs) => labelsOf(Object.entries(pairs)));
const chunk = fc
  .record({
    fromMs: fc.integer({ min: 1, max: 200 }),
    spanMs: fc.integer({ min: 0, max: 40 }),
    checksum: fc.integer({ min: 0, max: 0xffffffff }),
    kb: fc.integer({ min: 0, max: 5000 }),
    entries: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ spanMs, ...rest }) => ({ ...rest, throughMs: rest.fromMs + spanMs }));
const series = fc.uniqueArray(
  fc.record({ labels, chunks: fc.array(chunk, { minLength: 1, maxLength: 6 }) }),
  { maxLength: 30, selector: (each) => printLabels(each.labels) },
);
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({
    name,
    op: fc.constantFrom("=" as const, "!=" as const),
    value: fc.oneof(value, fc.constant("")),
  }),
  fc.record({
    name,
    op: fc.constantFrom("=~" as const, "!~" as const),
    value: fc.constantFrom(
      ".*",
      ".+",
      "",
      "x",
      "x|y",
      "x\\|y|w",
      "1\\.5|é",
      "x.*",
      "(x|y)",
      "|x",
      "(?i)X",
      "[^x]+",
      "x||y",
      "nope|\u{1f600}",
    ),
  }),
);
const shard = fc
  .tuple(fc.constantFrom(1, 2, 4, 8), fc.nat(7))
  .map(([of, index]) => ({ of, index: index % of }));

test("series() gives what a filter over all series gives", () => {
  fc.assert(
    fc.property(
      series,
      fc.array(matcher, { maxLength: 4 }),
      fc.integer({ min: 0, max: 250 }),
      fc.integer({ min: 0, max: 100 }),
      shard,
      fc.constantFrom(2 as const, 3 as const),
      (all, matchers, fromMs, spanMs, part, version) => {
        const window = { fromMs, throughMs: fromMs + spanMs };
        const compiled = matchers.map(compileMatcher);
        const reader = IndexReader.open(indexOf(all, version));
        const wanted = all
          .filter((each) => matchesAll(compiled, each.labels) && inShard(each.labels, part))
          .map(({ labels, chunks }) => ({
            text: printLabels(labels),
            chunks: chunks.filter((each) => overlaps(each, window)).map((each) => each.checksum),
          }))
          .filter((each) => each.chunks.length > 0);
        const options = { shard: part };
        const got = [...reader.series(compiled, window.fromMs, window.throughMs, options)].map(
          ({ labels, chunks }) => ({
            text: printLabels(labels),
            chunks: chunks.map((each) => each.checksum),
          }),
        );
        assert.deepEqual(sorted(got), sorted(wanted));
      },
    ),
    RUNS,
  );
});

test("labelNames() and labelValues() give what matching series have", () => {
  fc.assert(
    fc.property(series, fc.array(matcher, { maxLength: 3 }), name, (all, matchers, wantedName) => {
      const compiled = matchers.map(compileMatcher);
      const reader = IndexReader.open(indexOf(all, 3));
      const matching = all.filter((each) => matchesAll(compiled, each.labels));
      assert.deepEqual(
        new Set(reader.labelNames(compiled)),
        new Set(matching.flatMap((each) => each.labels.map(([name]) => name))),
      );
      const values = matching.map((each) => labelValue(each.labels, wantedName));
      assert.deepEqual(
        new Set(reader.labelValues(wantedName, compiled)),
        new Set(values.filter((each) => each !== "")),
      );
    }),
    RUNS,
  );
});

test("a matcher left for the candidates gives what a scan gives", () => {
  // One app has few of many pods: only those few are tried.
  const all = Array.from({ length: 500 }, (_, index) => ({
    labels: labelsOf({ app: `app-${index % 100}`, pod: `pod-${index}` }),
    chunks: [{ fromMs: 1, throughMs: 2, checksum: index, kb: 1, entries: 1 }],
  }));
  const reader = IndexReader.open(indexOf(all, 2));
  const given = (matchers: Matcher[], want: number[]) => {
    const compiled = matchers.map(compileMatcher);
    const got = [...reader.series(compiled, 0, 10)].map((each) => each.chunks[0]!.checksum);
    assert.deepEqual(
      got.sort((a, b) => a - b),
      want,
    );
  };
  const app: Matcher = { name: "app", op: "=", value: "app-7" };
  given([app, { name: "pod", op: "=~", value: "pod-[12]07" }], [107, 207]);
  given([app, { name: "pod", op: "!~", value: "pod-[12]?07|pod-7" }], [307, 407]);
  given(
    [app, { name: "pod", op: "!=", value: "" }, { name: "nope", op: "=", value: "" }],
    [7, 107, 207, 307, 407],
  );
});

test("a shard of a large file is found through the table of fingerprints", () => {
  const all = Array.from({ length: 5000 }, (_, index) => ({
    labels: labelsOf({ pod: `pod-${index}` }),
    chunks: [{ fromMs: 1, throughMs: 2, checksum: index, kb: 1, entries: 1 }],
  }));
  const reader = IndexReader.open(indexOf(all, 3));
  const hashes = all.map((each) => fingerprint(each.labels));
  assert.equal(reader.seriesCount(), 5000);
  for (const parts of [1, 2, 16, 64]) {
    let count = 0;
    for (let index = 0; index < parts; index++) {
      const { low, high } = rangeOf({ index, of: parts });
      const wanted = hashes.filter((hash) => hash >= low && hash <= high).length;
      const got = [...reader.series([], 0, 10, { shard: { index, of: parts } })].length;
      assert.equal(got, wanted, `${index}_of_${parts}`);
      count += got;
    }
    assert.equal(count, 5000);
  }
  const high = hashes[42]!;
  const one = [...reader.series([], 0, 10, { shard: { low: high, high } })];
  assert.deepEqual(
    one.map((each) => each.fingerprint),
    [high],
  );
  assert.equal(
    [...reader.series([], 0, 10, { shard: { low: 0n, high: FINGERPRINT_MAX } })].length,
    5000,
  );
});

function indexOf(all: readonly Series[], version: 2 | 3): Uint8Array {
  const writer = new IndexWriter({ version });
  for (const { labels, chunks } of all) writer.add(labels, fingerprint(labels), chunks);
  return writer.finish();
}

function inShard(labels: Labels, shard: Shard): boolean {
  const { low, high } = rangeOf(shard);
  const hash = fingerprint(labels);
  return hash >= low && hash <= high;
}

/** Series by labels, their chunks by checksum, repeats (which an index drops) left out. */
function sorted(list: { text: string; chunks: number[] }[]) {
  return list
    .map(({ text, chunks }) => ({ text, chunks: [...new Set(chunks)].sort((a, b) => a - b) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}
