/** `lokits stats QUERY`: what the index says of a selection's size. */
import { type ArgsDef, defineCommand } from "citty";
import { printByteSize } from "../core/golang/bytes-size.ts";
import { numberIn } from "./answers.ts";
import { ASKER_ARGS, askerFlags, askerOf } from "./asker.ts";
import { UsageError } from "./flags.ts";
import { print, wantsColour } from "./output.ts";

const args: ArgsDef = {
  query: { type: "positional", description: "Selector", required: true },
  ...ASKER_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "stats",
    description: `Say how many bytes, chunks, streams and entries a selector has, by the index alone

Examples:
  lokits stats '{namespace="shop"}' --since 24h
  lokits stats '{app=~".+"}' --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => stats(rawArgs),
});

async function stats(rawArgs: readonly string[]): Promise<number> {
  const flags = askerFlags(rawArgs, { args });
  const [query] = flags.positionals;
  if (query === undefined) throw new UsageError("a query is wanted");
  const asker = await askerOf(flags);
  const params = asker.window();
  params.set("query", query);
  const body = await asker.get("/loki/api/v1/index/stats", params);
  const [bytes, chunks, streams, entries] = ["bytes", "chunks", "streams", "entries"].map((name) =>
    numberIn(body, name),
  );
  if (flags.text("output") === "jsonl") {
    await print([JSON.stringify({ bytes, chunks, streams, entries })]);
    return 0;
  }
  const key = (name: string) => (wantsColour() ? `\x1b[34m${name}\x1b[0m` : name);
  await print([
    "{",
    `  ${key("bytes")}: ${printByteSize(bytes!)}`,
    `  ${key("chunks")}: ${chunks}`,
    `  ${key("streams")}: ${streams}`,
    `  ${key("entries")}: ${entries}`,
    "}",
  ]);
  return 0;
}
