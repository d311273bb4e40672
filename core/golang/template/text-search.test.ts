/** The oracle is String. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { includesText, splitText } from "./text-search.ts";

test("includesText() and splitText() do what String does, for long texts too", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 6 });
  const times = fc.nat(12);
  const property = fc.property(letters, times, fc.array(letters), (piece, count, others) => {
    const part = `x${piece.repeat(count)}`;
    const text = others.flatMap((other) => [other, part, part.slice(1)]).join("x");
    assert.equal(includesText(text, part), text.includes(part));
    assert.deepEqual(splitText(text, part), text.split(part));
    assert.deepEqual(splitText(text, `${part}!`), [text]);
  });
  fc.assert(property, { seed: 5, numRuns: 1000 });
});

test("a long part of equal letters takes no longer than the text", () => {
  const text = "a".repeat(1_000_000);
  const part = `${"a".repeat(50_000)}b${"a".repeat(50_000)}`;
  for (let round = 0; round < 5; round++) assert.equal(includesText(text, part), false);
});
