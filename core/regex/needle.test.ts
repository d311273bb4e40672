/** The oracle is String.indexOf. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Needle } from "./needle.ts";

const ENCODER = new TextEncoder();

test("Needle finds what String.indexOf finds, within its stretch", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 24 });
  const needle = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 4 });
  const property = fc.property(letters, needle, letters, (text, wanted, around) => {
    const bytes = ENCODER.encode(around + text + around);
    const start = ENCODER.encode(around).length;
    const found = text.indexOf(wanted);
    const offset = found < 0 ? -1 : start + ENCODER.encode(text.slice(0, found)).length;
    const search = new Needle(ENCODER.encode(wanted));
    assert.equal(search.indexOf(bytes, start, bytes.length - start), offset);
  });
  fc.assert(property, { seed: 21, numRuns: 2000 });
});
