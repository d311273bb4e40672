/**
 * Loads a configuration: defaults, then what follows from other values, then the file, then variables of
 * the environment, then the flags, the later over the earlier. Every mistake of a kind is reported, not only the first.
 */
import { blame } from "./blame.ts";
import { Config } from "./config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { dynamicLayer } from "./dynamic.ts";
import { readEnvironment } from "./environment.ts";
import { type Environment, expandEnvironment } from "./expand.ts";
import type { FileLayer } from "./file.ts";
import { isOn, readFlags } from "./flags.ts";
import { lateLayer, noteWarnings } from "./late.ts";
import { type PrintMode, printConfig } from "./print.ts";
import { EXPAND_HINT, unexpandedWarnings } from "./unexpanded.ts";
import { unusedWarnings } from "./unused.ts";
import { configProblems } from "./validate.ts";
import type { Layer } from "./value.ts";
import { ZERO_LAYER } from "./zero.ts";

export interface LoadOptions {
  /** Flags as they came on the command line. */
  readonly args: readonly string[];
  /** The text of a file; undefined, or an error whose code is ENOENT, when there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly env: Environment;
  /** Unix milliseconds. Tells which period of the schema is the active one. */
  readonly nowMs?: number;
  /** What parts above this one find wrong with values, such as selectors. */
  readonly check?: (config: Config) => readonly string[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read; undefined for the configuration that is built in. */
  readonly file: string | undefined;
  readonly warnings: readonly string[];
  readonly target: string;
  readonly verify: boolean;
  readonly print: boolean;
  readonly logReversed: boolean;
  readonly listTargets: boolean;
  /** Files of per-tenant overrides, the later over the earlier. */
  readonly overrideFiles: readonly string[];
  /** Whether the file or a flag sets a key. */
  isSet(path: string): boolean;
  /** The values that a tenant with overrides has. */
  withOverrides(overrides: Layer): Config;
  /** As YAML, secrets masked. */
  text(mode: PrintMode): string;
}

/** Throws ConfigError. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { process, layer: flags } = readFlags(options.args);
  const environment = readEnvironment(options.env);
  const asked = { ...environment.process, ...process };
  const { name, text } = (await readFirst(asked["config.file"], options.readFile)) ?? {};
  const verify = isOn(asked["verify-config"]);
  const expand = isOn(asked["config.expand-env"]);
  const file = text === undefined ? ZERO : await readText(text, { expand, env: options.env });

  const unexpanded =
    name === undefined || text === undefined || expand ? [] : unexpandedWarnings(name, text);

  const check = (layer: Layer) => settle([flags, environment.layer, layer], options);
  const { config, set, layers, warnings, problems } = check(file.layer);
  // Follow-ups of keys that were not understood are told only to who wants to see everything.
  if (file.problems.length > 0 && (!verify || file.broken)) throw fileError(name, file, expand);
  if (problems.length > 0 || file.problems.length > 0) {
    const found = blame(problems, file, (layer) => check(layer).problems);
    if (verify) throw reportError(name, [...file.problems, ...found], unexpanded);
    throw new ConfigError("values", problems.join("\n"), found);
  }

  const overrideFiles = [
    config.text("runtime_config.file"),
    config.text("limits_config.per_tenant_override_config"),
  ].find((names) => names !== "");
  return {
    config,
    file: name,
    warnings: [
      ...environment.warnings,
      ...unexpanded,
      ...restWarnings(name, file),
      ...(name === undefined ? await unreadWarnings(options.readFile) : []),
      ...noteWarnings(set),
      ...unusedWarnings(config, set),
      ...warnings,
    ],
    target: config.text("target"),
    verify,
    print: isOn(asked["print-config-stderr"]),
    logReversed: isOn(asked["log-config-reverse-order"]),
    listTargets: isOn(asked["list-targets"]),
    overrideFiles: names(overrideFiles ?? ""),
    isSet: (path) => set.some((layer) => layer.has(path)),
    withOverrides: (overrides) => new Config([overrides, ...layers]),
    text: (mode) => printConfig(config, mode),
  };
}

/** Loki reads these when no file is named. Without a file we have a configuration built in, and say so. */
async function unreadWarnings(readFile: LoadOptions["readFile"]): Promise<readonly string[]> {
  for (const name of ["config.yaml", "config/config.yaml"]) {
    const text = await readFile(name).catch(() => undefined);
    if (text === undefined || !/^schema_config:/m.test(text)) continue;
    return [`${name} is here and not read: it takes -config.file=${name}`];
  }
  return [];
}

function restWarnings(name = "built in", { rest }: FileLayer): readonly string[] {
  if (rest === undefined) return [];
  return [`${name} has a second document at line ${rest.line}, which is not read`];
}

interface Settled {
  readonly config: Config;
  /** What is set by somebody, the strongest first. */
  readonly set: readonly Layer[];
  /** And what follows from it. */
  readonly layers: readonly Layer[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

function settle(set: readonly Layer[], { nowMs, check }: LoadOptions): Settled {
  const dynamic = dynamicLayer(new Config(set));
  const late = lateLayer(new Config([...set, dynamic.layer]));
  const layers = [late.layer, ...set, dynamic.layer];
  const config = new Config(layers);
  const problems =
    dynamic.problems.length > 0
      ? dynamic.problems
      : [...configProblems(config, nowMs), ...(check?.(config) ?? [])];
  return { config, set, layers, warnings: late.warnings, problems };
}

const ZERO: FileLayer = { layer: ZERO_LAYER, problems: [], broken: false, places: new Map() };

/** The first file of `-config.file` that exists; undefined when the flag is not given. */
async function readFirst(
  list: string | undefined,
  readFile: LoadOptions["readFile"],
): Promise<{ name: string; text: string } | undefined> {
  if (list === undefined) return undefined;
  for (const name of names(list)) {
    const text = await readFile(name).catch((error) => undefinedWhenAbsent(name, error));
    if (text !== undefined) return { name, text };
  }
  const message = `failed parsing config: ${list} does not exist, set config.file for custom config path`;
  throw new ConfigError("file", message, [{ text: message }]);
}

function names(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function undefinedWhenAbsent(name: string, error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  const reason = error instanceof Error ? error.message : String(error);
  // Of a folder the system says no more than that it is one.
  const text = reason.includes(name) ? reason : `${name}: ${reason}`;
  throw new ConfigError("file", `failed parsing config: ${text}`, [{ text }]);
}

async function readText(
  text: string,
  { expand, env }: { expand: boolean; env: Environment },
): Promise<FileLayer> {
  let expanded = text;
  try {
    if (expand) expanded = expandEnvironment(text, env);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError("file", `failed parsing config: ${reason}`, [{ text: reason }]);
  }
  // Loaded only when there is a file: the package that reads YAML takes a tenth of the start.
  const { readFileLayer } = await import("./file.ts");
  return readFileLayer(expanded);
}

/** Everything at once, each with its place as compilers print it, for `-verify-config`. */
function reportError(
  name = "built in",
  problems: readonly ConfigProblem[],
  unexpanded: readonly string[],
): ConfigError {
  const lines = problems.map(({ line, column, text }) => {
    const place = line === undefined ? "" : `:${line}:${column}`;
    return `  ${name}${place}: ${text}`;
  });
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new ConfigError(
    "file",
    [`${name} has ${count}:`, ...lines, ...unexpanded].join("\n"),
    problems,
  );
}

/** In the words of Go's YAML. */
function fileError(name: string | undefined, file: FileLayer, expand: boolean): ConfigError {
  const problems = file.problems.map(({ line, column, text }) => {
    return { line, column, text: `line ${line}: ${text}` };
  });
  const lines = problems.map((problem) => problem.text);
  const what = file.broken
    ? `yaml: ${problems.map(({ text, column }) => `${text} (column ${column})`).join("; ")}`
    : `yaml: unmarshal errors:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  const hint = expand ? "" : EXPAND_HINT;
  const message = `failed parsing config: ${name ?? "built in"}: ${what}${hint}`;
  return new ConfigError("file", message, problems);
}
