/** `lokits fmt`: the query of standard input, laid out for people. */
import { type ArgsDef, defineCommand } from "citty";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { prettyExpr } from "../core/logql/syntax/pretty.ts";
import { CLIENT_ARGS, CLIENT_REPEATABLE, GLOBAL_ARGS } from "./client-flags.ts";
import { parseFlags } from "./flags.ts";
import { print } from "./output.ts";
import { OUTPUT_ARG } from "./query-flags.ts";

/** No server is asked, but what logcli takes for every command is taken. */
const args: ArgsDef = { output: OUTPUT_ARG, ...CLIENT_ARGS, ...GLOBAL_ARGS };

export const command = defineCommand({
  meta: {
    name: "fmt",
    description: `Lay out a query from standard input

Examples:
  echo 'sum(rate({app="x"}|json|status>=500[5m]))' | lokits fmt`,
  },
  args,
  run: ({ rawArgs }) => fmt(rawArgs),
});

async function fmt(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, { args, repeatable: CLIENT_REPEATABLE });
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  await print([lineOf(Buffer.concat(pieces).toString().trim(), flags.text("output"))]);
  return 0;
}

function lineOf(query: string, output: string | undefined): string {
  try {
    const text = prettyExpr(parseQuery(query));
    return output === "jsonl" ? JSON.stringify({ query: text }) : text;
  } catch (error) {
    throw new Error(`unable to format logql: ${error instanceof Error ? error.message : error}`);
  }
}
