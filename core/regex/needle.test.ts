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

test("indexOf() gives up on needles that it would compare again and again", () => {
  const text = new Uint8Array(300_000).fill(0x61);
  const needle = new Uint8Array(100_000).fill(0x61);
  needle[0] = 0x62;
  const { length } = text;
  // Comparing at every place would take twenty billion steps.
  for (let round = 0; round < 100; round++) {
    assert.ok(new Needle(needle).indexOf(text, 0, length) >= 0);
  }
  text.set(needle, 150_000);
  assert.ok(new Needle(needle).indexOf(text, 0, length) <= 150_000);
});
