/**
 * Texts that are mostly no queries: every one is answered, with a tree or with the user's own mistake. Two
 * parsers are compared on the way, Ohm's that makes trees and the LALR tables that make messages: they
 * must take the same token sequences. `LOKITS_FUZZ=200000` tries more of them.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { BadRequest } from "../../model/errors.ts";
import { lex } from "./lexer.ts";
import { MessageTable } from "./message-table.ts";
import { OUR_TABLE } from "./messages.gen.ts";
import { parseQuery } from "./parse.ts";
import { printExpr } from "./print.ts";
import { exprs } from "./testing/trees.ts";

const RUNS = Number(process.env["LOKITS_FUZZ"] ?? 6_000) / 4;

const WORDS =
  `{ } ( ) [ ] [5m] , . = != =~ !~ |= |~ |> !> | == > >= < <= + - * / % ^ by without bool unwrap offset on
ignoring group_left group_right or and unless json regexp logfmt unpack pattern label_format line_format decolorize
drop keep rate( count_over_time( quantile_over_time( vector( sum sum( topk( label_replace( bytes( ip( "x" \`y\` "" a b
5 0.5 1e3 5m 1.5h 10KB --strict --arrays {a="b"} rate({a="b"}[1m]) |="x" |a=1 distinct sort first last desc of
variants( # // /* */ ' é 😀 \u0000 \ufeff @`.split(/\s+/);

test("parseQuery() answers any sequence of words", () => {
  const words = fc.array(fc.constantFrom(...WORDS, "\n"), { maxLength: 14 });
  given(
    fc.tuple(words, fc.constantFrom("", " ")).map(([list, blank]) => list.join(blank)),
    3,
  );
});

test("parseQuery() answers queries with a piece taken out, put in or doubled", () => {
  const place = fc.nat(10_000);
  given(
    fc
      .tuple(exprs, place, fc.nat(6), fc.constantFrom("", "", ...WORDS))
      .map(([tree, at, size, word]) => {
        const text = printExpr(tree);
        const index = at % (text.length + 1);
        return text.slice(0, index) + word + text.slice(index + size);
      }),
    4,
  );
});

test("parseQuery() answers any text", () => {
  given(fc.string({ unit: "binary", maxLength: 40 }), 5);
  given(fc.string({ unit: "grapheme-ascii", maxLength: 40 }), 6);
});

function given(texts: Arbitrary<string>, seed: number): void {
  fc.assert(fc.property(texts, checkOne), { numRuns: RUNS, seed });
}

function checkOne(text: string): void {
  const message = messageOf(text);
  const { tokens, error } = lex(text);
  if (error !== undefined) {
    assert.notEqual(message, undefined, `lexer: ${error.reason}`);
    return;
  }
  const isRead = new MessageTable(OUR_TABLE).run(tokens) === undefined;
  const isSyntaxError =
    message?.includes("syntax error") === true && !/pattern parser/.test(message);
  if (isRead) assert.equal(isSyntaxError, false, `only the tables take it: ${message}`);
  // Loki takes what follows `|= "x" or` for an alternative; a query there is refused for what it is.
  else assert.notEqual(message, undefined, "only the grammar takes it");
}

/** Undefined when the text is a query. */
function messageOf(text: string): string | undefined {
  try {
    parseQuery(text);
    return undefined;
  } catch (error) {
    if (error instanceof BadRequest) return error.message;
    throw error;
  }
}
