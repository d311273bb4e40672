/** `lokits compact`: one pass of the compactor, or with a word after it one of the tools for buckets. */
import { type ArgsDef, type CommandContext, type CommandDef, defineCommand } from "citty";
import { SILENT } from "../core/ports/journal.ts";
import { command as run } from "./compact-run.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { openBuckets } from "./wire/bucket.ts";

const tools: Record<string, () => Promise<CommandDef>> = {
  inspect: async () => (await import("./compact-inspect.ts")).command,
  verify: async () => (await import("./compact-verify.ts")).command,
  rebuild: async () => (await import("./compact-rebuild.ts")).command,
  migrate: async () => (await import("./compact-migrate.ts")).command,
  stats: async () => (await import("./compact-stats.ts")).command,
};

const summaries: Record<string, string> = {
  inspect: "show one chunk or index file",
  verify: "list what is missing, truncated, damaged or orphaned",
  rebuild: "make the index again from the chunks alone",
  migrate: "copy a bucket in another encoding, schema, tenant or a part of its time",
  stats: "count lines, bytes, streams and label values by tenant and day",
};

/** One pass, once it is sure that it was meant: a mistyped tool would change the bucket it was to look at. */
async function pass(context: CommandContext): Promise<unknown> {
  const { rawArgs } = context;
  const flags = parseFlags(rawArgs, { args: run.args as ArgsDef });
  const [word] = flags.positionals;
  if (word !== undefined) {
    const names = Object.keys(tools).join(", ");
    throw new UsageError(`there is no tool "${word}", want one of ${names}, or none for one pass`);
  }
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  if (store !== undefined || config !== undefined)
    await openBuckets({ store, config, journal: SILENT, existing: true });
  return await run.run?.(context);
}

/** The command that these arguments, those after `compact`, are for. */
export async function commandOf(args: readonly string[]): Promise<CommandDef> {
  const [word = ""] = args;
  return (await tools[word]?.()) ?? command;
}

export const command: CommandDef = defineCommand({
  ...run,
  run: pass,
  meta: async () => {
    const meta = await (typeof run.meta === "function" ? run.meta() : run.meta);
    const list = Object.entries(summaries).map(
      ([word, text]) => `  compact ${word.padEnd(8)} ${text}`,
    );
    return { ...meta, description: `${meta?.description}\n\nTools:\n${list.join("\n")}` };
  },
});
