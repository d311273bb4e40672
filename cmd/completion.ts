/** `lokits completion SHELL`: a script that completes commands and options, made from their definitions. */
import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import { printBash } from "./completion-bash.ts";
import { printFish } from "./completion-fish.ts";
import { printZsh } from "./completion-zsh.ts";
import { type Described, described } from "./described.ts";
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

const SCRIPTS: Readonly<Record<string, (commands: readonly Described[]) => string>> = {
  bash: printBash,
  zsh: printZsh,
  fish: printFish,
};
