/** Values are from Go's documentation of strings and unicode, and the Unicode tables behind it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toLower, toTitle, toUpper } from "./letter-case.ts";

test("toUpper() and toLower() map rune by rune", () => {
  assert.equal(toUpper("abc1"), "ABC1");
  assert.equal(toUpper("straße"), "STRAßE");
  assert.equal(toUpper("ŉ ﬁ é ᾳ ᾀ"), "ŉ ﬁ É ᾼ ᾈ");
  assert.equal(toUpper("𐐨"), "𐐀");
  assert.equal(toLower("ABC1"), "abc1");
  assert.equal(toLower("ΟΔΟΣ"), "οδοσ");
  assert.equal(toLower("İI\u212a"), "iik");
});

test("toTitle() lifts the first letter of each word", () => {
  assert.equal(toTitle("hello wORLD"), "Hello WORLD");
  assert.equal(toTitle("a-b.c_d 3e"), "A-B.C_d 3e");
  assert.equal(toTitle("été à l'est"), "Été À L'Est");
});
