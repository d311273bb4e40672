/** Kept texts are those that would be made anew, however many there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonLabels } from "./json-text.ts";
import { LabelTexts } from "./label-texts.ts";

const RUNS = { seed: 20231201, numRuns: 300 };
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("app", "<b>&", '"', "\u2028"),
);
const labels = fc.array(fc.tuple(text, text), { maxLength: 5 });

test("of() gives the JSON of each set, the first time and later, within its bound and beyond", () => {
  fc.assert(
    fc.property(
      fc.array(labels, { maxLength: 10 }),
      fc.integer({ min: 0, max: 200 }),
      (all, max) => {
        const texts = new LabelTexts(max);
        for (const each of [...all, ...all]) assert.equal(texts.of(each), jsonLabels(each));
      },
    ),
    RUNS,
  );
});

test("equal sets that are two objects have one text, and others have their own", () => {
  const texts = new LabelTexts();
  assert.equal(texts.of([["app", "x"]]), '{"app":"x"}');
  assert.equal(texts.of([["app", "x"]]), '{"app":"x"}');
  assert.equal(texts.of([["app", "y"]]), '{"app":"y"}');
  assert.equal(texts.of([]), "{}");
});
