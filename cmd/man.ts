/** `lokits man`: the manual page, made from the definitions of the commands. */
import { type CommandDef, defineCommand } from "citty";
import { type Described, type DescribedOption, described } from "./described.ts";
import { writeStdout } from "./output.ts";
import { VERSION } from "./version.ts";

export const command: CommandDef = defineCommand({
  meta: {
    name: "man",
    description: `Print the manual page

Examples:
  lokits man | man -l -
  lokits man > /usr/local/share/man/man1/lokits.1`,
  },
  run: async () => {
    await writeStdout(printMan(await described()));
    return 0;
  },
});

function printMan(commands: readonly Described[]): string {
  return `.TH LOKITS 1 "" "lokits ${VERSION}" "User Commands"
.SH NAME
lokits \\- a log database for Grafana Loki\\(aqs buckets, and a CLI for them
.SH SYNOPSIS
.B lokits
.I command
.RI [ options ]
.SH COMMANDS
${commands.map(printCommand).join("\n")}
.SH ENVIRONMENT
LOKI_ADDR, LOKI_ORG_ID, LOKI_USERNAME, LOKI_PASSWORD, LOKI_BEARER_TOKEN and the
others that options name stand for these options.
NO_COLOR turns colours off.
.SH EXIT STATUS
0 when all went well, 1 when something failed or a \\-\\-fail\\-on option
applies, 2 when the command line makes no sense, 130 after Ctrl\\-C.
`;
}

function printCommand({
  name,
  summary,
  details,
  options,
  positionals,
  actions,
}: Described): string {
  const words = positionals.map(({ name: each, required }) => (required ? each : `[${each}]`));
  const heads = actions.length > 0 ? [`[${actions.join("|")}]`] : [];
  const lines = [
    `.SS "${troff(["lokits", name, ...heads, ...words].join(" "))}"`,
    troff(summary),
    ...positionals.map(({ name: each, summary: text }) => `.TP\n.I ${each}\n${troff(text)}`),
    ...options.map(printOption),
  ];
  if (details !== "") lines.push(".PP", ".nf", troff(details), ".fi");
  return lines.join("\n");
}

function printOption({
  name,
  short,
  summary,
  takesValue,
  valueHint,
  choices,
  fallback,
}: DescribedOption): string {
  // A line may be broken after each of many words.
  const value = choices.length > 0 ? choices.map(troff).join("|\\:") : troff(valueHint);
  const head = `\\-\\-${troff(name)}${takesValue ? ` ${value}` : ""}`;
  const letter = short === undefined ? "" : `\\-${short}, `;
  const rest = fallback === undefined || fallback === "" ? "" : ` (default ${troff(fallback)})`;
  return `.TP\n.B ${letter}${head}\n${troff(summary)}${rest}`;
}

/** A line may not begin like a request; hyphens, quotes and the like stay what can be copied. */
function troff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll(/[-'`^~]/g, (mark) => MARKS[mark]!)
    .replaceAll(/^\./gm, "\\&.")
    .replaceAll(/[^\n\x20-\x7e]/gu, (letter) => `\\[u${hex(letter)}]`);
}

const MARKS: Readonly<Record<string, string>> = {
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

function hex(letter: string): string {
  return letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
}
