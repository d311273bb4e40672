/** The subcommands, each loaded when it is asked for. */
import type { CommandDef } from "citty";

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
  "hash-password": async () => (await import("./hash-password.ts")).command,
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
