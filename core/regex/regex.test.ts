/**
 * The oracle is re2js, which is tested against Go's regexp: on random patterns and texts our automaton,
 * our literals and the groups must agree with it. Then come the promises that re2js does not know:
 * bytes that are no UTF-8, and time linear in the text.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { BadRequest } from "../model/errors.ts";
import { compileRegex } from "./regex.ts";

const ENCODER = new TextEncoder();

/** Pieces that meet in many ways: repetitions, classes, assertions, letters with odd cases. */
const ATOMS = [
  ..."ab1. ",
  ..."[ab] [^a] \\w \\W \\d \\s \\b \\B ^ $ (?m:^) (?m:$) \\A \\z é k (?i:k) (?i:é) (?i:[a-é]) \\pL [^é] [^😀] (?s:.) 😀 \\n ab ba".split(
    " ",
  ),
];
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...ATOMS),
    fc.array(tie("node"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
    fc.array(tie("node"), { minLength: 2, maxLength: 3 }).map((parts) => `(?:${parts.join("|")})`),
    fc
      .tuple(
        tie("node"),
        fc.constantFrom("*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}?", "{2,}"),
      )
      .map(([part, times]) => `(?:${part})${times}`),
    tie("node").map((part) => `(${part})`),
    tie("node").map((part) => `${part}|`),
  ),
})).node;
const text = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "1",
      " ",
      "\n",
      "é",
      "É",
      "k",
      "K",
      "\u212a",
      "😀",
      ".",
      "_",
      "ab",
      "\ufffd",
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(""));

test("test(), testBytes() and literals agree with re2js", () => {
  const property = fc.property(pattern, fc.array(text, { maxLength: 6 }), (source, texts) => {
    const oracle = RE2JS.compile(source);
    const regex = compileRegex(source);
    const anchored = compileRegex(source, { anchored: true });
    for (const each of [...texts, ""]) {
      const bytes = ENCODER.encode(`a${each}b`);
      const found = oracle.matcher(each).find();
      const where = `${source} in ${JSON.stringify(each)}`;
      assert.equal(regex.test(each), found, where);
      assert.equal(regex.testBytes(bytes, 1, bytes.length - 1), found, where);
      assert.equal(anchored.test(each), RE2JS.compile(`^(?:${source})$`).test(each), where);
      const holds = regex.literals.some((literal) =>
        each.includes(new TextDecoder().decode(literal)),
      );
      assert.ok(!found || regex.literals.length === 0 || holds, where);
    }
  });
  fc.assert(property, { seed: 11, numRuns: 500 });
});

test("exec() gives the leftmost match and its groups as re2js does", () => {
  const property = fc.property(pattern, text, (source, each) => {
    const match = RE2JS.compile(source).exec(each);
    const expected = match === null ? undefined : [...match];
    const found = compileRegex(source).exec(each);
    assert.deepEqual(found && [...found], expected, `${source} in ${each}`);
  });
  fc.assert(property, { seed: 12, numRuns: 1000 });
});

test("exec() leaves a group that took no part undefined", () => {
  const regex = compileRegex("(?P<m>\\w+) (?P<n>\\d+)?(?P<p>x)?");
  assert.deepEqual([...regex.exec("foo ")!], ["foo ", "foo", undefined, undefined]);
  assert.deepEqual(regex.groupNames, ["", "m", "n", "p"]);
  assert.equal(regex.exec("foo"), undefined);
});

test("matchAll() gives what Go's FindAll gives", () => {
  const given = (source: string, each: string, ...found: string[]) => {
    const matches = [...compileRegex(source).matchAll(each)];
    assert.deepEqual(
      matches.map(({ start, end }) => `${start}-${end}`),
      found,
      `${source} in ${each}`,
    );
  };
  given("a", "aba", "0-1", "2-3");
  given("x*", "axb", "0-0", "1-2", "3-3");
  given("(?:x*)*", "axb", "0-0", "1-2", "3-3"); // The same on the other engine.
  given("", "é😀", "0-0", "1-1", "3-3");
  given("^", "aa", "0-0");
  given("\\b", "ab c", "0-0", "2-2", "3-3", "4-4");
  given("a|ab", "abab", "0-1", "2-3");
  given("x", "a");
});

