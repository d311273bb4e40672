/**
 * Blocks against the reference: random lines, more often broken than not, through random stages. And
 * what must be the same with itself: any split of a block, any direction, any hints.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portableSearch } from "../../bytes/search.ts";
import { printLabels } from "../../labels/labels.ts";
import type { Block } from "../../model/block.ts";
import type { Labels } from "../../model/labels.ts";
import type { LogExpr } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parse.ts";
import { compileExtractor, pushGrouping } from "./extract.ts";
import { compilePipeline, type RunOptions } from "./pipeline.ts";
import { blockOf, type TestEntry } from "./testing/blocks.ts";
import { evaluate } from "./testing/reference.ts";

const SEED = 20231028;
/** A busy machine is no failure. */
const PATIENT = { timeout: 120_000 };
const STREAM: Labels = [
  ["app", "x"],
  ["p", "s"],
];
const ID = { labels: STREAM, fingerprint: 1n };

const word = fc.constantFrom("a", "b", "c", "p", "lvl", "error", "1x", "é", "", " ", "a_b", "sm");
const text = fc.constantFrom(
  ...'error info x xerr é 서울 12 -3.5 1e3 250ms 1.5KB 10.0.0.7 \\n \\u00e9 \\ud83d\\ude00 \\ud83d \\q \\" a=b'.split(
    " ",
  ),
  "",
  "two words",
  "}]",
);

const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text.map((content) => `"${content}"`),
    fc.constantFrom("1", "-2.50", "true", "false", "null", "tru", "0x1", ""),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
    objectOf(tie("value")),
  ),
})).value;

function objectOf(member: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(word, fc.constantFrom(":", " : ", ":"), member), { maxLength: 5 })
    .map((members) => `{${members.map(([k, colon, v]) => `"${k}"${colon}${v}`).join(", ")}}`);
}

const logfmt = fc
  .array(
    fc.tuple(
      word,
      fc.constantFrom("=", "=", "=", "", "=="),
      fc.oneof(
        text.map((content) => `"${content}"`),
        text,
      ),
      fc.constantFrom(" ", " ", "", '"'),
    ),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.map((parts) => parts.join("")).join(""));

