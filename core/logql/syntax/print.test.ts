/** Printing and parsing are each other's opposite. Single forms are in fixtures/logql-parse/print.test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseQuery } from "./parse.ts";
import { prettyExpr } from "./pretty.ts";
import { printExpr, printStage } from "./print.ts";
import { exprs } from "./testing/trees.ts";

test("parseQuery() of printExpr() is the same tree", () => {
  fc.assert(
    fc.property(exprs, (tree) => {
      assert.deepEqual(parseQuery(printExpr(tree)), tree);
    }),
    { numRuns: 1000, seed: 1 },
  );
});

test("parseQuery() of prettyExpr() is the same tree", () => {
  fc.assert(
    fc.property(exprs, (tree) => {
      assert.equal(printExpr(parseQuery(prettyExpr(tree))), printExpr(tree));
    }),
    { numRuns: 300, seed: 2 },
  );
});

test("printStage() gives a stage as errors quote it", () => {
  const given = (stages: string) => {
    const tree = parseQuery(`{a="b"} ${stages}`);
    assert.ok(tree.kind === "log");
    assert.equal(tree.stages.map(printStage).join(" "), stages);
  };
  // From recorded errors: golden data, group bad.
  given('| line_format "{{.x"');
  given("| label_format a=b,a=c");
  given('| json lvl="level",city="user.geo-city"');
  given('| addr=ip("300.1.1.1")');
});
