/** Command lines as logcli takes them, put into the order of ours: loaded only when a line begins with an option. */
import type { ArgsDef } from "citty";
import { CLIENT_ARGS } from "./client-flags.ts";
import { COMMANDS } from "./commands.ts";
import { LINE_ARGS, STORE_ARGS } from "./query-flags.ts";

/** kingpin's options that are commands here. */
const OLD_WORDS: Readonly<Record<string, readonly string[]>> = {
  "--completion-script-bash": ["completion", "bash"],
  "--completion-script-zsh": ["completion", "zsh"],
  "--help-man": ["man"],
  "--help-long": ["help", "--long"],
};

const KNOWN: ArgsDef = { ...CLIENT_ARGS, ...STORE_ARGS, ...LINE_ARGS };

/** logcli takes its options before the command as well: `lokits --addr URL -qojsonl labels`. */
export function commandFirst(args: readonly string[]): string[] {
  const words = OLD_WORDS[args[0] ?? ""];
  if (words !== undefined) return [...words, ...args.slice(1)];
  let at = 0;
  while (args[at]?.startsWith("-")) {
    const taken = args[at]!.startsWith("--") ? wordsOfLong(args[at]!) : wordsOfShort(args[at]!);
    if (taken === undefined) return [...args];
    at += taken;
  }
  const command = args[at];
  if (at === 0 || command === undefined || COMMANDS[command] === undefined) return [...args];
  return [command, ...args.slice(0, at), ...args.slice(at + 1)];
}

/** How many words `--name`, `--no-name` or `--name=value` takes; undefined when nobody knows it. */
function wordsOfLong(word: string): number | undefined {
  if (word.includes("=")) return 1;
  const name = word.slice(2);
  const def = known(name);
  if (def !== undefined) return def.type === "boolean" ? 1 : 2;
  return name.startsWith("no-") && known(name.slice(3))?.type === "boolean" ? 1 : undefined;
}

/** The same of letters in one word: the first that wants a value takes the rest, or the next word. */
function wordsOfShort(word: string): number | undefined {
  for (const [index, letter] of [...word].entries()) {
    if (index === 0) continue;
    const def = known(letter);
    if (def === undefined) return undefined;
    if (def.type !== "boolean") return index === word.length - 1 ? 2 : 1;
  }
  return 1;
}

function known(name: string): ArgsDef[string] | undefined {
  const named = Object.entries(KNOWN).find(
    ([long, def]) => long === name || ("alias" in def && [def.alias].flat().includes(name)),
  );
  return named?.[1];
}
