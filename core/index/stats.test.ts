/** What a query would touch: shares of chunks by the rule of spec §11, and pages counted by their markers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { IndexReader } from "./reader.ts";
import { indexStats, seriesVolumes } from "./stats.ts";
import { IndexWriter } from "./writer.ts";

const RUNS = { seed: 20231028, numRuns: 300 };

test("indexStats() counts a chunk with the share of its time that is asked for", () => {
  const chunk = { fromMs: 1000, throughMs: 2000, checksum: 1, kb: 10, entries: 7 };
  const given = (fromMs: number, throughMs: number, want: number[]) => {
    for (const version of [2, 3] as const) {
      const reader = readerOf(version, [chunk]);
      const { streams, chunks, bytes, entries } = indexStats(reader, [], fromMs, throughMs);
      assert.deepEqual([streams, chunks, bytes / 1024, entries], want, `${fromMs} to ${throughMs}`);
    }
  };
  given(0, 5000, [1, 1, 10, 7]);
  given(1000, 2000, [1, 1, 10, 7]);
  given(1500, 5000, [1, 1, 5, 3]);
  given(0, 1250, [1, 1, 2, 1]);
  given(1400, 1500, [1, 1, 1, 0]);
  given(2000, 3000, [1, 1, 0, 0]);
  given(0, 1000, [0, 0, 0, 0]);
  given(2001, 3000, [0, 0, 0, 0]);
});

test("indexStats() counts a chunk of one moment wholly", () => {
  const reader = readerOf(3, [{ fromMs: 5, throughMs: 5, checksum: 1, kb: 3, entries: 2 }]);
  assert.deepEqual(indexStats(reader, [], 5, 6), {
    streams: 1,
    chunks: 1,
    bytes: 3072,
    entries: 2,
  });
});

test("indexStats() counts a stream of several files once", () => {
  const chunk = { fromMs: 1, throughMs: 2, checksum: 1, kb: 1, entries: 1 };
  const counted = new Set<bigint>();
  const all = [2, 3].map((version) =>
    indexStats(readerOf(version as 2 | 3, [chunk]), [], 0, 9, { counted }),
  );
  assert.deepEqual(
    all.map((each) => each.streams),
    [1, 0],
  );
  assert.deepEqual(
    all.map((each) => each.chunks),
    [1, 1],
  );
});

test("seriesVolumes() of a paged file agrees with adding up its chunks", () => {
  const chunk = fc.record({
    fromMs: fc.integer({ min: 1, max: 1000 }),
    spanMs: fc.integer({ min: 1, max: 100 }),
    checksum: fc.nat(),
    kb: fc.nat(5000),
    entries: fc.nat(100_000),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(chunk, { minLength: 1, maxLength: 100, selector: (each) => each.checksum }),
      fc.nat(1100),
      fc.nat(1100),
      (list, a, b) => {
        const chunks = list.map(({ spanMs, ...rest }) => ({
          ...rest,
          throughMs: rest.fromMs + spanMs,
        }));
        const [fromMs, throughMs] = [Math.min(a, b), Math.max(a, b)];
        const wanted = chunks
          .filter((each) => fromMs <= each.throughMs && throughMs > each.fromMs)
          .map((each) => {
            const inside = Math.min(each.throughMs, throughMs) - Math.max(each.fromMs, fromMs);
            const share = inside / (each.throughMs - each.fromMs);
            return [Math.floor(each.kb * share) * 1024, Math.floor(each.entries * share)] as const;
          });
        for (const version of [2, 3] as const) {
          const volumes = [...seriesVolumes(readerOf(version, chunks), [], fromMs, throughMs)];
          assert.deepEqual(
            volumes.map(({ chunks, bytes, entries }) => ({ chunks, bytes, entries })),
            wanted.length === 0
              ? []
              : [
                  {
                    chunks: wanted.length,
                    bytes: wanted.reduce((sum, [bytes]) => sum + bytes, 0),
                    entries: wanted.reduce((sum, [, entries]) => sum + entries, 0),
                  },
                ],
          );
        }
      },
    ),
    RUNS,
  );
});

function readerOf(version: 2 | 3, chunks: readonly ChunkRef[]): IndexReader {
  const writer = new IndexWriter({ version });
  writer.add([["a", "b"]], 7n, chunks);
  return IndexReader.open(writer.finish());
}