const ansi = fc
  .array(
    fc.constantFrom(
      "\u001b",
      "\u009b",
      "[",
      "31",
      ";",
      "m",
      "12345",
      "\u0007",
      "red",
      "é",
      "]0",
      " ",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

const packed = fc
  .tuple(objectOf(text.map((content) => `"${content}"`)), fc.boolean())
  .map(([object, has]) => (has ? object.replace("{", '{"_entry":"a=1 b=error",') : object));

/** A line, sometimes with its end cut off or a character knocked out. */
const line = fc
  .tuple(fc.oneof(objectOf(value), logfmt, ansi, packed), fc.nat(9), fc.nat(200))
  .map(([whole, damage, place]) => {
    const chars = [...whole];
    const at = place % (chars.length + 1);
    if (damage === 0) return chars.slice(0, at).join("");
    if (damage === 1) return chars.toSpliced(at, 1).join("");
    return whole;
  });

const metadata = fc.constantFrom<Labels[]>(
  [],
  [],
  [["sm", "v1"]],
  [
    ["a", "meta"],
    ["p", "dup"],
  ],
);

const entries: fc.Arbitrary<(TestEntry & { line: string; metadata: Labels })[]> = fc.array(
  fc.record({ time: fc.bigInt(0n, 5n), line, metadata }),
  { minLength: 1, maxLength: 20 },
);

const stage = fc.constantFrom(
  '|= "error"',
  '!= "x"',
  '|~ "e.r|12"',
  '!~ "^a"',
  '|= "info" or "é"',
  "| json",
  "| json",
  "| logfmt",
  "| logfmt --strict",
  "| logfmt --keep-empty",
  '| pattern "<a> <_>=<b>"',
  '| pattern "a<b>"',
  '| regexp "(?P<a>\\\\w+)=(?P<c>\\\\d)?"',
  "| unpack",
  "| decolorize",
  '| lvl="error"',
  '| a="12" or b="x"',
  '| a=~"x.*" and p="s"',
  '| c!=""',
  "| a > 1",
  "| b <= 250ms",
  "| a != 1.5KB",
  '| b=ip("10.0.0.0/8")',
  '| __error__=""',
  '| line_format "{{.a}} {{.lvl}}={{.b}}"',
  '| label_format b=a,z="{{.b}}-{{.p}}"',
  '| label_format p="{{.a}}"',
  "| drop a",
  '| drop __error__, b="x"',
  "| keep a, b, app",
);

const log: fc.Arbitrary<LogExpr> = fc
  .array(stage, { maxLength: 5 })
  .map((stages) => parseQuery(`{app="x"} ${stages.join(" ")}`) as LogExpr);

test("a block comes to the same as its lines one by one", PATIENT, () => {
  fc.assert(
    fc.property(log, entries, (expr, rows) => {
      const wanted = rows.flatMap((row, index) => {
        const kept = evaluate(expr, STREAM, row);
        return kept === undefined ? [] : [show(index, kept.labels, kept.line)];
      });
      assert.deepEqual(run(expr, blockOf(rows)), wanted);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test("rows in pieces, from behind or out of place in the text come to the same", PATIENT, () => {
  fc.assert(
    fc.property(log, entries, fc.nat(20), (expr, rows, cut) => {
      const block = blockOf(rows);
      const all = run(expr, block);
      const middle = Math.min(cut, rows.length);
      const pieces = [
        ...run(expr, block, { first: 0, end: middle }),
        ...run(expr, block, { first: middle, end: rows.length }),
      ];
      assert.deepEqual(pieces, all);
      assert.deepEqual(run(expr, scattered(block)), all);
      const range = { first: 0, end: rows.length };
      assert.deepEqual(run(expr, block, range, { limit: 3 }), all.slice(0, 3));
      const last = run(expr, block, range, { limit: 3, backward: true });
      assert.deepEqual(last, all.slice(-3));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("parsers that are told what is wanted find the same in sound lines", PATIENT, () => {
  const sound = fc.array(
    fc.record({
      time: fc.constant(0n),
      line: fc
        .array(fc.tuple(fc.constantFrom("a", "b", "c", "p", "d"), text), { maxLength: 6 })
        .map((pairs) => {
          const members = pairs.map(
            ([key, content]) => `${JSON.stringify(key)}: {"v":"${content}"}`,
          );
          return `{${members.join(",")}}`;
        }),
      metadata,
    }),
    { minLength: 1, maxLength: 20 },
  );
  const filter = fc.constantFrom(
    "",
    '| a_v="error"',
    '| b_v=~"x.*"',
    '| c_v!=""',
    '| a_v="12" and c_v="x"',
  );
  fc.assert(
    fc.property(sound, filter, fc.boolean(), (rows, stages, wide) => {
      const query = `{app="x"} | json ${stages}`;
      const names = wide ? ["a_v", "p_v", "sm", "app"] : ["c_v"];
      const sum = parseQuery(`sum by (${names}) (count_over_time(${query} [1m]))`);
      assert.ok(sum.kind === "vector-aggregation");
      const samples = compileExtractor(pushGrouping(sum)!, { search: portableSearch })
        .forStream(ID)
        .run(blockOf(rows), { first: 0, end: rows.length });
      const given = Array.from({ length: samples.count }, (_, index) => {
        const set = "labels" in samples.labels ? samples.labels : samples.labels[index]!;
        return show(samples.rows[index]!, set.labels, `${samples.values[index]}`);
      });
      const expr = parseQuery(query) as LogExpr;
      const wanted = rows.flatMap((row, index) => {
        const kept = evaluate(expr, STREAM, row);
        const labels = kept?.labels.filter(([name]) => names.includes(name));
        return labels === undefined ? [] : [show(index, labels, "1")];
      });
      assert.deepEqual(given, wanted);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

function run(
  expr: LogExpr,
  block: Block,
  range = { first: 0, end: block.rows },
  options: RunOptions = {},
): string[] {
  const pipeline = compilePipeline(expr, { search: portableSearch }).forStream(ID);
  const survivors = pipeline.run(block, range, options);
  return Array.from({ length: survivors.count }, (_, index) => {
    const line = survivors.line(index);
    assert.equal(survivors.lineBytes(index), survivors.bytes(index).length);
    return show(survivors.rows[index]!, survivors.labelsOf(index).labels, line);
  });
}

function show(row: number, labels: Labels, line: string): string {
  return `${row} ${printLabels(labels)} ${JSON.stringify(line)}`;
}

/** The same lines, the last one first in the text. */
function scattered(block: Block): Block {
  const { rows, starts, ends } = block;
  const lines = Array.from({ length: rows }, (_, row) => block.text.slice(starts[row], ends[row]));
  const mirrored = blockOf(lines.toReversed().map((bytes) => ({ time: 0n, line: bytes })));
  return {
    ...block,
    text: mirrored.text,
    starts: mirrored.starts.toReversed(),
    ends: mirrored.ends.toReversed(),
    scattered: true,
  };
}
