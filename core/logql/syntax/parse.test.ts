/** Bounds and entry points. What queries mean is in cases.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../../model/errors.ts";
import { ParseError } from "./errors.ts";
import { parseLogQuery, parseQuery, parseSelector } from "./parse.ts";

function refused(text: string, message: string): void {
  assert.throws(() => parseQuery(text), { name: "ParseError", message: `parse error${message}` });
}

test("parseQuery() refuses long texts before it reads them", () => {
  refused("x".repeat(1 << 20), " : input size too long (1048576 > 131072)");
  refused("x".repeat(131_072), " : input size too long (131072 > 131072)");
  refused("é".repeat(65_536), " : input size too long (131072 > 131072)");
  assert.ok(parseQuery(`{a="${"x".repeat(131_000)}"}`));
});

test("parseQuery() refuses what nests too deep, and stands what it allows", () => {
  const nested = (count: number) => `${"(".repeat(count)}{a="b"}${")".repeat(count)}`;
  refused(nested(10_000), " : parentheses nest too deep (10000 > 128)");
  refused("(".repeat(40_000), " : parentheses nest too deep (40000 > 128)");
  assert.ok(parseQuery(nested(128)));
  const sums = `${"sum by (a) (".repeat(64)}rate({a="b"}[1m])${")".repeat(64)}`;
  assert.ok(parseQuery(sums));
  const filters = `{a="b"} | ${"(".repeat(128)}a=1${")".repeat(128)}`;
  assert.ok(parseQuery(filters));
});

test("parseQuery() bounds chains, whose trees are deep", () => {
  const chain = (count: number) => Array(count).fill("vector(1)").join("+");
  assert.ok(parseQuery(chain(1000)));
  refused(chain(1001), " : query nests too deep (1001 > 1000)");
  const filters = (count: number) => `{a="b"} | ${Array(count).fill("a=1").join(" or ")}`;
  assert.ok(parseQuery(filters(1000)));
  refused(filters(1001), " : query nests too deep (1001 > 1000)");
  assert.deepEqual(parseQuery(Array(5000).fill("1").join("+")), { kind: "literal", value: 5000 });
});

test("parseQuery() bounds the number of tokens", () => {
  refused(Array(40_000).fill("1").join("+"), " : query has too many tokens (80000 > 50000)");
});

test("parseQuery() bounds the stages of a pipeline", () => {
  const log = (count: number) => `{a="b"} ${Array(count).fill('|= "a"').join(" ")}`;
  assert.ok(parseQuery(log(1000)));
  refused(log(1001), " : pipeline has too many stages (1001 > 1000)");
  refused(`rate(${log(2000)} [1m])`, " : pipeline has too many stages (2000 > 1000)");
  assert.ok(parseQuery(`rate(${log(800)} [1m]) + rate(${log(800)} [1m])`));
});

test("parseQuery() bounds the bytes of a query", () => {
  refused("x".repeat(131_072), " : input size too long (131072 > 131072)");
  // Three bytes each: what counts are bytes, not characters.
  refused(`{a="${"\u20ac".repeat(50_000)}"}`, " : input size too long (150006 > 131072)");
  assert.ok(parseQuery(`{a="${"\u20ac".repeat(40_000)}"}`));
});

test("parseQuery() knows approx_topk when asked", () => {
  const text = 'approx_topk(3, rate({a="b"}[1m]))';
  refused(text, " at line 1, col 1: syntax error: unexpected IDENTIFIER");
  const tree = parseQuery(text, { approxTopk: true });
  assert.equal(tree.kind === "vector-aggregation" && tree.op, "approx_topk");
});

test("parseLogQuery() takes log queries only", () => {
  assert.equal(parseLogQuery('{a="b"} |= "x"').kind, "log");
  const message = "only log selector is supported";
  assert.throws(() => parseLogQuery('rate({a="b"}[1m])'), new BadRequest(message));
});

test("parseSelector() takes bare selectors only", () => {
  assert.deepEqual(parseSelector('{a="b", c=~"d"}'), [
    { name: "a", op: "=", value: "b" },
    { name: "c", op: "=~", value: "d" },
  ]);
  const message = "only label matchers is supported";
  assert.throws(() => parseSelector('{a="b"} | json'), new BadRequest(message));
  assert.throws(() => parseSelector('rate({a="b"}[1m])'), new BadRequest(message));
  assert.throws(() => parseSelector('{a="b"'), ParseError);
});

test("parseSelector() lets every stream pass unless it checks", () => {
  assert.deepEqual(parseSelector("{}"), []);
  assert.throws(() => parseSelector("{}", { checked: true }), ParseError);
  assert.throws(() => parseSelector('{a=~".*"}', { checked: true }), ParseError);
});
