/**
 * Every flag as a variable of the environment: `-server.http-listen-port` is LOKITS_SERVER_HTTP_LISTEN_PORT. Keys
 * without a flag go by their path. A flag goes before its variable, the variable before the file. Values show
 * in no message: they may be secrets.
 */
import { quote } from "../golang/quote.ts";
import { ConfigError } from "./config-error.ts";
import type { Environment } from "./expand.ts";
import { PROCESS_FLAGS, type ProcessFlag } from "./flags.ts";
import { FLAGS, isScalar, KEYS, type Key } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { SCALARS } from "./scalars.ts";
import type { Layer, Value } from "./value.ts";

const PREFIX = "LOKITS_";

/** Variables with another reader: of this program's other commands, and of its tests. */
const OTHERS: ReadonlySet<string> = new Set(["LOKITS_DEBUG", "LOKITS_BINARY"]);

/** What Kubernetes puts into every container when a service is called lokits, or lokits-something. */
const KUBERNETES = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

export function variableOf(flag: string): string {
  return PREFIX + flag.toUpperCase().replace(/[.-]/g, "_");
}

/** Undefined for blocks and lists of them, which no text can say, and where a flag has the path's name. */
export function variableOfKey({ flag, path, type }: Key): string | undefined {
  if (!isScalar(type) && type !== "strings") return undefined;
  if (flag !== "") return variableOf(flag);
  const name = variableOf(path);
  return flagNames().has(name) ? undefined : name;
}

let ofFlags: ReadonlySet<string> | undefined;

function flagNames(): ReadonlySet<string> {
  ofFlags ??= new Set([...FLAGS.keys()].map(variableOf));
  return ofFlags;
}

/** Flags of the process that make no sense as a lasting setting. */
const NOT_LASTING: ReadonlySet<string> = new Set(["version", "help", "h"]);

/** Made when the first variable comes: most processes have none, and start without it. */
let byVariable: ReadonlyMap<string, Key | ProcessFlag> | undefined;

function variables(): ReadonlyMap<string, Key | ProcessFlag> {
  byVariable ??= new Map<string, Key | ProcessFlag>([
    ...(Object.keys(PROCESS_FLAGS) as ProcessFlag[])
      .filter((flag) => !NOT_LASTING.has(flag))
      .map((flag) => [variableOf(flag), flag] as const),
    ...[...KEYS.values()].flatMap((key) => {
      const name = variableOfKey(key);
      return name === undefined ? [] : [[name, key] as const];
    }),
  ]);
  return byVariable;
}

export interface ReadEnvironment {
  readonly layer: Layer;
  readonly process: Readonly<Partial<Record<ProcessFlag, string>>>;
  readonly warnings: readonly string[];
}

/** Throws ConfigError of kind "flag" with every variable whose value is none. */
export function readEnvironment(environment: Environment): ReadEnvironment {
  const layer = new Map<string, Value>();
  const process: Partial<Record<ProcessFlag, string>> = {};
  const warnings: string[] = [];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue;
    const known = variables().get(name);
    // An empty variable is one that a manifest left blank: it sets nothing.
    if (text === "" && known !== undefined) continue;
    try {
      if (known === undefined) warnings.push(...unknown(name));
      else if (typeof known === "string") process[known] = processValue(known, text);
      else layer.set(known.path, variableValue(known, text));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`invalid value for the variable ${name}: ${reason}`);
    }
  }
  if (problems.length === 0) return { layer, process, warnings };
  throw new ConfigError(
    "flag",
    problems.join("\n"),
    problems.map((text) => ({ text })),
  );
}

function variableValue({ type }: Key, text: string): Value {
  return isScalar(type) ? SCALARS[type].flag(text) : text.split(",");
}

function processValue(flag: ProcessFlag, text: string): string {
  if (flag !== "config.file") SCALARS.bool.flag(text);
  return text;
}

function unknown(name: string): readonly string[] {
  if (OTHERS.has(name) || KUBERNETES.test(name)) return [];
  const near = nearest(name, variables().keys());
  const hint = near === undefined ? "" : `, did you mean ${near}?`;
  return [`the variable ${quote(name)} sets nothing${hint}`];
}
