/**
 * Plans as text: fixtures/logql-plan/*.txt have a query, what it is asked with, and its plan. Run with
 * REWRITE=1 to renew the lower halves; the diff is what gets reviewed.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../model/limits.ts";
import { NS_PER_SECOND } from "../../model/time.ts";
import { parseQuery } from "../syntax/parse.ts";
import { explainPlan, planToJson } from "./explain.ts";
import type { QueryParams } from "./params.ts";
import { makePlan } from "./plan.ts";

const FOLDER = new URL("../../../fixtures/logql-plan/", import.meta.url);
const START = 1_700_002_800n * NS_PER_SECOND;

const RANGE: QueryParams = {
  start: START,
  end: START + 3600n * NS_PER_SECOND,
  step: 60n * NS_PER_SECOND,
  interval: 0n,
  limit: 100,
  direction: "backward",
  instant: false,
  limits: { ...DEFAULT_LIMITS, enableMultiVariantQueries: true },
};

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".txt"))) {
  test(`${file} has the plans that queries get`, () => {
    const path = new URL(file, FOLDER);
    const text = readFileSync(path, "utf8");
    const got = text.split(/\n\n+/).filter((block) => block.trim() !== "");
    const renewed = `${got.map(renew).join("\n\n")}\n`;
    if (process.env["REWRITE"] === "1") writeFileSync(path, renewed);
    else assert.equal(renewed, text);
  });
}

/** `range` or `instant`, the query, a line of dashes, the plan. */
function renew(block: string): string {
  const head = block.split("\n----")[0]!.trimEnd();
  const [, form, query] = /^(range|instant) (.*)$/s.exec(head) ?? [];
  const params = form === "instant" ? { ...RANGE, start: RANGE.end, instant: true } : RANGE;
  return `${head}\n----\n${explainPlan(makePlan(parseQuery(query ?? ""), params))}`;
}

test("planToJson() writes times so that people can read them", () => {
  const plan = planToJson(makePlan(parseQuery('rate({a="b"}[5m] offset 1h)'), RANGE)) as {
    steps: unknown;
    leaves: unknown;
    scans: { from: string; through: string }[];
  };
  assert.deepEqual(plan.steps, { first: "2023-11-14T23:00:00Z", step: "1m0s", count: 61 });
  assert.deepEqual(plan.leaves, [{ op: "rate", range: "5m0s", offset: "1h0m0s" }]);
  assert.equal(plan.scans[0]!.from, "2023-11-14T21:55:00.000000001Z");
  assert.equal(plan.scans[0]!.through, "2023-11-14T23:00:00.000000001Z");
});
