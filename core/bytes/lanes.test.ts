/** Is the order of times by their lanes that of the numbers? */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareTimes, firstRowAt, lanesOf, timeOrder } from "./lanes.ts";

const time = fc.oneof(
  fc.bigInt({ min: -5n, max: 5n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)),
);
const RUNS = { seed: 7, numRuns: 500 };

test("compareTimes() orders as numbers do", () => {
  fc.assert(
    fc.property(time, time, (a, b) => {
      const order = compareTimes(lanesOf(BigInt64Array.of(a)), 0, lanesOf(BigInt64Array.of(b)), 0);
      assert.equal(Math.sign(order), a < b ? -1 : a > b ? 1 : 0);
    }),
    RUNS,
  );
});

test("timeOrder() is a stable sort, and undefined of what is in order", () => {
  fc.assert(
    fc.property(fc.array(time, { maxLength: 60 }), (times) => {
      const order = timeOrder(lanesOf(BigInt64Array.from(times)), times.length);
      const want = times
        .map((_, row) => row)
        .sort((a, b) => Number(times[a]! > times[b]!) - Number(times[a]! < times[b]!) || a - b);
      if (order === undefined)
        assert.deepEqual(
          want,
          times.map((_, row) => row),
        );
      else assert.deepEqual([...order], want);
      const sorted = want.map((row) => times[row]!);
      assert.equal(timeOrder(lanesOf(BigInt64Array.from(sorted)), sorted.length), undefined);
    }),
    RUNS,
  );
});

test("firstRowAt() finds the bound, also of times beyond 64 bits", () => {
  fc.assert(
    fc.property(
      fc.array(time, { maxLength: 20 }),
      fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
      time,
      (times, far, near) => {
        const sorted = BigInt64Array.from(times).sort();
        for (const bound of [far, near, ...times]) {
          const want = sorted.findIndex((value) => value >= bound);
          const got = firstRowAt(lanesOf(sorted), sorted.length, bound);
          assert.equal(got, want < 0 ? sorted.length : want);
        }
      },
    ),
    RUNS,
  );
});
