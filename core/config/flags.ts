/**
 * Flags in Go's way: `-x=v`, `-x v`, `--x=v`, and a boolean by its name alone. Every key with a flag can be
 * set so; a few more say what the process is to do with its configuration.
 */
import { ConfigError } from "./config-error.ts";
import { FLAGS, isScalar, type Key } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { flagError, SCALARS } from "./scalars.ts";
import type { Layer, Value } from "./value.ts";

/** Flags of the process itself and what each is for. */
export const PROCESS_FLAGS = {
  "config.file": "configuration file, or several by commas of which the first that exists is taken",
  "config.expand-env": "put environment variables into the text of the configuration file",
  "print-config-stderr": "print the configuration on stderr before starting",
  "log-config-reverse-order": "log the configuration, last line first",
  "verify-config": "check the configuration and exit",
  "list-targets": "list the targets and exit",
  version: "print the version and exit",
  help: "print the flags and exit",
  h: "print the flags and exit",
} as const;

export type ProcessFlag = keyof typeof PROCESS_FLAGS;

export interface ReadFlags {
  readonly layer: Layer;
  readonly process: Readonly<Partial<Record<ProcessFlag, string>>>;
}

/** The compactor's flags have an older name each (spec config §7). */
const OLD_COMPACTOR = /^boltdb\.shipper\.compactor\./;

/** Throws ConfigError of kind "flag", in the words of Go's flag package. */
export function readFlags(args: readonly string[]): ReadFlags {
  const layer = new Map<string, Value>();
  const process: Partial<Record<ProcessFlag, string>> = {};
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    const [, name, given] = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === undefined) throw flagProblem(badSyntax(arg));
    const key = FLAGS.get(name) ?? FLAGS.get(name.replace(OLD_COMPACTOR, "compactor."));
    if (key === undefined && !isProcessFlag(name)) throw flagProblem(unknown(name));
    const boolean = key === undefined ? name !== "config.file" : key.type === "bool";
    const text = given ?? (boolean ? "true" : args[++index]);
    if (text === undefined) throw flagProblem(`flag needs an argument: -${name}`);
    if (key !== undefined) layer.set(key.path, flagValue(key, text, layer.get(key.path)));
    else {
      if (boolean) checkBoolean(name, text);
      process[name as ProcessFlag] = text;
    }
  }
  return { layer, process };
}

export function isOn(value: string | undefined): boolean {
  return value !== undefined && SCALARS.bool.flag(value) === true;
}

function isProcessFlag(name: string): name is ProcessFlag {
  return Object.hasOwn(PROCESS_FLAGS, name);
}

/** A list's flag may come several times, and once with commas. */
function flagValue({ flag, type }: Key, text: string, before: Value | undefined): Value {
  if (!isScalar(type)) return [...((before ?? []) as readonly string[]), ...text.split(",")];
  try {
    return SCALARS[type].flag(text);
  } catch (error) {
    throw flagProblem(flagError(flag, type, text, error));
  }
}

function checkBoolean(name: string, text: string): void {
  try {
    SCALARS.bool.flag(text);
  } catch (error) {
    throw flagProblem(flagError(name, "bool", text, error));
  }
}

function badSyntax(arg: string): string {
  return arg.startsWith("-") ? `bad flag syntax: ${arg}` : `unexpected argument: ${arg}`;
}

function unknown(name: string): string {
  const near = nearest(name, [...FLAGS.keys(), ...Object.keys(PROCESS_FLAGS)]);
  const hint = near === undefined ? "" : `, did you mean -${near}?`;
  return `flag provided but not defined: -${name}${hint}`;
}

function flagProblem(text: string): ConfigError {
  return new ConfigError("flag", `${text}\nRun with -help to get list of available parameters`, [
    { text },
  ]);
}
