import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8Size } from "./text.ts";

test("utf8Size() is the length of the encoded text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(utf8Size(text), new TextEncoder().encode(text).length);
    }),
    { seed: 1 },
  );
});
