/** The oracle is String.indexOf; that texts made to mislead cost no more is seen by an end at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findLinear } from "./linear-search.ts";
import { portableSearch } from "./search.ts";

const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const letters = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "b", "A"), maxLength });

test("findLinear() finds what String.indexOf finds, within its stretch", () => {
  const property = fc.property(
    letters(40),
    letters(6),
    fc.nat(5),
    fc.nat(5),
    (text, part, from, cut) => {
      const end = Math.max(from, text.length - cut);
      const found = text.slice(0, end).indexOf(part, from);
      const wanted = part === "" ? from : found;
      assert.equal(findLinear(latin(text), latin(part), { from, end }), wanted);
    },
  );
  fc.assert(property, { seed: 31, numRuns: 3000 });
});

test("findLinear() compares what bytes map to", () => {
  const fold = Uint8Array.from({ length: 256 }, (_, byte) =>
    byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte,
  );
  const property = fc.property(letters(40), letters(4), (text, part) => {
    const wanted = text.toLowerCase().indexOf(part.toLowerCase());
    const needle = latin(part.toLowerCase());
    assert.equal(findLinear(latin(text), needle, { from: 0, end: text.length, fold }), wanted);
  });
  fc.assert(property, { seed: 32, numRuns: 1000 });
});

test("portableSearch is linear for needles of equal letters", () => {
  const text = latin("a".repeat(400_000));
  for (const place of [0, 50_000, 99_999]) {
    const needle = latin("a".repeat(100_000));
    needle[place] = 0x62;
    // Comparing at every place would take up to thirty billion steps, twenty times over.
    for (let round = 0; round < 20; round++) {
      assert.equal(portableSearch.indexOf(text, needle, 0), -1);
    }
    const holder = text.slice();
    holder.set(needle, 200_000);
    assert.equal(portableSearch.indexOf(holder, needle, 0), 200_000);
  }
});
