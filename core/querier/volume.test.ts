/** Volumes against their definition: bytes added up by printed label set, all of them sorted, the first taken. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { LimitExceeded } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { VolumeRequest } from "../ports/query-service.ts";
import { volumeAnswer } from "./volume.ts";

const RUNS = { seed: 20231202, numRuns: 500 };

const name = fc.constantFrom<string[]>("a", "b", "c");
const value = fc.constantFrom("x", "y", "x!", 'x"', "\u{1f600}", "\uff5e");
const volume: fc.Arbitrary<StreamVolume> = fc
  .record({
    pairs: fc.dictionary(name, value, { minKeys: 1, maxKeys: 3 }),
    bytes: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ pairs, bytes }) => ({
    stream: { labels: labelsOf(pairs), fingerprint: 0n },
    ...{ chunks: 1, entries: 1, bytes },
  }));
const volumes = fc.array(volume, { maxLength: 40 });
const names = fc.uniqueArray(name, { maxLength: 3 });
const limit = fc.integer({ min: 1, max: 12 });

test("by set: the sums of what is left of each set when only the labels asked for are kept", () => {
  fc.assert(
    fc.asyncProperty(volumes, names, limit, async (all, targetLabels, limit) => {
      const sums = new Map<string, number>();
      for (const { stream, bytes } of all) {
        const kept = stream.labels.filter(
          ([name]) => targetLabels.length === 0 || targetLabels.includes(name),
        );
        if (kept.length > 0) add(sums, printLabels(kept), bytes);
      }
      const got = await ask(all, { targetLabels, limit, aggregateBy: "series" });
      assert.deepEqual(got, ranked(sums, limit));
    }),
    RUNS,
  );
});

test("by label: the sums of all streams that have a name", () => {
  fc.assert(
    fc.asyncProperty(volumes, names, limit, async (all, targetLabels, limit) => {
      const sums = new Map<string, number>();
      for (const { stream, bytes } of all) {
        for (const [name] of stream.labels) {
          if (targetLabels.length === 0 || targetLabels.includes(name)) add(sums, name, bytes);
        }
      }
      const got = await ask(all, { targetLabels, limit, aggregateBy: "labels" });
      const wanted = ranked(sums, limit).map(([name, bytes]) => [`{${name}=""}`, bytes]);
      assert.deepEqual(got, wanted);
    }),
    RUNS,
  );
});

test("more sets than volume_max_series are refused, so many are not", async () => {
  const all = ["x", "y", "z"].map((value) => ({
    stream: { labels: labelsOf({ a: value }), fingerprint: 0n },
    ...{ chunks: 1, entries: 1, bytes: 1 },
  }));
  const request = { targetLabels: ["a"], limit: 1, aggregateBy: "series" } as const;
  assert.deepEqual(await ask(all, request, 3), [['{a="x"}', 1]]);
  await assert.rejects(ask(all, request, 2), LimitExceeded);
});

async function ask(
  all: readonly StreamVolume[],
  request: Pick<VolumeRequest, "targetLabels" | "limit" | "aggregateBy">,
  volumeMaxSeries = 0,
): Promise<[string, number][]> {
  const bounds = { start: 0n, end: 1_000_000n, matchers: [] };
  const limits = { ...DEFAULT_LIMITS, volumeMaxSeries };
  const answer = await volumeAnswer({ ...bounds, ...request }, limits, async () => all);
  assert.ok(answer.kind === "vector");
  return answer.samples.map(({ labels, value }) => [printLabels(labels), value]);
}

function add(sums: Map<string, number>, key: string, bytes: number): void {
  sums.set(key, (sums.get(key) ?? 0) + bytes);
}

/** Largest first; of equal ones the text whose UTF-8 is less. */
function ranked(sums: ReadonlyMap<string, number>, limit: number): [string, number][] {
  return [...sums].sort(([a, x], [b, y]) => y - x || compareBytes(a, b)).slice(0, limit);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
