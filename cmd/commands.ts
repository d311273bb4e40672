/** The subcommands, each loaded when it is asked for. */
import type { CommandDef } from "citty";
import { CLIENT_ARGS } from "./client-flags.ts";
import { LINE_ARGS } from "./query-flags.ts";

/** Each with the arguments after its name, of which the first may choose among commands of that name. */
export const COMMANDS: Record<string, (args?: readonly string[]) => Promise<CommandDef>> = {
  serve: async () => (await import("./serve.ts")).command,
  query: async () => (await import("./query.ts")).command,
  tail: async () => (await import("./tail.ts")).command,
  ingest: async () => (await import("./ingest.ts")).command,
  compact: async (args = []) => (await import("./compact.ts")).commandOf(args),
  "wal-replay": async () => (await import("./wal-replay.ts")).command,
  "instant-query": async () => (await import("./query.ts")).instantCommand,
  labels: async () => (await import("./labels.ts")).command,
  series: async () => (await import("./series.ts")).command,
  stats: async () => (await import("./stats.ts")).command,
  volume: async () => (await import("./volume.ts")).command,
  volume_range: async () => (await import("./volume.ts")).rangeCommand,
  "detected-fields": async () => (await import("./detected-fields.ts")).command,
  delete: async () => (await import("./delete.ts")).command,
  completion: async () => (await import("./completion.ts")).command,
  man: async () => (await import("./man.ts")).command,
  fmt: async () => (await import("./fmt.ts")).command,
};

/** Words that some of them take first. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  compact: ["verify", "rebuild", "inspect", "migrate", "stats"],
  delete: ["create", "list", "cancel"],
  completion: ["bash", "zsh", "fish"],
};

/** kingpin's options that are commands here. */
const OLD_WORDS: Readonly<Record<string, readonly string[]>> = {
  "--completion-script-bash": ["completion", "bash"],
  "--completion-script-zsh": ["completion", "zsh"],
  "--help-man": ["man"],
  "--help-long": ["--help"],
};

/** logcli takes its options before the command as well: `lokits --addr URL -q labels`. */
export function commandFirst(args: readonly string[]): string[] {
  const known = { ...CLIENT_ARGS, ...LINE_ARGS };
  const words = OLD_WORDS[args[0] ?? ""];
  if (words !== undefined) return [...words, ...args.slice(1)];
  let at = 0;
  while (args[at]?.startsWith("-")) {
    const name = args[at]!.replace(/^--?/, "");
    const def = Object.entries(known).find(
      ([long, each]) => long === name || ("alias" in each && each.alias === name),
    )?.[1];
    if (def === undefined && !name.includes("=")) return [...args];
    at += name.includes("=") || def?.type === "boolean" ? 1 : 2;
  }
  const command = args[at];
  if (at === 0 || command === undefined || COMMANDS[command] === undefined) return [...args];
  return [command, ...args.slice(0, at), ...args.slice(at + 1)];
}
