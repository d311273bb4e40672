/** `lokits fmt`: the query of standard input, laid out for people. */
import { defineCommand } from "citty";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { prettyExpr } from "../core/logql/syntax/pretty.ts";
import { parseFlags } from "./flags.ts";

export const command = defineCommand({
  meta: {
    name: "fmt",
    description: `Lay out a query from standard input

Examples:
  echo 'sum(rate({app="x"}|json|status>=500[5m]))' | lokits fmt`,
  },
  run: ({ rawArgs }) => fmt(rawArgs),
});

async function fmt(rawArgs: readonly string[]): Promise<number> {
  parseFlags(rawArgs, { args: {} });
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  try {
    console.log(prettyExpr(parseQuery(Buffer.concat(pieces).toString().trim())));
  } catch (error) {
    throw new Error(`unable to format logql: ${error instanceof Error ? error.message : error}`);
  }
  return 0;
}
