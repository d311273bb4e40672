/**
 * Options of subcommands. citty prints them; node:util cuts the line into words, and here they are held
 * against what is known: unknown names are refused, repeated ones collected, and refusals are in the
 * words of logcli, which scripts and people know.
 */
import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { nearest } from "../core/config/nearest.ts";

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
  /** Whether the line itself has it. */
  given(name: string): boolean;
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
  const { values, lists, positionals } = parse(spelledOut(rawArgs, args), optionsOf(args));
  const text = (name: string): string | undefined => {
    const value = values.get(name) ?? (environment[name] && process.env[environment[name]]);
    const chosen = typeof value === "string" && value !== "" ? value : undefined;
    checkChoice(name, chosen, args[name]);
    return chosen ?? defaultOf(args[name]);
  };
  return {
    text,
    list: (name) => (repeatable.includes(name) ? (lists.get(name) ?? []) : []),
    on: (name) => {
      const value = values.get(name);
      return typeof value === "boolean" ? value : isTrue(environment[name]);
    },
    given: (name) => values.has(name),
    count: (name, least = 0) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (!Number.isInteger(number) || number < least) {
        throw new UsageError(`--${name} is "${value}", want a whole number of at least ${least}`);
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

type Options = Record<string, { type: "string" | "boolean"; short?: string }>;

function optionsOf(args: ArgsDef): Options {
  const options: Options = {};
  for (const [name, { type, ...def }] of Object.entries(args)) {
    if (type === "positional") continue;
    const alias =
      "alias" in def ? [def.alias ?? []].flat().find((text) => text.length === 1) : undefined;
    options[name] = {
      type: type === "boolean" ? "boolean" : "string",
      ...(alias !== undefined && { short: alias }),
    };
  }
  return options;
}

interface Parsed {
  /** Of an option that came more than once the last. */
  readonly values: ReadonlyMap<string, string | boolean>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

function parse(rawArgs: readonly string[], options: Options): Parsed {
  const args = [...rawArgs];
  const { tokens, positionals } = parseArgs({
    ...{ args, options, tokens: true, strict: false, allowPositionals: true },
  });
  const values = new Map<string, string | boolean>();
  const lists = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = options[name];
    if (option === undefined || (!rawName.startsWith("--") && option.short !== rawName.slice(1))) {
      const positive = name.replace(/^no-/, "");
      if (options[positive]?.type !== "boolean" || positive === name || value !== undefined)
        throw unknown(rawName, options);
      values.set(positive, false);
    } else if (option.type === "boolean") {
      if (value !== undefined && value !== "true" && value !== "false")
        throw new UsageError(`flag '${rawName}' is "${value}", want true or false`);
      values.set(name, value !== "false");
    } else {
      // What looks like a flag is one, unless it is joined by "=".
      if (value === undefined || (inlineValue === false && /^-./.test(value)))
        throw new UsageError(`expected argument for flag '${rawName}'`);
      values.set(name, value);
      lists.set(name, [...(lists.get(name) ?? []), value]);
    }
  }
  return { values, lists, positionals };
}

function unknown(rawName: string, options: Options): UsageError {
  if (!rawName.startsWith("--")) return new UsageError(`unknown short flag '${rawName}'`);
  const meant = nearest(rawName.slice(2), Object.keys(options));
  const hint = meant === undefined ? "" : `, did you mean --${meant}`;
  return new UsageError(`unknown long flag '${rawName}'${hint}`);
}

const TRUE = ["1", "t", "true", "yes"];
const FALSE = ["", "0", "f", "false", "no"];

/** Throws UsageError for what is neither: a typo must not turn the checking of certificates on or off. */
function isTrue(variable: string | undefined): boolean {
  if (variable === undefined) return false;
  const text = process.env[variable] ?? "";
  const value = text.toLowerCase();
  if (!TRUE.includes(value) && !FALSE.includes(value))
    throw new UsageError(`${variable} is "${text}", want true or false`);
  return TRUE.includes(value);
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
