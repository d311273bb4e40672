/**
 * Range aggregations over panes against their definitions, on random samples: overlapping windows,
 * gaps between them, ties of time across streams, infinities, and spans beyond what a double counts
 * in nanoseconds.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fingerprint } from "../../labels/fingerprint.ts";
import { labelsOf } from "../../labels/labels.ts";
import type { StreamId } from "../../model/block.ts";
import { NS_PER_MS } from "../../model/time.ts";
import type { Leaf } from "../plan/scans.ts";
import type { Steps } from "../plan/steps.ts";
import { LabelSet } from "../stages/label-set.ts";
import { LeafRun } from "./leaf.ts";
import { Pacer } from "./pacer.ts";
import { isClose } from "./testing/close.ts";
import { blockOf } from "./testing/memory-scanner.ts";
import { type NaiveSample, naiveWindows } from "./testing/naive.ts";

const SEED = 20231028;
const BASE = 1_700_002_800_000_000_000n;
const CLOCK = { now: () => BASE, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };

const STREAMS: readonly StreamId[] = ["a", "b", "c"].map((name) => {
  const labels = labelsOf({ stream: name });
  return { labels, fingerprint: fingerprint(labels) };
});

const RANGE_OPS = [
  "rate",
  "rate_counter",
  "count_over_time",
  "bytes_over_time",
  "bytes_rate",
  "avg_over_time",
  "sum_over_time",
  "min_over_time",
  "max_over_time",
  "stdvar_over_time",
  "stddev_over_time",
  "quantile_over_time",
  "first_over_time",
  "last_over_time",
] as const;

interface Given {
  readonly stream: number;
  /** Unit of time after BASE. */
  readonly at: number;
  readonly value: number;
}

const ordinary = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0);

function samplesOf(value: fc.Arbitrary<number>): fc.Arbitrary<Given[]> {
  return fc.array(fc.record({ stream: fc.nat(2), at: fc.integer({ min: -20, max: 120 }), value }), {
    maxLength: 60,
  });
}

const shape = fc.record({
  op: fc.constantFrom(...RANGE_OPS),
  quantile: fc.constantFrom(-1, 0, 0.1, 0.5, 0.99, 1, 1.5),
  range: fc.integer({ min: 0, max: 40 }),
  offset: fc.integer({ min: -10, max: 10 }),
  step: fc.integer({ min: 1, max: 30 }),
  count: fc.integer({ min: 1, max: 12 }),
  blockRows: fc.integer({ min: 1, max: 20 }),
});

/** Feeds the samples of one series in blocks of each stream, ordered by their first row. */
async function run(
  given: readonly Given[],
  leaf: Leaf,
  steps: Steps,
  { unit, blockRows }: { unit: bigint; blockRows: number },
): Promise<(number | undefined)[]> {
  const leafRun = new LeafRun(leaf, steps, () => {});
  const set = new LabelSet(labelsOf({ g: "x" }), new Uint8Array(1));
  const blocks = STREAMS.flatMap((stream, number) => {
    const own = given.filter((sample) => sample.stream === number).sort((a, b) => a.at - b.at);
    const pieces = [];
    for (let at = 0; at < own.length; at += blockRows) pieces.push(own.slice(at, at + blockRows));
    return pieces.map((piece) => ({ stream, piece }));
  });
  for (const { stream, piece } of blocks.sort((a, b) => a.piece[0]!.at - b.piece[0]!.at)) {
    leafRun.take(stream, blockOf(piece.map(({ at }) => entryAt(BASE + BigInt(at) * unit))), {
      count: piece.length,
      rows: Uint32Array.from(piece.keys()),
      labels: set,
      values: Float64Array.from(piece, ({ value }) => value),
    });
  }
  const results = new Array<number | undefined>(steps.count).fill(undefined);
  for await (const batch of leafRun.series(new Pacer(CLOCK))) {
    for (const series of batch) {
      series.steps.forEach((step, index) => {
        assert.equal(results[step], undefined, "a step comes once");
        results[step] = series.values[index];
      });
    }
  }
  return results;
}

function entryAt(time: bigint) {
  return { time, line: "", metadata: [] };
}

function check(unit: bigint, value: fc.Arbitrary<number>): void | Promise<void> {
  const property = fc.asyncProperty(samplesOf(value), shape, async (given, picked) => {
    const leaf: Leaf = {
      op: picked.op,
      parameter: picked.quantile,
      range: BigInt(picked.range) * unit,
      offset: BigInt(picked.offset) * unit,
    };
    const steps: Steps = { first: BASE, step: BigInt(picked.step) * unit, count: picked.count };
    const naive = [0, 1, 2].flatMap((number) =>
      given
        .filter(({ stream }) => stream === number)
        .map(({ at, value }): NaiveSample => {
          const hash = STREAMS[number]!.fingerprint;
          return { time: BASE + BigInt(at) * unit, hash, value };
        }),
    );
    const want = naiveWindows(naive, leaf, steps);
    const got = await run(given, leaf, steps, { unit, blockRows: picked.blockRows });
    got.forEach((result, step) => {
      assert.ok(
        isClose(result, want[step]),
        `${picked.op} at step ${step}: ${result}, want ${want[step]}`,
      );
    });
  });
  return fc.assert(property, { seed: SEED, numRuns: 400 });
}

test("LeafRun gives what the definitions give, milliseconds apart", () =>
  check(NS_PER_MS, ordinary));

test("LeafRun gives what the definitions give for NaN and infinities", () =>
  check(NS_PER_MS, fc.oneof(ordinary, odd)));

test("LeafRun gives what the definitions give over years", () =>
  check(NS_PER_MS * 86_400_000n * 30n, ordinary));

test("a window is open at its start and closed at its end, to the nanosecond", async () => {
  const leaf: Leaf = { op: "count_over_time", range: 10n * NS_PER_MS, offset: 0n };
  const given = (at: bigint, count: number, want: (number | undefined)[]) =>
    run(
      [{ stream: 0, at: Number(at), value: 1 }],
      leaf,
      { first: BASE, step: 10n * NS_PER_MS, count },
      {
        unit: 1n,
        blockRows: 1,
      },
    ).then((got) => assert.deepEqual(got, want, `${at}`));
  await given(0n, 2, [1, undefined]);
  await given(1n, 2, [undefined, 1]);
  await given(-10n * NS_PER_MS, 2, [undefined, undefined]);
  await given(-10n * NS_PER_MS + 1n, 2, [1, undefined]);
  await given(10n * NS_PER_MS, 2, [undefined, 1]);
  await given(10n * NS_PER_MS + 1n, 2, [undefined, undefined]);
});

test("bounds stay exact where spans no longer fit a double", async () => {
  const year = 365n * 86_400_000n * NS_PER_MS;
  const leaf: Leaf = { op: "count_over_time", range: year, offset: 0n };
  const steps: Steps = { first: BASE, step: year, count: 5 };
  for (const [at, want] of [
    [3n * year, 3],
    [3n * year + 1n, 4],
  ] as const) {
    const leafRun = new LeafRun(leaf, steps, () => {});
    const set = new LabelSet([], new Uint8Array(0));
    leafRun.take(STREAMS[0]!, blockOf([entryAt(BASE + at)]), {
      count: 1,
      rows: Uint32Array.of(0),
      labels: set,
      values: Float64Array.of(1),
    });
    for await (const [series] of leafRun.series(new Pacer(CLOCK))) {
      assert.deepEqual([...series!.steps], [want], `${at}`);
    }
  }
});
