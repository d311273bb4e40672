/**
 * Makes of core/logql/syntax's grammars what is loaded at run time: `bun scripts/grammar.ts` writes the
 * files again, `--check` says whether they are up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { grammar } from "ohm-js";
import { charOf, kindOf } from "../core/logql/syntax/tokens.ts";

const FOLDER = resolve(import.meta.dirname, "../core/logql/syntax");

/** The generated files: their names in core/logql/syntax and what must stand in them. */
export function generated(): Map<string, string> {
  const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
  return new Map([["grammar.gen.ts", recipeModule(read("grammar.ohm"))]]);
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
