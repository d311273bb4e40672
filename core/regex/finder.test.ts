/**
 * All matches of random patterns, with their groups, against re2js; then the same with a table so small
 * that texts fall into many segments. That time is linear is counted: by instructions looked at, and by
 * the growth of time over three doublings.
 */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { LimitExceeded } from "../model/errors.ts";
import { Finder, type Sweep } from "./finder.ts";
import type { RegexMatch } from "./match.ts";
import { groupNamesOf, parseRegex } from "./parse.ts";
import { compileRegex } from "./regex.ts";

/** Pieces that meet in many ways, among them loops that may turn without reading. */
const ATOMS =
  "a b . [ab] [^a] \\b \\B ^ $ (?m:^) (?m:$) é 😀 (a|b|) (a*) (a|ab)(c|bcd) (?:a|(b))* |".split(
    " ",
  );
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...ATOMS),
    fc.array(tie("node"), { minLength: 2, maxLength: 3 }).map((parts) => parts.join("")),
    fc.array(tie("node"), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join("|")})`),
    fc
      .tuple(tie("node"), fc.constantFrom(..."* + ? *? +? ?? {2} {0,2} {1,3}? {2,}".split(" ")))
      .map(([part, times]) => `(${part})${times}`),
  ),
})).node;
const text = fc
  .array(fc.constantFrom("a", "b", "ab", "abcd", "c", "1", " ", "\n", "é", "😀"), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

function finderOf(source: string, room?: number): Finder {
  const node = parseRegex(source);
  const groups = groupNamesOf(node).length;
  return new Finder(node, { pattern: source, groups, ...(room === undefined ? {} : { room }) });
}

/** One find after the other, each from the end of the last, or one further when that was empty. */
function* finds(sweep: Sweep): Generator<RegexMatch> {
  for (let from = 0; from <= sweep.text.length; ) {
    const match = sweep.find(from);
    if (match === undefined) return;
    yield match;
    from = next(sweep.text, from, match);
  }
}

function expected(source: string, each: string): RegexMatch[] {
  const matcher = RE2JS.compile(source).matcher(each);
  const matches: RegexMatch[] = [];
  for (let from = 0; from <= each.length && matcher.find(from); ) {
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => {
      return matcher.group(group) ?? undefined;
    });
    const [start, end] = [matcher.start(), matcher.end()];
    matches.push({ start, end, groups });
    from = next(each, from, { end });
  }
  return matches;
}

/** Where the next match may begin: behind the last, or a character further when that was empty. */
function next(each: string, from: number, { end }: { end: number }): number {
  return end > from ? end : from + (each.codePointAt(from)! > 0xffff ? 2 : 1);
}

test("find() gives all matches and groups that re2js gives", () => {
  const property = fc.property(pattern, fc.array(text, { maxLength: 4 }), (source, texts) => {
    const finder = finderOf(source);
    for (const each of [...texts, ""]) {
      const found = [...finds(finder.sweep(each))];
      assert.deepEqual(found, expected(source, each), `${source} in ${JSON.stringify(each)}`);
    }
  });
  fc.assert(property, { seed: 21, numRuns: 3000 });
});

test("find() does not depend on the room of the table, nor on who else uses it", () => {
  const long = fc.array(text, { minLength: 20, maxLength: 60 }).map((parts) => parts.join(""));
  const property = fc.property(pattern, long, long, (source, left, right) => {
    const wide = finderOf(source);
    const narrow = finderOf(source, 1);
    const both = [narrow.sweep(left), narrow.sweep(right)].map(finds);
    const found: RegexMatch[][] = [[], []];
    for (let open = true; open; ) {
      open = false;
      for (const [side, matches] of both.entries()) {
        const { value, done } = matches.next();
        if (done !== true) [open] = [found[side]!.push(value) > 0];
      }
    }
    assert.deepEqual(found[0], [...finds(wide.sweep(left))], source);
    assert.deepEqual(found[1], [...finds(wide.sweep(right))], source);
  });
  fc.assert(property, { seed: 22, numRuns: 400 });
});

test("states that do not come to an end are kept in segments", () => {
  let bits = 1;
  let each = "";
  for (let index = 0; index < 20_000; index++) {
    bits = (bits * 1103515245 + 12345) % 2147483648;
    each += (bits >> 16) & 1 ? "a" : "b";
  }
  const source = "a[ab]{40}(b)|b";
  const narrow = [...finds(finderOf(source, 1 << 12).sweep(each))];
  assert.deepEqual(narrow, [...finds(finderOf(source).sweep(each))]);
  assert.ok(narrow.length > 300);
});

/** Patterns that look far ahead of every match. By the square of the length each would take hours. */
const LOOKING_AHEAD: readonly (readonly [pattern: string, text: (size: number) => string])[] = [
  ["(x+)+y|x", (size) => "x".repeat(size)],
  ["x*y|x", (size) => "x".repeat(size)],
  ["(?s)a.*b|a|c", (size) => "ac".repeat(size / 2)],
  ["(a*)*|b", (size) => "ab".repeat(size / 2)],
  ["\\S+@|\\S", (size) => "q".repeat(size)],
  ["(?:a[^!]*!)?a", (size) => "a".repeat(size)],
  ["x*?(?:x*z)?", (size) => "x".repeat(size)],
];

test("matchAll() takes time by the length of the text, whatever it looks at", () => {
  for (const [source, make] of LOOKING_AHEAD) {
    const regex = compileRegex(source);
    const work = (size: number) => {
      const each = make(size);
      return () => {
        let count = 0;
        for (const _ of regex.matchAll(each)) count += 1;
        assert.ok(count >= size / 2, source);
      };
    };
    const [small, large] = [work(20_000), work(160_000)];
    let [smallMs, largeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // Three doublings at once, each 2.5 times: work by the square would take 64 times as long.
    for (let round = 0; round < 40 && !(round >= 2 && largeMs <= 2.5 ** 3 * smallMs); round++) {
      smallMs = Math.min(smallMs, msOf(small));
      largeMs = Math.min(largeMs, msOf(large));
    }
    assert.ok(largeMs <= 2.5 ** 3 * smallMs, `${source}: ${smallMs} ms, then ${largeMs} ms`);
  }
});

/** Of the processor: on a machine that others use too, long work waits more often than short work. */
function msOf(work: () => void): number {
  const start = cpuUsage();
  work();
  const { user, system } = cpuUsage(start);
  return (user + system) / 1000;
}

test("a pattern of which every character makes a new state ends with the limit's name", () => {
  let bits = 1;
  let each = "";
  for (let index = 0; index < 200_000; index++) {
    bits = (bits * 1103515245 + 12345) % 2147483648;
    each += (bits >> 16) & 1 ? "a" : "b";
  }
  const isLimit = (error: unknown) =>
    error instanceof LimitExceeded &&
    error.limit === "regex_steps" &&
    /10000000/.test(error.message);
  const reverse = finderOf("a[ab]{900}(b)");
  assert.throws(() => reverse.first(each), isLimit);
  const forward = compileRegex("[ab]*a[ab]{900}c");
  assert.throws(() => forward.test(each), isLimit);
  // The next text begins anew.
  assert.equal(forward.test("ab"), false);
  assert.equal(reverse.first("ab"), undefined);
});
