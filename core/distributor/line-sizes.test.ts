/** Lines of a push in the histogram's buckets, as if each had been observed alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PushStream } from "../model/push.ts";
import { UNMETERED } from "../ports/meter.ts";
import { observeLineSizes } from "./line-sizes.ts";

const BOUNDS = [1, 8, 64, 512, 4096, 32768, 262144, 2097152, Number.POSITIVE_INFINITY];

test("observeLineSizes() puts each size where its bound says, and keeps the sum", () => {
  const sizes = [
    0, 1, 2, 8, 9, 64, 65, 512, 513, 4096, 4097, 32768, 32769, 262144, 262145, 2097152, 3e6,
  ];
  const starts = Uint32Array.from(sizes, () => 5);
  const ends = Uint32Array.from(sizes, (size) => size + 5);
  const streams = [{ rows: { rows: sizes.length, starts, ends } }] as unknown as PushStream[];
  const counts = BOUNDS.map(() => 0);
  let sum = 0;
  observeLineSizes(
    {
      ...UNMETERED,
      observe(_, value, __, times = 1) {
        counts[BOUNDS.findIndex((bound) => value <= bound)]! += times;
        sum += value * times;
      },
    },
    streams,
  );
  const wanted = BOUNDS.map((bound, index) => {
    const below = BOUNDS[index - 1] ?? -1;
    return sizes.filter((size) => size <= bound && size > below).length;
  });
  assert.deepEqual(counts, wanted);
  assert.equal(
    sum,
    sizes.reduce((total, size) => total + size, 0),
  );
});
