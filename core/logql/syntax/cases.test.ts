/** The text cases of fixtures/logql-parse: what parses to what, how it prints, and what is refused in which words. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ParseError } from "./errors.ts";
import { parseQuery } from "./parse.ts";
import { prettyExpr } from "./pretty.ts";
import { printExpr } from "./print.ts";
import { type Case, printTree, readCases } from "./testing/cases.ts";

const FOLDER = new URL("../../../fixtures/logql-parse/", import.meta.url);

const CHECKS: Readonly<Record<string, (given: Case) => void>> = {
  refuse: ({ query, expected }) => {
    assert.equal(messageOf(query), expected);
  },
  tree: ({ query, expected }) => {
    assert.equal(printTree(parseQuery(query)), expected);
  },
  same: ({ query, expected }) => {
    assert.deepEqual(parseQuery(query), parseQuery(expected));
  },
  print: ({ query, expected }) => {
    const tree = parseQuery(query);
    assert.equal(printExpr(tree), expected);
    assert.deepEqual(parseQuery(expected), tree);
  },
  pretty: ({ query, expected }) => {
    const tree = parseQuery(query);
    assert.equal(prettyExpr(tree), expected);
    assert.deepEqual(parseQuery(expected), tree);
  },
};

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".test"))) {
  const cases = readCases(readFileSync(new URL(name, FOLDER), "utf8"));
  test(`parseQuery() answers the ${cases.length} cases of ${name}`, () => {
    assert.ok(cases.length > 0);
    for (const given of cases) {
      const check = CHECKS[given.word];
      assert.ok(check, `${name}:${given.line}: no check is named ${given.word}`);
      try {
        check(given);
      } catch (error) {
        throw new Error(`${name}:${given.line}: ${given.query}`, { cause: error });
      }
    }
  });
}

function messageOf(query: string): string {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
  return "accepted";
}
