/**
 * Options of subcommands. citty prints them; node:util parses them, since it refuses unknown names and
 * collects repeated ones, which a script relies on.
 */
import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";

/** What the user typed makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface Flags {
  /** The text of an option, or of its environment variable; undefined when neither is set. */
  text(name: string): string | undefined;
  /** Every value of an option that may be repeated. */
  list(name: string): readonly string[];
  on(name: string): boolean;
  /** A whole number at least `least`. */
  count(name: string, least?: number): number | undefined;
  readonly positionals: readonly string[];
}

/** Options as citty knows them, and which may come more than once or from the environment. */
export interface FlagsOptions {
  readonly args: ArgsDef;
  readonly repeatable?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export function parseFlags(
  rawArgs: readonly string[],
  { args, repeatable = [], environment = {} }: FlagsOptions,
): Flags {
  const options: Record<
    string,
    { type: "string" | "boolean"; short?: string; multiple?: boolean }
  > = {};
  for (const [name, { type, ...def }] of Object.entries(args)) {
    if (type === "positional") continue;
    const alias =
      "alias" in def ? [def.alias ?? []].flat().find((text) => text.length === 1) : undefined;
    options[name] = {
      type: type === "boolean" ? "boolean" : "string",
      ...(alias !== undefined && { short: alias }),
      ...(repeatable.includes(name) && { multiple: true }),
    };
  }
  const { values, positionals } = parse(spelledOut(rawArgs, args), options);
  const text = (name: string): string | undefined => {
    const value = values[name] ?? (environment[name] && process.env[environment[name]]);
    const chosen = typeof value === "string" && value !== "" ? value : undefined;
    checkChoice(name, chosen, args[name]);
    return chosen ?? defaultOf(args[name]);
  };
  return {
    text,
    list: (name) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
    on: (name) => values[name] === true || isTrue(environment[name]),
    count: (name, least = 0) => {
      const given = text(name);
      if (given === undefined) return undefined;
      const number = Number(given);
      if (!Number.isInteger(number) || number < least) {
        throw new UsageError(`--${name} is "${given}", want a whole number of at least ${least}`);
      }
      return number;
    },
    positionals,
  };
}

/** Other long names of options by the names they are known under. */
function spelledOut(rawArgs: readonly string[], args: ArgsDef): string[] {
  const names = new Map<string, string>();
  for (const [name, def] of Object.entries(args)) {
    const aliases = "alias" in def ? [def.alias ?? []].flat() : [];
    for (const alias of aliases) if (alias.length > 1) names.set(`--${alias}`, `--${name}`);
  }
  const end = rawArgs.indexOf("--");
  return rawArgs.map((arg, index) => {
    if (end >= 0 && index >= end) return arg;
    const cut = arg.indexOf("=");
    const name = cut < 0 ? arg : arg.slice(0, cut);
    return (names.get(name) ?? name) + (cut < 0 ? "" : arg.slice(cut));
  });
}

function parse(
  rawArgs: readonly string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>["options"] & object,
) {
  try {
    return parseArgs({ args: [...rawArgs], options, allowPositionals: true, strict: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(text.replaceAll(/\.?\n/g, "; "));
  }
}

function isTrue(variable: string | undefined): boolean {
  return (
    variable !== undefined &&
    ["1", "true", "yes"].includes((process.env[variable] ?? "").toLowerCase())
  );
}

function checkChoice(
  name: string,
  value: string | undefined,
  def: ArgsDef[string] | undefined,
): void {
  if (value === undefined || def?.type !== "enum" || def.options === undefined) return;
  if (!def.options.includes(value)) {
    throw new UsageError(
      `--${name}: enum value must be one of ${def.options.join(",")}, got '${value}'`,
    );
  }
}

function defaultOf(def: ArgsDef[string] | undefined): string | undefined {
  return def !== undefined && "default" in def && typeof def.default === "string"
    ? def.default
    : undefined;
}
