/** Label sets: the vectors of spec chunk-format §8 and §12.6, and Loki's printed form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprint, streamToken } from "./fingerprint.ts";
import { compareLabels, labelsOf, printLabels, sameLabels } from "./labels.ts";
import { compileMatcher, matchesAll } from "./matcher.ts";

test("fingerprint() gives Loki's numbers and leaves __name__ out", () => {
  const given = (labels: Record<string, string>, want: string) =>
    assert.equal(fingerprint(labelsOf(labels)).toString(16).padStart(16, "0"), want);
  given({}, "ef46db3751d8e999");
  given({ foo: "bar" }, "090eb45def17f924");
  given({ c: "d", a: "b" }, "00a40c5c7f46cf47");
  given({ __name__: "logs", foo: "bar" }, "090eb45def17f924");
  given({ app: "a", env: 'pröd<&>"\\' }, "c3a8d9abf646ef12");
});

test("streamToken() gives the ring tokens of spec wire §4.1", () => {
  assert.equal(streamToken("fake", '{foo="bar"}'), 1716197110);
  assert.equal(streamToken("", ""), 2166136261);
});

test("printLabels() sorts, quotes and drops empty values", () => {
  assert.equal(printLabels(labelsOf({ b: 'x"\n', a: "é", c: "" })), '{a="é", b="x\\"\\n"}');
  assert.equal(printLabels([]), "{}");
});

test("compareLabels() compares pair by pair", () => {
  assert.ok(compareLabels(labelsOf({ a: "1" }), labelsOf({ a: "1", b: "1" })) < 0);
  assert.ok(compareLabels(labelsOf({ a: "2" }), labelsOf({ a: "1", b: "1" })) > 0);
  assert.ok(sameLabels(labelsOf({ a: "1" }), labelsOf([["a", "1"]])));
});

test("matchers are anchored and see a missing label as empty", () => {
  const labels = labelsOf({ app: "shop", pod: "shop-1" });
  const given = (name: string, op: "=" | "!=" | "=~" | "!~", value: string, want: boolean) =>
    assert.equal(
      matchesAll([compileMatcher({ name, op, value })], labels),
      want,
      `${name}${op}${value}`,
    );
  given("app", "=", "shop", true);
  given("app", "=~", "sho", false);
  given("pod", "=~", "shop-.", true);
  given("nope", "=", "", true);
  given("nope", "!=", "x", true);
  given("nope", "=~", ".+", false);
});
