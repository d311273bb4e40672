/** Every row is from spec logql 7.2, 9.2 and 16.1; `failed.*(card|expired)` is as Loki 2.9.1 and 3.7.6 answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../model/errors.ts";
import { type Simplified, type SimplifyMode, simplifyRegex } from "./simplify.ts";

const given = (mode: SimplifyMode) => (pattern: string, filter: string) =>
  assert.equal(print(simplifyRegex(pattern, mode)), filter, pattern);

test("simplifyRegex() makes searches of line filters", () => {
  const line = given("line");
  line("foo", "contains foo");
  line("(foo)", "contains foo");
  line("(?i)Foo", "contains foo in any case");
  line("foo.*", "contains foo");
  line(".*foo", "contains foo");
  line(".*foo.*", "contains foo");
  line("foo|bar", "contains foo or contains bar");
  line("foo|foobar", "contains foo or contains foobar");
  line("error|fail|timeout", "contains error or contains fail or contains timeout");
  line(".*", "true");
  line("", "true");
  line(".+", "not empty");
  line("foo(bar|baz).*", "regex foo(bar|baz).*");
  line("foo(bar|quux).*", "contains foobar or contains fooquux");
  line("foo(b.*|quux)", "contains foob or contains fooquux");
  line("foo(ab(cd|ef)|x)", "contains fooabcd or contains fooabef or contains foox");
});

test("simplifyRegex() drops branches that are always true", () => {
  const line = given("line");
  line("foo|.*", "contains foo");
  line("foo|", "contains foo");
  line(".*|", "true");
  line("a|b|", "regex a|b|");
  line("foo|.+", "contains foo or not empty");
});

test("simplifyRegex() forgets what stands between a text and the alternatives after it", () => {
  given("line")("failed.*(card|expired)", "contains failedcard or contains failedexpired");
});

test("simplifyRegex() leaves the rest to the engine", () => {
  const line = given("line");
  const kept = (pattern: string) => line(pattern, `regex ${pattern}`);
  kept("^foo");
  kept("foo$");
  kept("fo+");
  kept("a.c");
  kept("foo.*bar");
  kept("foo.+");
  kept("(ab|cd)foo");
  kept("[a-z]foo");
  kept("ab{2}");
  kept("abc(?i:def|xyz)");
  kept(".*foo.*.*");
  kept("(?s)ERROR.*Exception");
});

test("simplifyRegex() counts as Go's simplification does", () => {
  const line = given("line");
  line("(?:foo){1}", "contains foo");
  line(".{0,}", "true");
  line(".{1,}", "not empty");
  line("(?:.*)*", "true");
  line("x{0}", "true");
  line("foo.{0,}", "contains foo");
});

test("simplifyRegex() makes comparisons of label filters", () => {
  const label = given("label");
  label("foo", "equals foo");
  label("foo|bar", "equals foo or equals bar");
  label("foo.*", "contains foo");
  label(".*foo.*", "contains foo");
  label("foo|foobar", "contains foo or contains foobar");
  label("err|error", "contains err or contains error");
  label("foo|.*bar", "equals foo or contains bar");
  label("x|", "equals x");
  label("x|.*", "equals x");
  label("(?i)ab1", "equals ab1 in any case");
  label("(?i)É", "equals é in any case");
  label(".*", "true");
  label("", "true");
  label(".+", "not empty");
  for (const pattern of ["fo+", "^foo", "foo.", ".+foo", "foo.*bar", "4..", "foobar|foobaz"]) {
    label(pattern, `regex ${pattern}`);
  }
});

test("simplifyRegex() anchors the regexes of labels only", () => {
  const test = (mode: SimplifyMode, text: string) => {
    const filter = simplifyRegex("4..", mode);
    return filter.kind === "regex" && filter.regex.test(text);
  };
  assert.equal(test("label", "404"), true);
  assert.equal(test("label", "x404"), false);
  assert.equal(test("line", "x404"), true);
});

test("simplifyRegex() refuses in Go's words", () => {
  const refused = (mode: SimplifyMode, fragment: string) =>
    assert.throws(
      () => simplifyRegex("(", mode),
      new BadRequest(`error parsing regexp: missing closing ): \`${fragment}\``),
    );
  refused("line", "(");
  refused("label", "^(?:()$");
});

function print(filter: Simplified): string {
  switch (filter.kind) {
    case "contains":
    case "equals":
      return `${filter.kind} ${filter.literal}${filter.fold ? " in any case" : ""}`;
    case "or":
      return filter.filters.map(print).join(" or ");
    case "nonEmpty":
      return "not empty";
    case "regex":
      return `regex ${filter.regex.source}`;
    case "true":
      return "true";
  }
}
