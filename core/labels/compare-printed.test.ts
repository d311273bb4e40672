/** The order of label sets by text against that of the texts themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareText } from "../bytes/text.ts";
import { comparePrinted } from "./compare-printed.ts";
import { labelsOf, printLabels } from "./labels.ts";

const piece = fc.constantFrom(
  "",
  "a",
  "b",
  "!",
  " ",
  '"',
  "\\",
  "\n",
  "~",
  "\u{1f600}",
  "\uff5e",
  "é",
);
const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
const labels = fc
  .dictionary(fc.constantFrom("a", "a1", "b", "B"), value, { maxKeys: 3 })
  .map((pairs) => labelsOf(pairs));

test("comparePrinted() orders label sets as their texts are ordered", () => {
  const property = fc.property(labels, labels, (a, b) => {
    const wanted = Math.sign(compareText(printLabels(a), printLabels(b)));
    assert.equal(Math.sign(comparePrinted(a, b)), wanted);
  });
  fc.assert(property, { seed: 20231204, numRuns: 5000 });
});
