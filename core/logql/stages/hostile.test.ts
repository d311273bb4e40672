/** Lines made to hurt: they cost time in proportion to their length, and no stack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../../bytes/search.ts";
import type { LogExpr } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parse.ts";
import { compilePipeline } from "./pipeline.ts";
import { blockOf, streamOf } from "./testing/blocks.ts";

const SIZE = 200_000;

function run(stages: string, line: string): { labels: number; line: string; error: string } {
  const expr = parseQuery(`{app="x"} ${stages}`) as LogExpr;
  const pipeline = compilePipeline(expr, { search: portableSearch }).forStream(
    streamOf({ app: "x" }),
  );
  const survivors = pipeline.run(blockOf([{ time: 0n, line }]), { first: 0, end: 1 });
  const { labels } = survivors.labelsOf(0);
  const error = labels.find(([name]) => name === "__error__")?.[1] ?? "";
  return { labels: labels.length, line: survivors.line(0), error };
}

test("objects in objects in objects", () => {
  const open = run("| json", '{"a":'.repeat(SIZE));
  assert.equal(open.error, "JSONParserErr");
  const closed = run("| json", `${'{"a":'.repeat(SIZE)}1${"}".repeat(SIZE)}`);
  assert.deepEqual(closed.labels, 1); // Too deep for a label.
  assert.equal(closed.error, "");
  const mixed = run("| json --arrays", `{"a":${'[{"b":'.repeat(SIZE)}`);
  assert.equal(mixed.error, "JSONParserErr");
  assert.equal(run('| json x="a.a.a"', '{"a":'.repeat(SIZE)).error, "JSONParserErr");
});

test("many keys, long keys, long values", () => {
  const keys = Array.from({ length: 20_000 }, (_, key) => `"k${key}":1`);
  assert.equal(run("| json", `{${keys.join(",")}}`).labels, 20_001);
  assert.equal(run("| logfmt", `${"k".repeat(SIZE)}=1`).labels, 2);
  assert.equal(run("| logfmt", `a="${'\\"'.repeat(SIZE)}"`).labels, 2);
});

test("half an escape over and over", () => {
  for (const part of ["\u001b", "\u001b[", "\u001b;;;;", "\u001b[1;1;1", "\u009b"]) {
    const line = part.repeat(SIZE / part.length);
    assert.ok(run("| decolorize", line).line.length <= line.length);
  }
  assert.equal(run("| decolorize", `\u001b${";".repeat(SIZE)}`).line.length, SIZE + 1);
});

test("quotes and equals signs over and over", () => {
  assert.equal(run("| logfmt", 'a="'.repeat(SIZE)).labels, 2);
  for (const line of ['"'.repeat(SIZE), "=".repeat(SIZE), "a=b".repeat(SIZE)]) {
    assert.equal(run("| logfmt", line).error, "");
    assert.equal(run("| logfmt --strict", line).error, "LogfmtParserErr");
  }
});
