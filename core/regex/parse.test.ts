/**
 * Trees are those of Go's regexp/syntax for the same patterns (its documented flags and spec logql 7.2);
 * error texts are from spec logql-parse-errors 5.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { BadRequest } from "../model/errors.ts";
import type { Node } from "./node.ts";
import { groupNamesOf, parseRegex } from "./parse.ts";

const given = (pattern: string, tree: string) =>
  assert.equal(dump(parseRegex(pattern)), tree, pattern);

test("parseRegex() joins and repeats", () => {
  given("abc", "lit{abc}");
  given("ab*", "cat{lit{a}star{lit{b}}}");
  given("(?:ab)*c", "cat{star{lit{ab}}lit{c}}");
  given("a{2,3}?", "nrep{2,3 lit{a}}");
  given("a{2,}", "rep{2,-1 lit{a}}");
  given("a{,2}", "lit{a{,2}}");
  given("(?U)a+b+?", "cat{nplus{lit{a}}plus{lit{b}}}");
  given("^a$", "cat{bot{}lit{a}eot{}}");
  given("(?m)^a$", "cat{bol{}lit{a}eol{}}");
  given("\\Aa\\z\\b\\B", "cat{bot{}lit{a}eot{}wb{}nwb{}}");
  given("a.c", "cat{lit{a}dnl{}lit{c}}");
  given("(?s)a.c", "cat{lit{a}dot{}lit{c}}");
  given("\\Qa.b\\E+", "cat{lit{a.}plus{lit{b}}}");
  given("(?i:a)b", "cat{litfold{A}lit{b}}");
  given("(?P<m>a)(b)", "cat{cap{m:lit{a}}cap{lit{b}}}");
  given("", "emp{}");
});

test("parseRegex() factors alternatives", () => {
  given("foo|foobar", "cat{lit{foo}alt{emp{}lit{bar}}}");
  given("err|error", "cat{lit{err}alt{emp{}lit{or}}}");
  given("a|b", "cc{61-62}");
  given("a|b|", "alt{cc{61-62}emp{}}");
  given("abc|abd", "cat{lit{ab}cc{63-64}}");
  given("foobar|foobaz", "cat{lit{fooba}cc{72 7a}}");
  given("abc|x|abd", "alt{lit{abc}lit{x}lit{abd}}");
  given("[ab]c|[ab]d", "cat{cc{61-62}cc{63-64}}");
  given("a.b|a.c", "cat{lit{a}cat{dnl{}cc{62-63}}}");
  given(".*b|.*c", "alt{cat{star{dnl{}}lit{b}}cat{star{dnl{}}lit{c}}}");
  given("||", "emp{}");
  given("foo||", "alt{lit{foo}emp{}}");
  given(".|a", "dnl{}");
  given(".|\\n", "dot{}");
  given("a|a", "lit{a}");
});

test("parseRegex() reads classes", () => {
  given("[a-c]", "cc{61-63}");
  given("[^a-c]", "cc{0-60 64-10ffff}");
  given("[]a-]", "cc{2d 5d 61}");
  given("[a]", "lit{a}");
  given("[Aa]", "litfold{A}");
  given("[\\d.]", "cc{2e 30-39}");
  given("\\D", "cc{0-2f 3a-10ffff}");
  given("\\s", "cc{9-a c-d 20}");
  given("[[:^digit:]]", "cc{0-2f 3a-10ffff}");
  given("[[:word:]-]", "cc{2d 30-39 41-5a 5f 61-7a}");
  given("\\pZ", "cc{20 a0 1680 2000-200a 2028-2029 202f 205f 3000}");
  given("\\p{^Z}", dump(parseRegex("\\PZ")));
  given("(?i)[k-l]", "cc{4b-4c 6b-6c 212a}");
  given("(?i)k", "litfold{K}");
  given("(?i)σ", "litfold{Σ}");
  given("\\x41\\x{263a}\\101\\07\\n\\.\\_", "lit{A☺A\u0007\n._}");
});

test("parseRegex() refuses in Go's words", () => {
  const refused = (pattern: string, message: string) =>
    assert.throws(
      () => parseRegex(pattern),
      new BadRequest(`error parsing regexp: ${message}`),
      pattern,
    );
  refused("(", "missing closing ): `(`");
  refused("^(?:()$", "missing closing ): `^(?:()$`");
  refused("a)b", "unexpected ): `a)b`");
  refused("[a", "missing closing ]: `[a`");
  refused("x[]", "missing closing ]: `[]`");
  refused("*", "missing argument to repetition operator: `*`");
  refused("a|+", "missing argument to repetition operator: `+`");
  refused("(?i)*?", "missing argument to repetition operator: `*?`");
  refused("a**", "invalid nested repetition operator: `**`");
  refused("a*+?", "invalid nested repetition operator: `*+?`");
  refused("a{1001}", "invalid repeat count: `{1001}`");
  refused("a{3,2}", "invalid repeat count: `{3,2}`");
  refused("((a{100}){11})", "invalid repeat count: `{11}`");
  refused("\\8", "invalid escape sequence: `\\8`");
  refused("\\C", "invalid escape sequence: `\\C`");
  refused("\\x{}", "invalid escape sequence: `\\x{}`");
  refused("\\x{110000}", "invalid escape sequence: `\\x{110000`");
  refused("\\x4", "invalid escape sequence: `\\x4`");
  refused("\\é", "invalid escape sequence: `\\é`");
  refused("[z-a]", "invalid character class range: `z-a`");
  refused("[a-\\d]", "invalid escape sequence: `\\d`");
  refused("[[:foo:]]", "invalid character class range: `[:foo:]`");
  refused("\\p{Foo}", "invalid character class range: `\\p{Foo}`");
  refused("\\pX", "invalid character class range: `\\pX`");
  refused("\\p{Greek", "invalid character class range: `\\p{Greek`");
  refused("(?=a)", "invalid or unsupported Perl syntax: `(?=`");
  refused("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`");
  refused("(?P=n)", "invalid or unsupported Perl syntax: `(?P`");
  refused("(?P<n", "invalid named capture: `(?P<n`");
  refused("(?P<a b>x)", "invalid named capture: `(?P<a b>`");
  refused("a\\", "trailing backslash at end of expression: ``");
  const deep = `${"(".repeat(1001)}${")".repeat(1001)}`;
  refused(deep, `expression nests too deeply: \`${deep}\``);
});

test("parseRegex() takes and refuses what re2js does, in the same words", () => {
  const pieces = [
    ..."a b ( ) (?: (?i) (?P<n> (?<m> (?s: (?i-s: (?- | * + ? {2} {2,} {1,3} { } [ ] [^ -".split(
      " ",
    ),
    ..."\\d \\W \\pL \\p{Greek} \\P{^Lu} [:alpha:] [:foo:] [[:digit:] \\x41 \\x{41} \\x{".split(
      " ",
    ),
    ..."\\1 \\01 \\8 \\Q \\E \\b \\z \\C ^ $ . é 😀 \\n \\ 0 1001 {1001} \\_ \\- (?m) (?U) (?z)".split(
      " ",
    ),
  ];
  const source = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((all) => all.join(""));
  const answerOf = (parse: () => unknown) => {
    try {
      parse();
      return "ok";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const property = fc.property(source, (pattern) => {
    const expected = answerOf(() => RE2JS.compile(pattern));
    // Go lets groups share a name, and shows the empty rest behind a trailing backslash.
    fc.pre(!expected.includes("duplicate capture"));
    const goes = expected.replace(/(trailing backslash .*)/, "$1: ``");
    assert.equal(
      answerOf(() => parseRegex(pattern)),
      goes,
      pattern,
    );
  });
  fc.assert(property, { seed: 71, numRuns: 5000 });
});

test("groupNamesOf() gives names by index", () => {
  const names = groupNamesOf(parseRegex("(?P<m>\\w+)(x(?<n>\\d)?)"));
  assert.deepEqual(names, ["", "m", "", "n"]);
});

/** The notation of Go's own parser tests. */
function dump(node: Node): string {
  switch (node.kind) {
    case "literal":
      return `lit${node.fold ? "fold" : ""}{${String.fromCodePoint(...node.runes)}}`;
    case "class":
      return `cc{${dumpRanges(node.ranges)}}`;
    case "star":
    case "plus":
    case "quest":
      return `${node.greedy ? "" : "n"}${node.kind}{${dump(node.sub)}}`;
    case "capture":
      return `cap{${node.name === undefined ? "" : `${node.name}:`}${dump(node.sub)}}`;
    case "repeat":
      return `${node.greedy ? "" : "n"}rep{${node.min},${node.max} ${dump(node.sub)}}`;
    case "concat":
      return `cat{${node.subs.map(dump).join("")}}`;
    case "alternate":
      return `alt{${node.subs.map(dump).join("")}}`;
    default:
      return `${SHORT[node.kind]}{}`;
  }
}

const SHORT = {
  noMatch: "no",
  empty: "emp",
  any: "dot",
  anyNotNewline: "dnl",
  beginLine: "bol",
  endLine: "eol",
  beginText: "bot",
  endText: "eot",
  wordBoundary: "wb",
  noWordBoundary: "nwb",
};

function dumpRanges(ranges: readonly number[]): string {
  const texts: string[] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    const [low, high] = [ranges[index]!, ranges[index + 1]!];
    texts.push(low === high ? low.toString(16) : `${low.toString(16)}-${high.toString(16)}`);
  }
  return texts.join(" ");
}
