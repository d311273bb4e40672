/** Texts of a cache are those that decoding gives, whatever was asked for before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "./text.ts";
import { TextCache } from "./text-cache.ts";

test("TextCache.read() gives what fromUtf8() gives, for texts that share a slot too", () => {
  const cache = new TextCache();
  const words = [
    "",
    "a",
    "key",
    "kay",
    "key\0",
    "stringValue",
    "strin\u0000Value",
    "한글",
    "é",
    "x".repeat(33),
  ];
  // Same size, same first, middle and last byte: one slot for all of them.
  for (let index = 0; index < 600; index++) words.push(`a${String(index).padStart(4, "0")}m0000z`);
  for (let round = 0; round < 3; round++) {
    for (const word of words) {
      const bytes = utf8(`(${word})`);
      assert.equal(cache.read(bytes, 1, bytes.length - 1), word);
    }
  }
});

test("TextCache.read() gives U+FFFD for what is no UTF-8, also after a text of that length", () => {
  const cache = new TextCache();
  const bytes = Uint8Array.of(0x61, 0xff, 0x62);
  cache.read(utf8("aÿb"), 0, 4);
  assert.equal(cache.read(bytes, 0, 3), fromUtf8(bytes));
  assert.equal(cache.read(bytes, 0, 3), "a\ufffdb");
});
