/** Command lines as logcli takes them, put into the order of ours: loaded only when a line begins with an option. */
import { CLIENT_ARGS } from "./client-flags.ts";
import { COMMANDS } from "./commands.ts";
import { LINE_ARGS } from "./query-flags.ts";

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
