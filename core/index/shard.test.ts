/** Shards: their text forms, ranges and plans, by the rules of spec §6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BadRequest } from "../model/errors.ts";
import {
  boundedShards,
  FINGERPRINT_MAX,
  linearShards,
  parseShard,
  printShard,
  rangeOf,
  shardFactor,
} from "./shard.ts";

const MIB = 1024 * 1024;

test("parseShard() reads what printShard() writes, in both forms", () => {
  const given = (text: string, want: ReturnType<typeof parseShard>) => {
    assert.deepEqual(parseShard(text), want);
    assert.equal(printShard(want), text);
  };
  given("1_of_16", { index: 1, of: 16 });
  given("0_of_2", { index: 0, of: 2 });
  given('{"bounds":{"min":1,"max":18446744073709551600},"stats":null}', {
    low: 1n,
    high: 18446744073709551600n,
  });
  given('{"bounds":{"min":0,"max":10},"stats":{"streams":0,"chunks":0,"bytes":5,"entries":0}}', {
    low: 0n,
    high: 10n,
    stats: { streams: 0, chunks: 0, bytes: 5, entries: 0 },
  });
});

test("parseShard() refuses what is no shard", () => {
  const given = (text: string) => assert.throws(() => parseShard(text), BadRequest, text);
  given("0_of_1");
  given("0_of_0");
  given("3_of_3");
  given("4_of_4");
  given("-1_of_4");
  given("1_of_4 ");
  given("");
  given("{");
  given("{}");
  given('{"bounds":{"min":2,"max":1}}');
  given('{"bounds":{"min":0,"max":18446744073709551616}}');
});

test("rangeOf() splits the fingerprints by their upper bits", () => {
  for (const parts of [1, 2, 4, 1024]) {
    let next = 0n;
    for (let index = 0; index < parts; index++) {
      const { low, high } = rangeOf({ index, of: parts });
      assert.equal(low, next);
      if (parts > 1) {
        const bits = BigInt(64 - Math.log2(parts));
        assert.deepEqual([low >> bits, high >> bits], [BigInt(index), BigInt(index)]);
      }
      next = high + 1n;
    }
    assert.equal(next, FINGERPRINT_MAX + 1n);
  }
});

test("shardFactor() is the power of two that brings shards below the size", () => {
  const given = (bytes: number, shardsMax: number, want: number) =>
    assert.equal(shardFactor(bytes, 600 * MIB, shardsMax), want, `${bytes} bytes`);
  given(0, 0, 0);
  given(600 * MIB, 0, 0);
  given(601 * MIB, 0, 2);
  given(1200 * MIB, 0, 2);
  given(1201 * MIB, 0, 4);
  given(100_000 * MIB, 32, 32);
  given(100_000 * MIB, 0, 256);
});

test("linearShards() gives even ranges, the rest to the last", () => {
  const shards = linearShards(4, 10);
  const step = FINGERPRINT_MAX / 4n;
  assert.deepEqual(
    shards.map(({ low, high, stats }) => [low, high, stats?.bytes]),
    [
      [0n, step, 2],
      [step, 2n * step, 2],
      [2n * step, 3n * step, 2],
      [3n * step, FINGERPRINT_MAX, 4],
    ],
  );
});

test("boundedShards() follows the weights", () => {
  const given = (weights: number[], target: number, want: [bigint, bigint, number][]) => {
    const series = weights.map((bytes, index) => ({
      fingerprint: BigInt(10 * (index + 1)),
      chunks: 1,
      bytes,
      entries: 1,
    }));
    assert.deepEqual(
      boundedShards(series, target).map(({ low, high, stats }) => [low, high, stats?.streams]),
      want,
    );
  };
  given([], 100, [[0n, FINGERPRINT_MAX, 0]]);
  given([50, 50, 50], 100, [
    [0n, 29n, 2],
    [30n, FINGERPRINT_MAX, 1],
  ]);
  // The first is larger than a shard, and closes its own; so does the last.
  given([300, 50, 300], 100, [
    [0n, 10n, 1],
    [11n, 29n, 1],
    [30n, FINGERPRINT_MAX, 1],
  ]);
});

test("boundedShards() covers every fingerprint once and counts every series once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { maxLength: 50 }),
      fc.integer({ min: 1, max: 2000 }),
      (weights, target) => {
        const series = weights.map((bytes, index) => ({
          fingerprint: BigInt(index * 7),
          chunks: 1,
          bytes,
          entries: 2,
        }));
        const shards = boundedShards(series, target);
        assert.equal(shards[0]!.low, 0n);
        assert.equal(shards.at(-1)!.high, FINGERPRINT_MAX);
        shards.slice(1).forEach((shard, index) => {
          assert.equal(shard.low, shards[index]!.high + 1n);
        });
        for (const { low, high, stats } of shards) {
          const inside = series.filter(
            (each) => each.fingerprint >= low && each.fingerprint <= high,
          );
          assert.equal(stats?.streams, inside.length);
          assert.equal(
            stats?.bytes,
            inside.reduce((sum, each) => sum + each.bytes, 0),
          );
        }
      },
    ),
    { seed: 20231028, numRuns: 300 },
  );
});
