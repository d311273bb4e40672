/** Searching a block at once finds what searching line by line does, and nothing between lines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portableSearch } from "../../bytes/search.ts";
import type { Block } from "../../model/block.ts";
import {
  ContainsTest,
  FoldedTest,
  FoldedTextTest,
  type LineTest,
  lowerRunes,
} from "./line-test.ts";
import { Selection } from "./selection.ts";
import { blockOf } from "./testing/blocks.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const contains = (needle: string): LineTest => new ContainsTest(portableSearch, utf8(needle));

function rowsOf(test: LineTest, block: Block, wanted = true): number[] {
  const selection = new Selection();
  selection.fill(0, block.rows);
  selection.narrow(block, test, wanted);
  return [...selection.copy()];
}

function blockOfLines(lines: readonly string[], filler: string): Block {
  return blockOf(
    lines.map((line) => ({ time: 0n, line })),
    filler,
  );
}

test("a needle between lines, or across their ends, is not found", () => {
  const given = (lines: string[], needle: string, want: number[]) =>
    assert.deepEqual(rowsOf(contains(needle), blockOfLines(lines, "ab")), want);
  given(["x", "ab", "", "b", "xab"], "ab", [1, 4]);
  given(["a", "a", "ab"], "aab", []);
  given(["xa", "b", "xaab"], "aa", [2]);
  given(["", ""], "ab", []);
});

test("a block at once is the same as line by line", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 6 });
  const lines = fc.array(text, { minLength: 1, maxLength: 40 });
  const needle = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(lines, needle, text, fc.boolean(), (rows, wanted, filler, keep) => {
      const block = blockOfLines(rows, filler);
      const found = rows.flatMap((row, index) => (row.includes(wanted) === keep ? [index] : []));
      assert.deepEqual(rowsOf(contains(wanted), block, keep), found);
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test("few rows of many are searched one by one with the same outcome", () => {
  const lines = Array.from({ length: 500 }, (_, row) => (row % 7 === 0 ? "has ab" : "has none"));
  const block = blockOfLines(lines, "ab");
  const rows = Uint32Array.from([3, 7, 250, 497]);
  const marks = new Uint8Array(rows.length);
  contains("ab").mark(block, rows, marks);
  assert.deepEqual([...marks], [0, 1, 0, 1]);
});

test("texts in any case: ASCII by bytes, others rune by rune", () => {
  const given = (test: LineTest, line: string, want: boolean) => {
    const bytes = utf8(line);
    assert.equal(test.test(bytes, 0, bytes.length), want, line);
  };
  given(new FoldedTest("ab"), "aAb", true);
  given(new FoldedTest("error1"), "ERRORQ", false);
  given(new FoldedTest("k"), "\u212a", false); // The sign of Kelvin is no ASCII letter.
  given(new FoldedTextTest("zürich"), "in ZÜRICH", true);
  given(new FoldedTextTest("ß"), "SS", false);
  assert.equal(lowerRunes("İΣ"), "İσ"); // A rune that becomes two stays, and none looks at its neighbours.
});