test("an anchored pattern is anchored in its text", () => {
  const matches = (source: string, each: string) =>
    compileRegex(source, { anchored: true }).test(each);
  assert.equal(matches("a|b", "a"), true);
  assert.equal(matches("a|b", "ab"), false);
  assert.equal(matches("a.c", "a\nc"), false);
  assert.equal(matches("(?m)a", "a\nb"), false);
  assert.equal(matches("pod-[01]|db|", "pod-1"), true);
  assert.equal(matches("pod-[01]|db|", "pod-2"), false);
  assert.equal(matches("pod-[01]|db|", ""), true);
  assert.equal(matches("a)|(?:b", "ax"), true); // Anchored in its text, as Loki has it.
  assert.throws(
    () => compileRegex("(", { anchored: true }),
    new BadRequest("error parsing regexp: missing closing ): `^(?:()$`"),
  );
});

test("testBytes() takes a byte that is no UTF-8 for U+FFFD", () => {
  const given = (source: string, bytes: number[], found: boolean) =>
    assert.equal(
      compileRegex(source).testBytes(Uint8Array.from(bytes), 0, bytes.length),
      found,
      source,
    );
  given("^.$", [0xff], true);
  given("^..$", [0xc3, 0x28], true);
  given("^\\x{fffd}{3}$", [0xe2, 0x82, 0xe2], true);
  given("^é$", [0xc3, 0xa9], true);
  given("^.$", [0xed, 0xa0, 0x80], false);
  given("^...$", [0xed, 0xa0, 0x80], true);
  given("^.$", [0xf0, 0x9f, 0x98, 0x80], true);
  given("^....$", [0xf4, 0x90, 0x80, 0x80], true);
  given("a", [0xff, 0x61], true);
});

test("literals and required are what every match contains", () => {
  const given = (source: string, ...literals: string[]) => {
    const found = compileRegex(source).literals.map((literal) => new TextDecoder().decode(literal));
    assert.deepEqual(found, literals, source);
  };
  given("level=(warn|error)", "level=");
  given("error|timeout|fail.*x", "error", "timeout", "fail");
  given("(?i)error", ...[]);
  given("(?i)error: 42", ": 42");
  given("a*", ...[]);
  given("(abc)+x?", "abc");
  given("[ab]cd|e", "cd", "e");
  assert.deepEqual(compileRegex("a.*bcd").required, ENCODER.encode("bcd"));
  assert.equal(compileRegex("x|y.z").required, undefined);
});

/** Patterns that make backtracking engines take time by the square, the cube, or 2^n. */
const HOSTILE: readonly (readonly [pattern: string, text: (size: number) => string])[] = [
  ["(a*)*b", (size) => "a".repeat(size)],
  ["(a|aa)+$", (size) => `${"a".repeat(size)}b`],
  ["(.*a){12}b", (size) => "a".repeat(size)],
  ["(x+x+)+y", (size) => "x".repeat(size)],
  ["\\w+@", (size) => "a".repeat(size)],
  ["user=\\S+ addr", (size) => "user=".repeat(size / 5)],
  ["(?:a?){50}a{50}z", (size) => "a".repeat(size)],
  ["(a|b)*a(a|b){14}c", (size) => "abbab".repeat(size / 5)],
  ["^(\\S+ )*$", (size) => `${"a ".repeat(size / 2)}!`],
  ["(?i)(é+É+)+x", (size) => "é".repeat(size)],
  ["^(\\S+) (\\S+) (\\S+)$", (size) => "a ".repeat(size / 2)],
  ["^(?:[^,]*,)*x", (size) => "ab,".repeat(size / 3)],
  ["level=(\\w+) end", (size) => "level=a ".repeat(size / 8)],
];

test("hostile patterns come to an end on a long text", () => {
  // By the square of the length this would take many minutes: there is nothing to measure.
  for (const [source, make] of HOSTILE) {
    const regex = compileRegex(source);
    const each = make(300_000);
    assert.equal(regex.exec(each) !== undefined, regex.test(each), source);
  }
});

test("memory is bounded when states do not come to an end", () => {
  const regex = compileRegex("(a|b)*a(a|b){20}c");
  let bits = 1;
  let each = "";
  for (let index = 0; index < 50_000; index++) {
    bits = (bits * 1103515245 + 12345) % 2147483648;
    each += bits & 65536 ? "a" : "b";
  }
  assert.equal(regex.test(each), false);
  assert.equal(regex.test(`${each}a${each.slice(0, 20)}c`), true);
});

test("a pattern too large for its automaton is refused", () => {
  const source = "(?:\\pL{1000})".repeat(250);
  assert.throws(
    () => compileRegex(source),
    /^BadRequest: error parsing regexp: expression too large/,
  );
});
