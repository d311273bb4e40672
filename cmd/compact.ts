/** `lokits compact`: one pass of the compactor, or with a word after it one of the tools for buckets. */
import { type CommandDef, defineCommand } from "citty";
import { command as run } from "./compact-run.ts";

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

/** The command that these arguments, those after `compact`, are for. */
export async function commandOf(args: readonly string[]): Promise<CommandDef> {
  const [word = ""] = args;
  return (await tools[word]?.()) ?? command;
}

export const command: CommandDef = defineCommand({
  ...run,
  meta: async () => {
    const meta = await (typeof run.meta === "function" ? run.meta() : run.meta);
    const list = Object.entries(summaries).map(
      ([word, text]) => `  compact ${word.padEnd(8)} ${text}`,
    );
    return { ...meta, description: `${meta?.description}\n\nTools:\n${list.join("\n")}` };
  },
});
