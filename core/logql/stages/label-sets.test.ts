/** Label sets: one object for equal labels, whatever way they came about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../../bytes/search.ts";
import { LimitExceeded } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import type { LogExpr } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parse.ts";
import type { LabelSet } from "./label-set.ts";
import { compilePipeline, type PipelineOptions } from "./pipeline.ts";
import { blockOf, streamOf } from "./testing/blocks.ts";

interface Given {
  readonly stream?: Readonly<Record<string, string>>;
  readonly lines: readonly { line: string; metadata?: Labels }[];
}

/** The label sets of the lines of some streams, in order. */
function setsOf(
  query: string,
  streams: readonly Given[],
  options: Partial<PipelineOptions> = {},
): LabelSet[] {
  const expr = parseQuery(query) as LogExpr;
  const pipeline = compilePipeline(expr, { search: portableSearch, ...options });
  return streams.flatMap(({ stream = { app: "x" }, lines }) => {
    const block = blockOf(lines.map((line) => ({ time: 0n, ...line })));
    const range = { first: 0, end: block.rows };
    const survivors = pipeline.forStream(streamOf(stream)).run(block, range);
    return Array.from({ length: survivors.count }, (_, index) => survivors.labelsOf(index));
  });
}

const given = (...lines: string[]): Given => ({ lines: lines.map((line) => ({ line })) });

test("equal labels are one object, in one stream and across streams", () => {
  const [a, b, c] = setsOf('{app=~".+"} | logfmt', [
    given("a=1 b=2", "b=2 a=1"),
    { stream: { a: "1", app: "x", b: "2" }, lines: [{ line: "" }] },
  ]);
  assert.equal(a, b);
  assert.equal(a, c);
  assert.equal(a!.key, '{a="1", app="x", b="2"}');
});

test("different labels are different objects", () => {
  const lines = ["a=1", "a=2", "b=1", "a=1 b=1", "", 'a="" b=1'];
  const sets = setsOf('{app="x"} | logfmt --keep-empty', [given(...lines)]);
  assert.equal(new Set(sets).size, lines.length);
});

test("metadata and parsed labels are told apart", () => {
  const [set] = setsOf('{app="x"} | logfmt | label_format app=b', [
    { lines: [{ line: "a=1 b=2", metadata: [["t", "m"]] }] },
  ]);
  assert.deepEqual(set!.metadata, [["t", "m"]]);
  assert.deepEqual(set!.parsed, [
    ["a", "1"],
    ["app", "2"],
  ]);
  assert.deepEqual(set!.stream, []);
  const [failed] = setsOf('{app="x"} | json', [given("bad")]);
  assert.deepEqual(
    failed!.parsed.map(([name]) => name),
    ["__error__", "__error_details__"],
  );
});

test("with `categorize` equal labels that came from elsewhere are two", () => {
  const lines = [{ line: "t=m" }, { line: "", metadata: [["t", "m"]] as Labels }];
  const [a, b] = setsOf('{app="x"} | logfmt', [{ lines }]);
  assert.equal(a, b);
  const [c, d] = setsOf('{app="x"} | logfmt', [{ lines }], { categorize: true });
  assert.notEqual(c, d);
  assert.equal(c!.key, d!.key);
});

test("error labels in structured metadata are the row's errors", () => {
  const metadata: Labels = [
    ["__error__", "Mine"],
    ["__error_details__", "words"],
  ];
  const [set] = setsOf('{app="x"} | __error__="Mine"', [{ lines: [{ line: "", metadata }] }]);
  assert.equal(set!.key, '{__error__="Mine", __error_details__="words", app="x"}');
});

test("a query that makes too many label sets is told so", () => {
  const lines = Array.from({ length: 20 }, (_, row) => `a=${row}`);
  assert.throws(
    () => setsOf('{app="x"} | logfmt', [given(...lines)], { labelBytesMax: 3000 }),
    (error) => error instanceof LimitExceeded && error.message.includes("more than 3000 bytes"),
  );
});

test("names are forgotten when there are too many, and labels stay right", () => {
  const blocks = Array.from({ length: 8 }, (_, block) =>
    given(
      "a=1 b=2",
      ...Array.from({ length: 50 }, (_, row) =>
        Array.from({ length: 300 }, (_, key) => `k${block}_${row}_${key}=v`).join(" "),
      ),
      "b=2 a=1",
    ),
  );
  const sets = setsOf('{app="x"} | logfmt | keep app, a, b, k0_0_0', blocks);
  const keys = new Set(sets.map(({ key }) => key));
  assert.deepEqual(
    [...keys].sort(),
    ['{a="1", app="x", b="2"}', '{app="x"}', '{app="x", k0_0_0="v"}'].sort(),
  );
  assert.equal(new Set(sets).size, keys.size);
});
