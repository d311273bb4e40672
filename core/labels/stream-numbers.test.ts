/** Numbers of streams against their definition: a number for each text of labels, in the order of its first coming. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StreamId } from "../model/block.ts";
import { KNOWN_MAX } from "./known-streams.ts";
import { labelsOf, labelValue, printLabels } from "./labels.ts";
import {
  distinctStreams,
  numbersByLabels,
  numbersByPlace,
  numbersByValue,
} from "./stream-numbers.ts";

const RUNS = { seed: 20231203, numRuns: 500 };

const sets = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("x", "y", "z"));
/** Few, so that they collide; some are near to one another, some are small as those of a mapping. */
const HASHES = [2n ** 63n, 2n ** 63n + 1n, 2n ** 40n, 2n ** 40n + 2n ** 20n];
const MAPPED = [0n, 1n, 7n];

/** Streams whose fingerprint is that of their labels; objects are shared by some lists and not by others. */
function lists(fingerprintOf: (labels: string) => bigint) {
  const pool = new Map<string, StreamId>();
  const stream = fc.tuple(sets, fc.boolean()).map(([pairs, isShared]): StreamId => {
    const labels = labelsOf(pairs);
    const text = printLabels(labels);
    const made = { labels, fingerprint: fingerprintOf(text) };
    const shared = pool.get(text) ?? made;
    pool.set(text, shared);
    return isShared ? shared : made;
  });
  return fc.array(fc.array(stream, { maxLength: 20 }), { maxLength: 4 });
}

const pick = (from: readonly bigint[]) => (text: string) => from[text.length % from.length]!;

test("streams are the same by labels, whatever else shares their fingerprint", () => {
  for (const from of [HASHES, MAPPED, [...HASHES, ...MAPPED]]) {
    const property = fc.property(lists(pick(from)), (given) => {
      const wanted = defined(given, ({ labels }) => printLabels(labels));
      // Twice, since what was found equal is remembered.
      assert.deepEqual(plain(numbersByLabels(given)), wanted);
      assert.deepEqual(plain(numbersByLabels(given.toReversed()).toReversed()), backward(given));
      assert.deepEqual(plain(numbersByLabels(given)), wanted);
      const texts = distinctStreams(given).map(({ labels }) => printLabels(labels));
      assert.deepEqual(texts, [...new Set(given.flat().map(({ labels }) => printLabels(labels)))]);
    });
    fc.assert(property, RUNS);
  }
});

test("by place they are the same by labels and fingerprint", () => {
  let next = 0;
  const any = (from: readonly bigint[]) => () => from[next++ % from.length]!;
  for (const from of [HASHES, MAPPED, [...HASHES, ...MAPPED]]) {
    const property = fc.property(lists(any(from)), (given) => {
      const key = ({ labels, fingerprint }: StreamId) => `${fingerprint} ${printLabels(labels)}`;
      assert.deepEqual(plain(numbersByPlace(given)), defined(given, key));
    });
    fc.assert(property, RUNS);
  }
});

test("a mapped fingerprint in one source is the stream of another all the same", () => {
  const labels = () => labelsOf({ app: "x" });
  const given = [
    [{ labels: labels(), fingerprint: 1n }],
    [{ labels: labels(), fingerprint: 2n ** 50n }],
  ];
  assert.deepEqual(plain(numbersByLabels(given)), [[0], [0]]);
  assert.deepEqual(plain(numbersByPlace(given)), [[0], [1]]);
});

test("a value's number stands for it, whatever streams and names were asked for before", () => {
  // One more name than are remembered.
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  for (const from of [HASHES, MAPPED]) {
    const property = fc.property(lists(pick(from)), fc.array(name), (given, names) => {
      for (const list of given) {
        for (const each of names) {
          const streams = list.map((stream) => ({ stream }));
          const { numbers, sets } = numbersByValue(streams, each);
          assert.equal(new Set(sets.map(printLabels)).size, sets.length);
          list.forEach(({ labels }, at) => {
            const own = labelsOf({ [each]: labelValue(labels, each) });
            assert.deepEqual(sets[numbers[at]!] ?? [], own);
          });
        }
      }
    });
    fc.assert(property, RUNS);
  }
});

test("values are told apart after all streams were forgotten", () => {
  const many = (first: number) =>
    Array.from({ length: KNOWN_MAX / 2 + 1 }, (_, at) => {
      const fingerprint = 2n ** 63n + (BigInt(first + at) << 33n);
      return { stream: { labels: labelsOf({ a: `${(first + at) % 1000}` }), fingerprint } };
    });
  for (const first of [0, 7, 1_000_000]) {
    const list = many(first);
    const { numbers, sets } = numbersByValue(list, "a");
    const isOwn = ({ stream }: (typeof list)[number], at: number) =>
      sets[numbers[at]!]![0]![1] === stream.labels[0]![1];
    assert.ok(list.every(isOwn));
  }
});

function defined(given: readonly (readonly StreamId[])[], keyOf: (stream: StreamId) => string) {
  const known = new Map<string, number>();
  return given.map((list) =>
    list.map((stream) => {
      const key = keyOf(stream);
      if (!known.has(key)) known.set(key, known.size);
      return known.get(key)!;
    }),
  );
}

function backward(given: readonly (readonly StreamId[])[]) {
  return defined(given.toReversed(), ({ labels }) => printLabels(labels)).toReversed();
}

function plain(numbers: readonly Uint32Array[]): number[][] {
  return numbers.map((list) => [...list]);
}
