import assert from "node:assert/strict";
import { test } from "node:test";
import { elements, escapeXml, textOf } from "./xml.ts";

test("elements() gives what stands inside each element of a name", () => {
  const xml = "<R><C><K>a</K></C><C><K>b</K></C><Cc>no</Cc><C>cut";
  assert.deepEqual(elements(xml, "C"), ["<K>a</K>", "<K>b</K>"]);
  assert.deepEqual(elements(xml, "D"), []);
});

test("textOf() undoes escapes once", () => {
  const of = (text: string) => textOf(`<Key>${text}</Key>`, "Key");
  assert.equal(of("a&amp;b&lt;&gt;&quot;&apos;"), "a&b<>\"'");
  assert.equal(of("&amp;lt;"), "&lt;");
  assert.equal(of("&#252;&#xFC;&#x1F600;&#13;"), "üü😀\r");
  assert.equal(of("&nothing;&#x110000;"), "&nothing;&#x110000;");
  assert.equal(textOf("<Key/>", "Key"), undefined);
});

test("escapeXml() is undone by textOf()", () => {
  const text = `a<b>&"c"'`;
  assert.equal(textOf(`<K>${escapeXml(text)}</K>`, "K"), text);
});
