/**
 * Is the bound a bound? A plain backtracking matcher counts the steps that it takes on texts made to
 * mislead it, and no pattern may take more than was promised.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backtrackingEffort } from "./backtracking.ts";
import { rangesOfChar } from "./factor.ts";
import { type Node, partsOf } from "./node.ts";
import { parseRegex } from "./parse.ts";
import { hasRune } from "./ranges.ts";

const ATOMS = "a b [ab] [^a] . x \\b ^ $ ab ba".split(" ");
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...ATOMS),
    fc.array(tie("node"), { minLength: 2, maxLength: 4 }).map((parts) => parts.join("")),
    fc.array(tie("node"), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join("|")})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,4}?"))
      .map(([part, times]) => `(?:${part})${times}`),
  ),
})).node;
const text = fc.oneof(
  fc.nat(30).map((size) => "a".repeat(size)),
  fc.nat(15).map((size) => "ab".repeat(size)),
  fc.string({ unit: fc.constantFrom("a", "b", "x"), maxLength: 30 }),
);

test("backtrackingEffort() bounds the steps from a start", () => {
  let bounded = 0;
  const property = fc.property(pattern, fc.array(text, { maxLength: 4 }), (source, texts) => {
    const node = parseRegex(source);
    const effort = backtrackingEffort(node);
    if (effort === undefined) return;
    bounded += 1;
    for (const each of texts) {
      // A miss goes through all ways: the pattern is followed by what the text does not have.
      const steps = countSteps(node, `${each}!`);
      const bound: number = size(node) * effort.factor * (each.length + 2) ** effort.degree;
      assert.ok(steps <= bound, `${source} on ${each}: ${steps} steps, at most ${bound}`);
    }
  });
  fc.assert(property, { seed: 41, numRuns: 3000 });
  assert.ok(bounded > 500, `${bounded} patterns had a bound`);
});

/** How many nodes there are to step through, twice for going there and back. */
function size(node: Node): number {
  const own = node.kind === "literal" ? node.runes.length : node.kind === "repeat" ? 4 : 1;
  return 2 * own + partsOf(node).reduce((sum, part) => sum + size(part), 0) * own;
}

function countSteps(node: Node, each: string): number {
  let steps = 0;
  const match = (part: Node, at: number, then: (at: number) => boolean): boolean => {
    steps += 1;
    switch (part.kind) {
      case "literal": {
        const wanted = String.fromCodePoint(...part.runes);
        return each.startsWith(wanted, at) && then(at + wanted.length);
      }
      case "class":
      case "any":
      case "anyNotNewline":
        return hasRune(rangesOfChar(part), each.charCodeAt(at)) && then(at + 1);
      case "capture":
        return match(part.sub, at, then);
      case "concat": {
        const from = (index: number, where: number): boolean =>
          index === part.subs.length
            ? then(where)
            : match(part.subs[index]!, where, (next) => from(index + 1, next));
        return from(0, at);
      }
      case "alternate":
        return part.subs.some((sub) => match(sub, at, then));
      case "star":
        return loop(part, at, { min: 0, max: -1 }, then);
      case "plus":
        return loop(part, at, { min: 1, max: -1 }, then);
      case "quest":
        return loop(part, at, { min: 0, max: 1 }, then);
      case "repeat":
        return loop(part, at, part, then);
      case "beginText":
        return at === 0 && then(at);
      case "endText":
        return at === each.length && then(at);
      default:
        return then(at); // Whether there is a word boundary does not matter here.
    }
  };
  const loop = (
    part: Extract<Node, { sub: Node; greedy: boolean }>,
    at: number,
    { min, max }: { min: number; max: number },
    then: (at: number) => boolean,
  ): boolean => {
    steps += 1;
    const bounds = { min: Math.max(min - 1, 0), max: max < 0 ? -1 : max - 1 };
    const again = () =>
      max !== 0 &&
      match(part.sub, at, (next) => (next > at || min > 0) && loop(part, next, bounds, then));
    if (min > 0) return again();
    return part.greedy ? again() || then(at) : then(at) || again();
  };
  match(node, 0, () => false);
  return steps;
}
