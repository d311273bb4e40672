/** The text cases of fixtures/logql-parse; its README has the form. */

export interface Case {
  readonly word: string;
  readonly query: string;
  readonly expected: string;
  /** Of the case in its file, for messages. */
  readonly line: number;
}

export function readCases(text: string): Case[] {
  const cases: Case[] = [];
  const lines = text.split("\n");
  lines.forEach((line, index) => {
    const match = /^([a-z]+) {2}(.*)$/.exec(line);
    if (match === null) return;
    const end = lines.findIndex((next, at) => at > index && !next.startsWith("  "));
    const body = lines.slice(index + 1, end < 0 ? undefined : end);
    cases.push({
      word: match[1]!,
      query: unmasked(match[2]!),
      expected: unmasked(body.map((part) => part.slice(2)).join("\n")),
      line: index + 1,
    });
  });
  return cases;
}

function unmasked(text: string): string {
  return text.replaceAll("⏎", "\n").replaceAll("␠", " ");
}

/** A tree on one line: `log(matchers=[{a="b"}] …)`. What is empty or false is left out. */
export function printTree(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(printTree).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const { kind = "", ...fields } = value as Record<string, unknown>;
  const shown = Object.entries(fields)
    .filter(([, field]) => field !== false && !(Array.isArray(field) && field.length === 0))
    .map(([name, field]) => `${name}=${printTree(field)}`);
  return `${kind}(${shown.join(" ")})`;
}
