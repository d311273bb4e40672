/** Rows are from spec logql 7.2, 9.2, 16.1 and 16.4, with the answers of 3.x where the versions differ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Needle } from "./needle.ts";
import { type SimplifyMode, simplifyRegex } from "./simplify.ts";
import { compileSimplified } from "./text-test.ts";

const ENCODER = new TextEncoder();

const given = (mode: SimplifyMode) => (pattern: string, text: string, passes: boolean) => {
  const each = compileSimplified(simplifyRegex(pattern, mode));
  const bytes = ENCODER.encode(`a${text}b`);
  assert.equal(each.test(text), passes, `${pattern} on ${text}`);
  assert.equal(
    each.testBytes(bytes, 1, bytes.length - 1),
    passes,
    `${pattern} on bytes of ${text}`,
  );
};

test("lines pass as in Loki", () => {
  const line = given("line");
  line("(?i)ab", "aab", true);
  line("(?i)ab", "a-ab", true);
  line("(?i)ab", "a-b", false);
  line("(?i)error1", "ERRORQ", false);
  line("(?i)error1", "xErRoR1", true);
  line("(?i)error foo", "error@foo", false);
  line("(?i)é", "cafÉ", true);
  line("(?i)é", "cafe", false);
  line("foo|.*", "bar", false);
  line("foo|.*", "a foo", true);
  line("a|b|", "c", true);
  line(".+", "", false);
  line(".+", "\n", true);
  line(".*", "a\nb", true);
  line("^a$", "a\nb", false);
  line("a.c", "a\nc", false);
  line("(?s)a.c", "a\nc", true);
  line("failed.*(card|expired)", "failed: card", false);
});

test("label values pass as in Loki", () => {
  const label = given("label");
  label("foo.*", "xfoo", true);
  label("err|error", "xerr", true);
  label("foo|foobar", "foobarx", true);
  label("foobar|foobaz", "xfoobar", false);
  label("foobar|foobaz", "foobaz", true);
  label("foo|.*bar", "barx", true);
  label("foo|.*bar", "xfoo", false);
  label("x|.*", "y", false);
  label("x|", "x", true);
  label("", "x", true);
  label("foo", "xfoo", false);
  label("foo", "foo", true);
  label("(?i)ab1", "abQ", false);
  label("(?i)ab1", "AB1", true);
  label("(?i)ab", "abc", false);
  label("(?i)é", "É", true);
  label("(?i)é", "é", true);
});

test("Needle finds what String.indexOf finds, within its stretch", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "A", "é"), maxLength: 24 });
  const needle = fc.string({ unit: fc.constantFrom("a", "b", "A", "é"), maxLength: 4 });
  const property = fc.property(letters, needle, letters, (text, wanted, around) => {
    const bytes = ENCODER.encode(around + text + around);
    const start = ENCODER.encode(around).length;
    const end = bytes.length - start;
    const found = text.indexOf(wanted);
    const offset = found < 0 ? -1 : start + ENCODER.encode(text.slice(0, found)).length;
    assert.equal(new Needle(wanted).indexOf(bytes, start, end), offset);
    const folded = text.toLowerCase().includes(wanted.toLowerCase());
    assert.equal(new Needle(wanted, true).isIn(bytes, start, end), folded);
    assert.equal(new Needle(wanted, true).isInText(text), folded);
    assert.equal(new Needle(wanted).equals(bytes, start, end), text === wanted);
  });
  fc.assert(property, { seed: 21, numRuns: 2000 });
});
