/** Does a head keep what a plain list of entries would keep, in any order of arrival? */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blockOf, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { utf8 } from "../bytes/text.ts";
import { HeadBlock } from "./head.ts";
import { BLOCK_SIZE, type WrittenFormat } from "./layout.ts";
import { splitRows } from "./rows.ts";
import { SymbolTable } from "./symbols.ts";

/** Few times, lines and symbols, so that ties and repeats are common. */
const row = fc.tuple(
  fc.oneof(
    fc.bigInt({ min: -3n, max: 12n }),
    fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_000_000_000_009n }),
    fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, 2n ** 32n - 1n),
  ),
  fc.oneof(fc.constantFrom("", "a", "b", "aé"), fc.string({ maxLength: 100 })),
  fc.array(fc.tuple(fc.constantFrom("k", "l"), fc.constantFrom("v", "w", "")), { maxLength: 2 }),
);

for (const format of [3, 4] as const) {
  test(`a head of format ${format} holds what a list would, and its payload the same`, () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), (rows) => {
        const { head, symbols } = headOf(format, rows);
        const want = naive(format, rows);
        assert.deepEqual(rowsOf(head.block()), want);
        assert.equal(head.rows, want.length);
        const sizes = want.map(([, line, pairs = []]) => utf8(line).length + 8 * pairs.length);
        assert.equal(
          head.size,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        if (want.length > 0) {
          assert.deepEqual([head.minTime, head.maxTime], [want[0]![0], want.at(-1)![0]]);
        }
        const tail = format === 4 ? "sized-pairs" : "none";
        const options = { rowsMax: want.length, tail, symbols: symbols.list } as const;
        const again = splitRows(head.payload(), options);
        assert.deepEqual(rowsOf(again), want);
        assert.equal(again.scattered, undefined, "a payload is in order");
      }),
      { seed: 41, numRuns: 400 },
    );
  });
}

test("append() tells repeats by time and line, and by metadata where the format has it", () => {
  const given = (format: WrittenFormat, rows: GivenRow[], want: string) => {
    const block = blockOf(rows);
    const head = new HeadBlock(format, new SymbolTable());
    const answers = rows.map((_, row) => head.append(block, row)[0]);
    assert.equal(answers.join(""), want);
  };
  given(
    3,
    [
      [1n, "a"],
      [1n, "a"],
      [1n, "b"],
      [2n, "a"],
      [1n, "b"],
      [0n, "a"],
    ],
    "adaada",
  );
  given(
    3,
    [
      [1n, "a", [["k", "v"]]],
      [1n, "a", [["k", "w"]]],
    ],
    "ad",
  );
  given(
    4,
    [
      [1n, "a", [["k", "v"]]],
      [1n, "a", [["k", "w"]]],
      [1n, "a"],
    ],
    "aaa",
  );
  given(
    4,
    [
      [1n, "a", [["k", "v"]]],
      [2n, "b"],
      [1n, "a", [["k", "v"]]],
      [2n, "b"],
    ],
    "aadd",
  );
  // The order of pairs is part of an entry: 3.x brings them sorted.
  given(
    4,
    [
      [
        1n,
        "a",
        [
          ["k", "v"],
          ["l", "w"],
        ],
      ],
      [
        1n,
        "a",
        [
          ["l", "w"],
          ["k", "v"],
        ],
      ],
    ],
    "aa",
  );
});

test("many lines of one time are told apart, and their repeats found", () => {
  const rows = Array.from({ length: 5000 }, (_, index): GivenRow => [7n, `line ${index}`]);
  const { head } = headOf(3, [...rows, ...rows.toReversed()]);
  assert.deepEqual(rowsOf(head.block()), rows);
});

test("a block that was given out stays as it is while more comes", () => {
  const first = Array.from(
    { length: 100 },
    (_, index): GivenRow => [BigInt(index), "x".repeat(50)],
  );
  const { head } = headOf(4, first);
  const before = head.block();
  const text = before.text.slice();
  const more = Array.from(
    { length: 5000 },
    (_, index): GivenRow => [BigInt(99 - index), `y${index}`],
  );
  const block = blockOf(more);
  for (let row = 0; row < more.length; row++) head.append(block, row);
  assert.deepEqual(rowsOf(before), first);
  assert.deepEqual(before.text, text);
  assert.equal(head.block().rows, 5100);
});

test("lines longer than a block are taken whole", () => {
  const rows: GivenRow[] = [
    [1n, "z".repeat(3 * BLOCK_SIZE)],
    [2n, "after"],
  ];
  assert.deepEqual(rowsOf(headOf(3, rows).head.block()), rows);
});

test("lines stay bytes: what is no UTF-8 comes back as it was", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const block = {
    rows: 1,
    times: BigInt64Array.of(1n),
    text: bytes,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(256),
  };
  const head = new HeadBlock(3, new SymbolTable());
  head.append(block, 0);
  const { text, starts, ends } = head.block();
  assert.deepEqual(text.slice(starts[0], ends[0]), bytes);
});

function headOf(format: WrittenFormat, rows: readonly GivenRow[]) {
  const symbols = new SymbolTable();
  const head = new HeadBlock(format, symbols);
  const block = blockOf(rows);
  for (let row = 0; row < block.rows; row++) head.append(block, row);
  return { head, symbols };
}

/** What a head is: entries by time, those of one time as they came, each once. */
function naive(format: WrittenFormat, rows: readonly GivenRow[]): GivenRow[] {
  const kept: GivenRow[] = [];
  for (const [time, line, pairs = []] of rows) {
    const entry: GivenRow = format === 4 && pairs.length > 0 ? [time, line, pairs] : [time, line];
    const key = JSON.stringify([String(time), ...entry.slice(1)]);
    const known = kept.some(
      (other) => JSON.stringify([String(other[0]), ...other.slice(1)]) === key,
    );
    if (!known) kept.push(entry);
  }
  return kept.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}
