/** Commands and their options as data, from their definitions: for completions, the manual page and the overview. */
import type { ArgsDef, CommandDef } from "citty";
import { PROCESS_FLAGS } from "../core/config/flags.ts";
import { ACTIONS, COMMANDS } from "./commands.ts";

export interface Described {
  /** Of a tool of a command both words: `compact verify`. */
  readonly name: string;
  /** The first line of its description. */
  readonly summary: string;
  /** What is below it: examples. */
  readonly details: string;
  readonly options: readonly DescribedOption[];
  readonly positionals: readonly { name: string; summary: string; required: boolean }[];
  readonly actions: readonly string[];
}

export interface DescribedOption {
  readonly name: string;
  readonly short: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly valueHint: string;
  readonly choices: readonly string[];
  readonly fallback: string | undefined;
}

/** Every command as its definition has it; after one with tools of their own these. */
export async function described(): Promise<Described[]> {
  const all: Described[] = [];
  for (const [name, load] of Object.entries(COMMANDS)) {
    const command = await load();
    const actions = ACTIONS[name] ?? [];
    all.push(await describe(name, command, actions));
    for (const action of actions) {
      const tool = await load([action]);
      if (tool !== command) all.push(await describe(`${name} ${action}`, tool, []));
    }
  }
  return all;
}

async function describe(
  name: string,
  command: CommandDef,
  actions: readonly string[],
): Promise<Described> {
  const [summary = "", ...rest] = (await descriptionOf(command)).split("\n");
  const entries = Object.entries((command.args ?? {}) as ArgsDef);
  return {
    name,
    summary,
    details: rest.join("\n").trim(),
    options: [
      ...(name === "serve" ? SERVE_OPTIONS : []),
      ...entries.filter(([, { type }]) => type !== "positional").map(describeOption),
      HELP,
    ],
    positionals: entries
      .filter(([, { type }]) => type === "positional")
      .map(([each, { description = "", required = false }]) => {
        return { name: each, summary: description, required: required === true };
      }),
    actions,
  };
}

const HELP = describeOption([
  "help",
  { type: "boolean", alias: "h", description: "Print this help" },
]);

/** What it says of itself, examples and all. */
async function descriptionOf({ meta }: CommandDef): Promise<string> {
  const known = await (typeof meta === "function" ? meta() : meta);
  return known?.description ?? "";
}

/** What the daemon takes beside a flag for every key of its configuration, which are too many to offer. */
const SERVE_OPTIONS = Object.entries(PROCESS_FLAGS)
  .filter(([name]) => name !== "h" && name !== "help")
  .map(([name, description]) => {
    const type = name === "config.file" ? "string" : "boolean";
    return describeOption([name, { type, description, valueHint: "FILE" }]);
  });

function describeOption([name, def]: [string, ArgsDef[string]]): DescribedOption {
  const aliases = "alias" in def ? [def.alias ?? []].flat() : [];
  return {
    name,
    short: aliases.find((alias) => alias.length === 1),
    summary: def.description ?? "",
    takesValue: def.type !== "boolean",
    valueHint: def.valueHint ?? "TEXT",
    choices: def.type === "enum" ? (def.options ?? []) : [],
    fallback: "default" in def && typeof def.default === "string" ? def.default : undefined,
  };
}
