/** Lists of texts put together, against sets that are sorted by their bytes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { uniteTexts } from "./texts.ts";

const text = fc.constantFrom("", "a", "b", "aa", "ab", "\uff5e", "\u{1f600}", "\u{1f600}a", "é");
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test("uniteTexts() gives each text of several lists once, in byte order", () => {
  const sorted = fc.uniqueArray(text).map((texts) => texts.sort(byBytes));
  const property = fc.property(fc.array(sorted, { maxLength: 5 }), (lists) => {
    const wanted = [...new Set(lists.flat())].sort(byBytes);
    assert.deepEqual(uniteTexts(lists), wanted);
  });
  fc.assert(property, { seed: 20231205, numRuns: 1000 });
});

test("uniteTexts() puts in order what is not, when there is something to put together", () => {
  assert.deepEqual(
    uniteTexts([
      ["b", "a"],
      ["c", "a"],
    ]),
    ["a", "b", "c"],
  );
  assert.deepEqual(uniteTexts([[], ["b", "a"]]), ["b", "a"]);
});
