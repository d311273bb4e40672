/** The completion for zsh: a function for `_arguments`, with what each option is for. */
import type { Described } from "./described.ts";

export function printZsh(commands: readonly Described[]): string {
  const first = commands.filter(({ name }) => !name.includes(" "));
  const names = first.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const globals = commands.find(({ name }) => name === "labels")!;
  const cases = first.map((command) => {
    const tools = commands.filter(({ name }) => name.startsWith(`${command.name} `));
    if (tools.length === 0) return `    ${command.name}) ${printArguments(command)} ;;`;
    const inner = tools.map((tool) => {
      const word = tool.name.slice(command.name.length + 1);
      return `      ${word}) shift words; (( CURRENT-- )); ${printArguments(tool)} ;;`;
    });
    return `    ${command.name}) case "\${words[2]}" in
${inner.join("\n")}
      *) ${printArguments(command)} ;;
    esac ;;`;
  });
  return `#compdef lokits
_lokits() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  # Options of servers and of output may stand before the command.
  local -i at=2
  while (( at < CURRENT )) && (( ! \${commands[(I)\${words[at]}:*]} )); do (( at++ )); done
  if (( at >= CURRENT )); then
    _describe command commands
    ${printArguments({ ...globals, positionals: [], actions: [] })}
    return
  fi
  local command="\${words[at]}"
  words=("\${(@)words[at,-1]}")
  (( CURRENT -= at - 1 ))
  case "$command" in
${cases.join("\n")}
  esac
}
_lokits "$@"
`;
}

function printArguments({ options, actions, positionals }: Described): string {
  const specs = options.flatMap(({ name, short, summary, takesValue, choices }) => {
    const value = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
    const rest = `[${quoted(summary)}]${takesValue ? `:value:${value}` : ""}`;
    const letter = short === undefined ? [] : [`'*-${short}${takesValue ? "+" : ""}${rest}'`];
    return [...letter, `'*--${name}${takesValue ? "=" : ""}${rest}'`];
  });
  if (actions.length > 0) specs.push(`'1:action:(${actions.join(" ")})'`);
  else if (positionals.length > 0) specs.push("'*:argument:_files'");
  return `_arguments -s ${specs.join(" \\\n      ")}`;
}

function quoted(words: string): string {
  return words.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
}
