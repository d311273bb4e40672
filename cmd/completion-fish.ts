/** The completion for fish: a line for each command and each of its options. */
import type { Described } from "./described.ts";

export function printFish(commands: readonly Described[]): string {
  const lines = ["# fish completion for lokits"];
  for (const command of commands) {
    const { name, summary, actions } = command;
    const words = name.split(" ");
    const own = words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const hasTools = commands.some((other) => other.name.startsWith(`${name} `));
    const before = `${own}; and not __fish_seen_subcommand_from ${actions.join(" ")}`;
    const when = hasTools ? before : own;
    if (words.length === 1) {
      lines.push(`complete -c lokits -n __fish_use_subcommand -f -a ${name} -d ${text(summary)}`);
    }
    for (const action of actions) lines.push(`complete -c lokits -n '${before}' -f -a ${action}`);
    lines.push(...optionsOf(command, `'${when}'`));
    // Those of servers and of output may stand before the command.
    if (name === "labels") lines.push(...optionsOf(command, "__fish_use_subcommand"));
  }
  return `${lines.join("\n")}\n`;
}

function optionsOf({ options }: Described, when: string): string[] {
  return options.map(({ name, short, summary, takesValue, choices }) => {
    const letter = short === undefined ? "" : ` -s ${short}`;
    const value = choices.length > 0 ? ` -x -a '${choices.join(" ")}'` : takesValue ? " -r" : "";
    return `complete -c lokits -n ${when} -l ${name}${letter}${value} -d ${text(summary)}`;
  });
}

function text(words: string): string {
  return `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
