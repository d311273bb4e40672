/**
 * The grammars of core/logql/syntax: what is generated is up to date, and both describe one language.
 * Sentences made from the LALR grammar at random must parse with Ohm's.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { lex } from "../core/logql/syntax/lexer.ts";
import { MessageTable } from "../core/logql/syntax/message-table.ts";
import { LOKI_TABLE, OUR_TABLE } from "../core/logql/syntax/messages.gen.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { outdated } from "./grammar.ts";
import { type Grammar, makeStates, readGrammar } from "./lalr.ts";

const SOURCE = readFileSync(new URL("../core/logql/syntax/messages.bnf", import.meta.url), "utf8");

/** Texts of the tokens that are not their own; of the others it is the name in lower case. */
const TEXTS: Readonly<Record<string, string>> = {
  STRING: '"<x> (?P<y>.)"',
  NUMBER: "5",
  DURATION: "5m",
  BYTES: "5KB",
  RANGE: "[5m]",
  PARSER_FLAG: "--strict",
  ARRAYS_FLAG: "--arrays",
  BYTES_CONV: "bytes",
  DURATION_CONV: "duration",
  DURATION_SECONDS_CONV: "duration_seconds",
};

test("the generated files are up to date", () => {
  assert.deepEqual(outdated(), [], "run: bun scripts/grammar.ts");
});

test("makeStates() gives the table of a textbook grammar", () => {
  const grammar = readGrammar("%left +\n%left *\nE = E + E\nE = E * E\nE = ( E )\nE = id", false);
  const states = makeStates(grammar);
  // Aho, Sethi, Ullman, figure 4.48: ten states, and one more that has read $end.
  assert.equal(states.length, 11);
  const conflicting = states.filter(({ always }) => always === 1 || always === 2);
  assert.deepEqual(
    conflicting.map(({ always, shifts }) => [always, [...shifts.keys()]]),
    [
      [1, ["*"]],
      [2, []],
    ],
  );
});

test("parseQuery() takes every sentence that the tables take", () => {
  const grammar = readGrammar(SOURCE, true);
  let taken = 0;
  const property = fc.property(
    fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
    (choices) => {
      const text = sentence(grammar, choices);
      const { tokens, error } = lex(text, { approxTopk: true });
      if (error !== undefined || new MessageTable(OUR_TABLE).run(tokens) !== undefined) return;
      taken++;
      // Most are refused for what they mean: a parameter too many, an unwrap too few.
      assert.ok(!messageOf(text).includes("syntax error"), text);
    },
  );
  fc.assert(property, { numRuns: 2000, seed: 1 });
  assert.ok(taken > 1000, `${taken} sentences could be used`);
});

test("what Loki's table takes, ours takes", () => {
  const grammar = readGrammar(SOURCE, false);
  const property = fc.property(
    fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
    (choices) => {
      const text = sentence(grammar, choices);
      const plain = lex(text, { plain: true }).tokens;
      if (new MessageTable(LOKI_TABLE).run(plain) !== undefined) return;
      assert.equal(new MessageTable(OUR_TABLE).run(lex(text).tokens), undefined, text);
    },
  );
  fc.assert(property, { numRuns: 2000, seed: 2 });
});

/** Derives from the root by choices; when they are used up, by what ends soonest. */
function sentence({ productions }: Grammar, choices: readonly number[]): string {
  const nonterminals = new Set(productions.map(({ left }) => left));
  const words: string[] = [];
  const waiting: string[] = [productions[1]!.left];
  let used = 0;
  for (let symbol = waiting.pop(); symbol !== undefined; symbol = waiting.pop()) {
    if (!nonterminals.has(symbol)) {
      words.push(TEXTS[symbol] ?? (symbol === "IDENTIFIER" ? "a" : symbol.toLowerCase()));
      continue;
    }
    const ways = productions.filter(({ left }) => left === symbol);
    // The productions that are written first do not come back to themselves.
    const way = used < choices.length ? ways[choices[used++]! % ways.length]! : ways[0]!;
    waiting.push(...way.right.toReversed());
  }
  return words.join(" ");
}

function messageOf(text: string): string {
  try {
    parseQuery(text, { approxTopk: true });
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
