/** Label sets of pushes: what is taken, and the words and positions of what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { BadRequest } from "../model/errors.ts";
import { LabelCache } from "./label-cache.ts";
import { parseLabels } from "./parse-labels.ts";

test("parseLabels() sorts names, reads escapes and drops empty values", () => {
  const given = (text: string, want: [string, string][]) =>
    assert.deepEqual(parseLabels(text), want, text);
  given('{app="x"}', [["app", "x"]]);
  given('{b="2",a="1"}', [
    ["a", "1"],
    ["b", "2"],
  ]);
  given('{b="2", a="1"}', [
    ["a", "1"],
    ["b", "2"],
  ]);
  given(" { b = \"2\" , a = '1', } ", [
    ["a", "1"],
    ["b", "2"],
  ]);
  given("{a=`x\\n`}", [["a", "x\\n"]]);
  given('{a="q\\"\\n\\x41\\u00e9\\U0001f600\\101"}', [["a", 'q"\nAé😀A']]);
  given('{a="",b="y"}', [["b", "y"]]);
  given('{a="{b=\\"c\\"}, d=\'e\'"}', [["a", "{b=\"c\"}, d='e'"]]);
  given('{a="x, b=y"}', [["a", "x, b=y"]]);
  given("{}", []);
  given("", []);
  given('{a="1",a="2"}', [
    ["a", "1"],
    ["a", "2"],
  ]);
});

test("parseLabels() refuses in Prometheus' words", () => {
  const given = (text: string, want: string) =>
    assert.throws(
      () => parseLabels(text),
      (error) => error instanceof BadRequest && error.message === `couldn't parse labels: ${want}`,
      text,
    );
  // The first three were recorded from Loki 2.9.1, fixtures/push/README.md.
  given('{1app="x"}', "1:2: parse error: unexpected character inside braces: '1'");
  given('{app-name="x"}', "1:5: parse error: unexpected character inside braces: '-'");
  given("{app=", "1:6: parse error: unexpected end of input inside braces");
  given("{", "1:2: parse error: unexpected end of input inside braces");
  given('{a="x"', "1:7: parse error: unexpected end of input inside braces");
  given('{="x"}', '1:2: parse error: unexpected "=" in label set, expected identifier or "}"');
  given('{a"x"}', '1:3: parse error: unexpected string "\\"x\\"" in label set, expected "="');
  given('{a!="x"}', '1:3: parse error: unexpected <op:!=> in label set, expected "="');
  given('{a=~"x"}', '1:3: parse error: unexpected <op:=~> in label set, expected "="');
  given("{a=x}", '1:4: parse error: unexpected identifier "x" in label set, expected string');
  given(
    '{a="x" b="y"}',
    '1:8: parse error: unexpected identifier "b" in label set, expected "," or "}"',
  );
  given('{,a="x"}', '1:2: parse error: unexpected "," in label set, expected identifier or "}"');
  given('{a="x}', "1:4: parse error: unterminated quoted string");
  given('{\na="\\q"}', "2:3: parse error: unknown escape sequence U+0071 'q'");
  given('{é="x"}', "1:2: parse error: unexpected character inside braces: 'é'");
  given('{a="é", -="x"}', "1:10: parse error: unexpected character inside braces: '-'");
  given('app{a="x"}', '1:1: parse error: unexpected identifier "app"');
  given('{a="x"} b', '1:9: parse error: unexpected identifier "b"');
  given('{__name__="x"}', "1:2: parse error: label name __name__ is taken");
});

test("parseLabels() reads what printLabels() writes", () => {
  const name = fc
    .stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/)
    .filter((text) => text !== "__name__");
  const value = fc
    .string({ unit: "binary", maxLength: 12 })
    .filter((text) => !text.includes("\ufffd"));
  fc.assert(
    fc.property(fc.dictionary(name, value), (object) => {
      const labels = labelsOf(object);
      assert.deepEqual(parseLabels(printLabels(labels)), labels);
    }),
    { seed: 1 },
  );
});

test("LabelCache gives one object for one text and keeps no more than it may", () => {
  const cache = new LabelCache(30);
  const first = cache.get('{b="2",a="1"}');
  assert.equal(first.text, '{a="1", b="2"}');
  assert.equal(cache.get('{b="2",a="1"}'), first);
  for (let index = 0; index < 9; index++) cache.get(`{c="${index}"}`);
  assert.notEqual(cache.get('{b="2",a="1"}'), first);
});
