/** Is a merge of blocks what sorting all entries and dropping repeats would be? */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blockOf, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { mergeBlocks, rowsWithin } from "./merge.ts";
import { sortedByTime } from "./sort.ts";

const row = fc.tuple(
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_000_000_000_012n }),
  fc.constantFrom("", "a", "b", "cc"),
  fc.array(fc.tuple(fc.constantFrom("k", "l"), fc.constantFrom("v", "w")), { maxLength: 1 }),
);

test("mergeBlocks() is a stable sort without repeats", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(row, { maxLength: 30 }), { minLength: 2, maxLength: 4 }),
      (given) => {
        const blocks = given.map((rows) => sortedByTime(blockOf(rows)));
        const { block, duplicates } = mergeBlocks(blocks);
        const all = blocks.flatMap(rowsOf);
        const want = unique(all).sort((a, b) => Number(a[0] > b[0]) - Number(a[0] < b[0]));
        assert.deepEqual(rowsOf(block), want);
        assert.equal(duplicates, all.length - want.length);
        const ascending = want.every(
          (_, at) => at === 0 || block.starts[at]! >= block.ends[at - 1]!,
        );
        if (block.scattered !== true) assert.ok(ascending, "starts ascend unless said otherwise");
      },
    ),
    { seed: 11, numRuns: 400 },
  );
});

test("mergeBlocks() keeps one of replicas, and the order of blocks for rows of one time", () => {
  const one: GivenRow[] = [
    [1n, "a"],
    [2n, "b"],
    [2n, "c"],
  ];
  const { block, duplicates } = mergeBlocks([blockOf(one), blockOf(one), blockOf(one)]);
  assert.deepEqual([rowsOf(block), duplicates, block.scattered], [one, 6, undefined]);
  const ties = mergeBlocks([blockOf([[5n, "z"]]), blockOf([[5n, "a"]]), blockOf([[4n, "x"]])]);
  assert.deepEqual(rowsOf(ties.block), [
    [4n, "x"],
    [5n, "z"],
    [5n, "a"],
  ]);
});

test("mergeBlocks() gives back a single block, and nothing of nothing", () => {
  const block = blockOf([
    [1n, "a"],
    [1n, "a"],
  ]);
  assert.equal(mergeBlocks([block]).block, block);
  assert.equal(mergeBlocks([]).block.rows, 0);
});

test("mergeBlocks() tells many lines of one time apart", () => {
  const rows = Array.from({ length: 3000 }, (_, index): GivenRow => [7n, `line ${index}`]);
  const { block, duplicates } = mergeBlocks([blockOf(rows), blockOf(rows.slice(1000))]);
  assert.deepEqual([rowsOf(block), duplicates], [rows, 2000]);
});

test("mergeBlocks() keeps apart what only looks alike: indexes of different tables, past their ends", () => {
  const left = blockOf([[1n, "a", [["k", "v"]]]]);
  const right = blockOf([
    [1n, "a", [["x", "y"]]],
    [2n, "plain"],
  ]);
  const beyond = { ...left, metadata: { ...left.metadata!, pairs: Uint32Array.of(0, 9) } };
  const { block, duplicates } = mergeBlocks([left, right, beyond]);
  assert.equal(duplicates, 0);
  assert.deepEqual(rowsOf(block), [
    [1n, "a", [["k", "v"]]],
    [1n, "a", [["x", "y"]]],
    [1n, "a", [["k", ""]]],
    [2n, "plain"],
  ]);
});

test("rowsWithin() takes the first bound and leaves the last", () => {
  const block = blockOf([
    [10n, "a"],
    [20n, "b"],
    [20n, "c"],
    [30n, "d"],
  ]);
  const given = (from: bigint, through: bigint, first: number, end: number) =>
    assert.deepEqual(rowsWithin(block, from, through), { first, end }, `${from} to ${through}`);
  given(0n, 100n, 0, 4);
  given(10n, 30n, 0, 3);
  given(20n, 21n, 1, 3);
  given(11n, 20n, 1, 1);
  given(31n, 100n, 4, 4);
  given(30n, 10n, 3, 3);
  given(-(2n ** 70n), 2n ** 70n, 0, 4);
});

function unique(rows: readonly GivenRow[]): GivenRow[] {
  const seen = new Set<string>();
  return rows.filter(([time, ...rest]) => {
    const key = JSON.stringify([String(time), ...rest]);
    return !seen.has(key) && seen.add(key);
  });
}
