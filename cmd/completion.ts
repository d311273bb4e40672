/** `lokits completion SHELL`: a script that completes commands and options, made from their definitions. */
import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import { ACTIONS, COMMANDS } from "./commands.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { writeStdout } from "./output.ts";

const args: ArgsDef = {
  shell: { type: "positional", description: "bash, zsh or fish", required: true },
};

export const command: CommandDef = defineCommand({
  meta: {
    name: "completion",
    description: `Print a script that completes lokits in your shell

Examples:
  lokits completion bash > /etc/bash_completion.d/lokits
  lokits completion zsh > "\${fpath[1]}/_lokits"
  lokits completion fish > ~/.config/fish/completions/lokits.fish`,
  },
  args,
  run: async ({ rawArgs }) => {
    const [shell] = parseFlags(rawArgs, { args: {} }).positionals;
    const print = shell === undefined ? undefined : SCRIPTS[shell];
    if (print === undefined)
      throw new UsageError(`expected bash, zsh or fish but got "${shell ?? ""}"`);
    await writeStdout(print(await described()));
    return 0;
  },
});

export interface Described {
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

/** Every command as its definition has it. */
export async function described(): Promise<Described[]> {
  const all: Described[] = [];
  for (const [name, load] of Object.entries(COMMANDS)) {
    const command = await load();
    const [summary = "", ...rest] = (await descriptionOf(command)).split("\n");
    const entries = Object.entries((command.args ?? {}) as ArgsDef);
    all.push({
      name,
      summary,
      details: rest.join("\n").trim(),
      options: entries.filter(([, { type }]) => type !== "positional").map(describeOption),
      positionals: entries
        .filter(([, { type }]) => type === "positional")
        .map(([each, { description = "", required = false }]) => {
          return { name: each, summary: description, required: required === true };
        }),
      actions: ACTIONS[name] ?? [],
    });
  }
  return all;
}

/** What it says of itself, examples and all. */
export async function descriptionOf({ meta }: CommandDef): Promise<string> {
  const known = await (typeof meta === "function" ? meta() : meta);
  return known?.description ?? "";
}

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

const SCRIPTS: Readonly<Record<string, (commands: readonly Described[]) => string>> = {
  bash: printBash,
  zsh: printZsh,
  fish: printFish,
};

function printBash(commands: readonly Described[]): string {
  const cases = commands.map(({ name, options, actions }) => {
    const words = [...actions, ...options.map((option) => `--${option.name}`)].join(" ");
    return `    ${name}) words="${words}" ;;`;
  });
  const choices = choicesOf(commands).map(
    ([option, values]) =>
      `    --${option}) COMPREPLY=($(compgen -W "${values}" -- "$cur")); return ;;`,
  );
  return `# bash completion for lokits
_lokits() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$cur"))
    return
  fi
  case "$prev" in
${choices.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lokits lokits
`;
}

function choicesOf(commands: readonly Described[]): [string, string][] {
  const known = new Map<string, string>();
  for (const { options } of commands) {
    for (const { name, choices } of options) {
      if (choices.length > 0 && !known.has(name)) known.set(name, choices.join(" "));
    }
  }
  return [...known];
}

function printZsh(commands: readonly Described[]): string {
  const text = (words: string) => words.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
  const names = commands.map(({ name, summary }) => `    '${name}:${text(summary)}'`);
  const cases = commands.map(({ name, options, actions }) => {
    const specs = options.map(({ name: option, summary, takesValue, choices }) => {
      const value = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
      return `'--${option}[${text(summary)}]${takesValue ? `:value:${value}` : ""}'`;
    });
    const first = actions.length > 0 ? `'1:action:(${actions.join(" ")})'` : "'*:argument:_files'";
    return `    ${name}) _arguments ${[...specs, first].join(" \\\n      ")} ;;`;
  });
  return `#compdef lokits
_lokits() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
_lokits "$@"
`;
}

function printFish(commands: readonly Described[]): string {
  const text = (words: string) => `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = ["# fish completion for lokits"];
  for (const { name, summary, options, actions } of commands) {
    lines.push(`complete -c lokits -n __fish_use_subcommand -f -a ${name} -d ${text(summary)}`);
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const action of actions) lines.push(`complete -c lokits ${when} -a ${action}`);
    for (const { name: option, short, summary, takesValue, choices } of options) {
      const letter = short === undefined ? "" : ` -s ${short}`;
      const value = choices.length > 0 ? ` -x -a '${choices.join(" ")}'` : takesValue ? " -r" : "";
      lines.push(`complete -c lokits ${when} -l ${option}${letter}${value} -d ${text(summary)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
