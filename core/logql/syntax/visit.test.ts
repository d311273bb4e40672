import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "./parse.ts";
import {
  depthOf,
  filtersOf,
  isLogExpr,
  longestLookback,
  longestRange,
  rangeAggregationsOf,
  selectorsOf,
  walk,
} from "./visit.ts";

const MINUTE = 60_000_000_000n;
const QUERY = parseQuery(
  'sum(rate({a="1"} | x=1 or y=2, z=3 [5m])) / label_replace(rate_counter({b="2"} | unwrap v | w=4 [1m] offset 10m), "x", "", "", "") + vector(1)',
);

test("walk() gives a query before its parts, from left to right", () => {
  assert.deepEqual(
    [...walk(QUERY)].map(({ kind }) => kind),
    ["binary", "binary", "vector-aggregation", "range", "label-replace", "range", "vector"],
  );
});

test("selectorsOf() gives the selectors from left to right", () => {
  const names = (text: string) =>
    selectorsOf(parseQuery(text)).map((matchers) => matchers.map(({ name }) => name).join());
  assert.deepEqual(
    selectorsOf(QUERY).map(([first]) => first!.name),
    ["a", "b"],
  );
  assert.deepEqual(names('{a="b", c="d"}'), ["a,c"]);
  assert.deepEqual(names("1+1"), []);
  assert.deepEqual(names('variants(rate({a="b"}[1m])) of ({c="d"}[1m])'), ["c", "a"]);
});

test("rangeAggregationsOf() and filtersOf() find what is inside", () => {
  assert.deepEqual(
    rangeAggregationsOf(QUERY).map(({ op }) => op),
    ["rate", "rate_counter"],
  );
  assert.deepEqual(
    filtersOf(QUERY).map(({ kind }) => kind),
    ["or", "number"],
  );
});

test("longestRange() and longestLookback() are zero without a range", () => {
  assert.equal(longestRange(QUERY), 5n * MINUTE);
  assert.equal(longestLookback(QUERY), 11n * MINUTE);
  assert.equal(longestRange(parseQuery('{a="b"}')), 0n);
  assert.equal(longestLookback(parseQuery('rate({a="b"}[1m] offset -5m)')), 0n);
});

test("depthOf() counts queries and filters inside each other", () => {
  assert.equal(depthOf(QUERY), 4);
  assert.equal(depthOf(parseQuery('{a="b"} | (a=1 or b=2) and c=3')), 3);
  assert.equal(depthOf(parseQuery('{a="b"}')), 1);
});

test("isLogExpr() tells log queries from metric queries", () => {
  assert.equal(isLogExpr(parseQuery('{a="b"}')), true);
  assert.equal(isLogExpr(QUERY), false);
});
