/**
 * Loads a configuration: defaults, then what follows from other values, then the file, then the flags,
 * the later over the earlier. Every mistake of a kind is reported, not only the first.
 */
import { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { dynamicLayer } from "./dynamic.ts";
import { type Environment, expandEnvironment } from "./expand.ts";
import { type FileLayer, readFileLayer } from "./file.ts";
import { isOn, type ReadFlags, readFlags } from "./flags.ts";
import { lateLayer, noteWarnings } from "./late.ts";
import { type PrintMode, printConfig } from "./print.ts";
import { configProblems } from "./validate.ts";
import type { Layer } from "./value.ts";
import { ZERO_CONFIG } from "./zero.ts";

export interface LoadOptions {
  /** Flags as they came on the command line. */
  readonly args: readonly string[];
  /** The text of a file; undefined, or an error whose code is ENOENT, when there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly env: Environment;
  /** Unix milliseconds. Tells which period of the schema is the active one. */
  readonly nowMs?: number;
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
  const flags = readFlags(options.args);
  const { name, text } = await readFirst(flags, options.readFile);
  const expand = isOn(flags.process["config.expand-env"]);
  const file = readText(name, text, { expand, env: options.env });

  const set = [flags.layer, file.layer];
  const dynamic = dynamicLayer(new Config(set));
  if (dynamic.problems.length > 0) throw valuesError(dynamic.problems);
  const late = lateLayer(new Config([...set, dynamic.layer]));
  const layers = [late.layer, ...set, dynamic.layer];
  const config = new Config(layers);
  const problems = configProblems(config, options.nowMs);
  if (problems.length > 0) throw valuesError(problems);

  const overrideFiles = [
    config.text("runtime_config.file"),
    config.text("limits_config.per_tenant_override_config"),
  ].find((names) => names !== "");
  return {
    config,
    file: name,
    warnings: [...noteWarnings(set), ...late.warnings],
    target: config.text("target"),
    verify: isOn(flags.process["verify-config"]),
    print: isOn(flags.process["print-config-stderr"]),
    logReversed: isOn(flags.process["log-config-reverse-order"]),
    listTargets: isOn(flags.process["list-targets"]),
    overrideFiles: names(overrideFiles ?? ""),
    isSet: (path) => set.some((layer) => layer.has(path)),
    withOverrides: (overrides) => new Config([overrides, ...layers]),
    text: (mode) => printConfig(config, mode),
  };
}

/** The first file of `-config.file` that exists; the built-in configuration when the flag is not given. */
async function readFirst(
  { process }: ReadFlags,
  readFile: LoadOptions["readFile"],
): Promise<{ name: string | undefined; text: string }> {
  const list = process["config.file"];
  if (list === undefined) return { name: undefined, text: ZERO_CONFIG };
  for (const name of names(list)) {
    const text = await readFile(name).catch(undefinedWhenAbsent);
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

function undefinedWhenAbsent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

const EXPAND_HINT =
  ". Use `-config.expand-env=true` flag if you want to expand environment variables in your config file";

function readText(
  name: string | undefined,
  text: string,
  { expand, env }: { expand: boolean; env: Environment },
): FileLayer {
  let expanded = text;
  try {
    if (expand) expanded = expandEnvironment(text, env);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError("file", `failed parsing config: ${reason}`, [{ text: reason }]);
  }
  const file = readFileLayer(expanded);
  if (file.problems.length === 0) return file;
  const problems = file.problems.map(({ line, column, text }) => {
    return { line, column, text: `line ${line}: ${text}` };
  });
  const lines = problems.map((problem) => problem.text);
  const what = file.broken
    ? `yaml: ${lines.join("; ")}`
    : `yaml: unmarshal errors:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  const hint = expand ? "" : EXPAND_HINT;
  throw new ConfigError(
    "file",
    `failed parsing config: ${name ?? "built in"}: ${what}${hint}`,
    problems,
  );
}

function valuesError(problems: readonly string[]): ConfigError {
  return new ConfigError(
    "values",
    problems.join("\n"),
    problems.map((text) => ({ text })),
  );
}
