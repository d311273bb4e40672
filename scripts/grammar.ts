/**
 * Makes of core/logql/syntax's grammars what is loaded at run time: `bun scripts/grammar.ts` writes the
 * files again, `--check` says whether they are up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { grammar } from "ohm-js";
import { charOf, kindOf } from "../core/logql/syntax/tokens.ts";
import { type Grammar, makeStates, readGrammar } from "./lalr.ts";

const FOLDER = resolve(import.meta.dirname, "../core/logql/syntax");

/** The generated files: their names in core/logql/syntax and what must stand in them. */
export function generated(): Map<string, string> {
  const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
  return new Map([
    ["grammar.gen.ts", recipeModule(read("grammar.ohm"))],
    ["messages.gen.ts", messagesModule(read("messages.bnf"))],
  ]);
}

/** Names of those that are not what they must be. */
export function outdated(): string[] {
  return [...generated()]
    .filter(([name, text]) => readFileSync(join(FOLDER, name), "utf8") !== text)
    .map(([name]) => name);
}

/** The grammar's recipe, in which each token is one character. */
function recipeModule(source: string): string {
  const overChars = source
    .split("\n")
    .map((line) => line.replace(/\/\/.*/, ""))
    .filter((line) => line.trim() !== "")
    .join("\n")
    .replace(/"([^"]+)"/g, (_all, name: string) => `"${escapeOf(name)}"`);
  // Ohm's types leave this one method out.
  const compiled = grammar(overChars) as unknown as { toRecipe(): string };
  return [
    "// Made by scripts/grammar.ts from grammar.ohm. Do not edit.",
    `export const RECIPE: readonly unknown[] = ${compiled.toRecipe().trim()};`,
    "",
  ].join("\n");
}

function messagesModule(source: string): string {
  return [
    "// Made by scripts/grammar.ts from messages.bnf. Do not edit.",
    "",
    "/** Of Loki 2.9.1. */",
    `export const LOKI_TABLE = \`\n${printTable(readGrammar(source, false))}\`;`,
    "",
    "/** Of all that we parse. */",
    `export const OUR_TABLE = \`\n${printTable(readGrammar(source, true))}\`;`,
    "",
  ].join("\n");
}

/**
 * First the productions as `left:size`, then a line for each state: `token>state …;left>state …;always;
 * token<production …`. Tokens are kinds, nonterminals and productions are counted from 0.
 */
function printTable(grammar: Grammar): string {
  const nonterminal = (name: string) => grammar.nonterminals.indexOf(name);
  const list = (map: ReadonlyMap<string, number>, sign: string, index: (name: string) => number) =>
    [...map].map(([name, value]) => `${index(name)}${sign}${value}`).join(" ");
  const productions = grammar.productions.map(
    ({ left, right }) => `${nonterminal(left)}:${right.length}`,
  );
  const states = makeStates(grammar).map(({ shifts, gotos, always, reductions }) =>
    [
      list(shifts, ">", kindOf),
      list(gotos, ">", nonterminal),
      always ?? "",
      list(reductions, "<", kindOf),
    ].join(";"),
  );
  return [productions.join(" "), ...states, ""].join("\n");
}

function escapeOf(name: string): string {
  return `\\u${charOf(kindOf(name)).charCodeAt(0).toString(16)}`;
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const old = outdated();
    if (old.length > 0) console.error(`out of date: ${old.join(", ")}`);
    process.exitCode = old.length > 0 ? 1 : 0;
  } else {
    for (const [name, text] of generated()) writeFileSync(join(FOLDER, name), text);
  }
}
