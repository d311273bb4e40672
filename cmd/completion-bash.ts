/** The completion for bash, as plain as bash 4 has it: no bash-completion package is needed. */
import type { Described } from "./described.ts";

export function printBash(commands: readonly Described[]): string {
  const names = commands.map(({ name }) => name).filter((name) => !name.includes(" "));
  const globals = commands.find(({ name }) => name === "labels")!.options;
  const cases = commands.map(({ name, options, actions }) => {
    const words = [...actions, ...flagsOf(options)].join(" ");
    return `    "${name}") words="${words}" ;;`;
  });
  const valued = commands.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  const choices = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const option of valued) {
    const spellings = [
      `--${option.name}`,
      ...(option.short === undefined ? [] : [`-${option.short}`]),
    ];
    for (const spelling of spellings) {
      if (option.choices.length === 0) others.add(spelling);
      else choices.set(spelling, new Set([...(choices.get(spelling) ?? []), ...option.choices]));
    }
  }
  const offers = [...choices].map(
    ([spelling, values]) =>
      `    ${spelling}) COMPREPLY=($(compgen -W "${[...values].join(" ")}" -- "$cur")); return ;;`,
  );
  const files = [...others].filter((spelling) => !choices.has(spelling)).join("|");
  return `# bash completion for lokits
_lokits() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" action="" words="" at
  # Bash cuts --name=value into three words.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  COMPREPLY=()
  case "$prev" in
${offers.join("\n")}
    ${files}) return ;;
  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${names.join("|")}|help)
        command="\${COMP_WORDS[at]}"
        if ((at + 1 < COMP_CWORD)); then action="\${COMP_WORDS[at+1]}"; fi
        break ;;
    esac
  done
  case "$command $action" in
${commands
  .filter(({ name }) => name.includes(" "))
  .map(({ name }) => `    "${name}") command="${name}" ;;`)
  .join("\n")}
  esac
  case "$command" in
    "") words="${[...names, "help", ...flagsOf(globals)].join(" ")}" ;;
    help) words="${names.join(" ")}" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lokits lokits
`;
}

function flagsOf(options: Described["options"]): string[] {
  return options.map(({ name }) => `--${name}`);
}
