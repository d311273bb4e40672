/** Known streams: what the fast path says is what labels and fingerprint say, also after all were forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamId } from "../model/block.ts";
import { KNOWN_MAX, KnownStreams } from "./known-streams.ts";
import { labelsOf } from "./labels.ts";

const LARGE = 2n ** 63n;
const MAPPED = 7n;

function given(app: string, fingerprint = LARGE): StreamId {
  return { labels: labelsOf({ app }), fingerprint };
}

test("different labels have different numbers, whatever they share", () => {
  const known = new KnownStreams();
  known.prepare(4);
  const [one, again, other, elsewhere] = [
    given("x"),
    given("x"),
    given("y"),
    given("x", LARGE + 1n),
  ];
  assert.deepEqual(
    [one, again, other, elsewhere].map((stream) => known.numberOf(stream)),
    [0, 0, 1, 2],
  );
  assert.deepEqual(
    [one, again, other, elsewhere].map((stream) => known.numberOf(stream)),
    [0, 0, 1, 2],
  );
  assert.equal(known.count, 3);
});

test("a fingerprint that may be mapped keeps no number", () => {
  const known = new KnownStreams();
  known.prepare(2);
  const stream = given("x", MAPPED);
  assert.equal(known.numberOf(stream), known.numberOf(given("x", MAPPED)));
  assert.equal(stream.known, undefined);
});

test("very many are told apart in a table that grows", () => {
  const known = new KnownStreams();
  const count = 20_000;
  known.prepare(count);
  const streams = Array.from({ length: count }, (_, at) =>
    given(`${at}`, BigInt.asUintN(64, BigInt(at % 5000) * 0x9e37_79b9_7f4a_7c15n + LARGE)),
  );
  streams.forEach((stream, at) => {
    assert.equal(known.numberOf(stream), at);
  });
  streams.forEach(({ labels, fingerprint }, at) => {
    assert.equal(known.numberOf({ labels, fingerprint }), at);
  });
});

test("too many are forgotten, and what they had is no number any more", () => {
  const known = new KnownStreams();
  const half = KNOWN_MAX / 2;
  const labels = labelsOf({ app: "x" });
  const old = Array.from({ length: half + 1 }, (_, at) => {
    return { labels, fingerprint: LARGE + (BigInt(at) << 33n) } satisfies StreamId;
  });
  known.prepare(old.length);
  for (const stream of old) known.numberOf(stream);
  known.prepare(half - 1);
  assert.deepEqual([known.count, known.numberOf(old[7]!)], [half + 1, 7], "as many as may be");
  known.prepare(half);
  assert.equal(known.count, 0);
  const { fingerprint } = old[7]!;
  const after = [given("new"), old[8]!, { labels, fingerprint }, old[7]!];
  assert.deepEqual(
    after.map((stream) => known.numberOf(stream)),
    [0, 1, 2, 2],
  );
});
