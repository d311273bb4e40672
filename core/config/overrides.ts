/**
 * The file of `runtime_config.file`: limits of single tenants, and what to log of their pushes. It is read
 * again while we run, so reading is a function from text to values and nothing is kept here.
 */
import { quote } from "../golang/quote.ts";
import { assert } from "../model/errors.ts";
import { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { freeValue, type Problem, readBlock } from "./file.ts";
import { TREE, treeOf } from "./keys.ts";
import { type Overrides, type PushSwitches, SILENT_PUSHES } from "./override-values.ts";
import { limitsProblems } from "./validate-limits.ts";
import type { Item, Layer } from "./value.ts";
import { type Place, readYaml, repeated, type YamlNode } from "./yaml.ts";

const LIMITS_BLOCK = TREE.children.get("limits_config");

const SWITCHES_BLOCK = treeOf([
  ["log_stream_creation", "bool", "false", ""],
  ["log_push_request", "bool", "false", ""],
  ["log_push_request_streams", "bool", "false", ""],
  ["limited_log_push_errors", "bool", "true", ""],
]);

/** Keys of `limits_config` that cannot be one tenant's own. */
const NOT_A_TENANTS: ReadonlyMap<string, string> = new Map([
  ["limits_config.ingestion_rate_strategy", "all tenants share their rates in the same way"],
  ["limits_config.per_tenant_override_config", "the file of overrides names no other one"],
  ["limits_config.per_tenant_override_period", "the file of overrides is read for all tenants"],
]);

/** Of several files a later one wins, key by key. Throws ConfigError with every problem. */
export function readOverrides(files: readonly { name: string; text: string }[]): Overrides {
  const merged = { limits: new Map<string, Layer>(), switches: new Map<string, PushSwitches>() };
  const warnings: string[] = [];
  let defaultSwitches = SILENT_PUSHES;
  for (const { name, text } of files) {
    const reader = new Reader(merged, warnings);
    reader.file(text);
    defaultSwitches = reader.defaultSwitches ?? defaultSwitches;
    if (reader.problems.length === 0) continue;
    const problems = reader.problems.map(({ line, column, text }) => {
      return { line, column, text: `line ${line}: ${text}` };
    });
    const list = problems.map(({ text }) => `  ${text}`).join("\n");
    throw new ConfigError("values", `${name}: yaml: unmarshal errors:\n${list}`, problems);
  }
  const logging = [...merged.switches].filter(([, item]) => asksForLog(item));
  if (logging.length > 0 || asksForLog(defaultSwitches)) {
    const whose = logging.length === 0 ? "default" : namesOf(logging.map(([tenant]) => tenant));
    warnings.push(`what to log of pushes (${whose}) has no effect: lokits does not log pushes`);
  }
  return { ...merged, defaultSwitches, warnings };
}

const NAMES_MAX = 5;

function namesOf(tenants: readonly string[]): string {
  const more = tenants.length - NAMES_MAX;
  return tenants.slice(0, NAMES_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function asksForLog(item: PushSwitches): boolean {
  return item.logStreamCreation || item.logPushRequest || item.logPushRequestStreams;
}

class Reader {
  readonly problems: Problem[] = [];
  defaultSwitches: PushSwitches | undefined;
  readonly #merged: { limits: Map<string, Layer>; switches: Map<string, PushSwitches> };
  readonly #warnings: string[];

  constructor(
    merged: { limits: Map<string, Layer>; switches: Map<string, PushSwitches> },
    warnings: string[],
  ) {
    this.#merged = merged;
    this.#warnings = warnings;
  }

  file(text: string): void {
    const { root, problems } = readYaml(text);
    this.problems.push(...problems);
    if (root === undefined) return;
    for (const [name, node] of this.#entries(root)) {
      if (name === "overrides") this.#overrides(node);
      else if (name === "configs") {
        for (const [tenant, item] of this.#entries(node)) {
          this.#merged.switches.set(tenant, this.#switches(item));
        }
      } else if (name === "default") this.defaultSwitches = this.#switches(node);
      // A ring in two stores at once is a matter of rings; here it only has to be readable.
      else if (name === "multi_kv_config") {
        freeValue(node);
        this.#warnings.push("multi_kv_config has no effect: this process is in no ring's store");
      } else this.#refuse(node, `field ${name} not found in type runtime.Config`);
    }
  }

  #overrides(node: YamlNode): void {
    assert(LIMITS_BLOCK?.kind === "block", "limits_config is no block");
    for (const [tenant, item] of this.#entries(node)) {
      if (item.kind === "scalar" && item.tag === "null") {
        this.#warnings.push(`the overrides of tenant ${tenant} are empty and skipped`);
        continue;
      }
      const { layer, problems } = readBlock(item, LIMITS_BLOCK);
      this.problems.push(...problems);
      for (const problem of limitsProblems(new Config([layer]))) {
        this.#refuse(item, `invalid override for tenant ${tenant}: ${problem}`);
      }
      const before = this.#merged.limits.get(tenant) ?? [];
      this.#merged.limits.set(tenant, new Map([...before, ...layer]));
      for (const path of layer.keys()) this.#warn(tenant, path);
    }
  }

  #warn(tenant: string, path: string): void {
    const why = NOT_A_TENANTS.get(path);
    if (why !== undefined) {
      this.#warnings.push(`${path} of tenant ${tenant} has no effect: ${why}`);
    }
  }

  #switches(node: YamlNode): PushSwitches {
    const { layer, problems } = readBlock(node, SWITCHES_BLOCK);
    this.problems.push(...problems);
    const item: Item = Object.fromEntries(layer);
    return {
      logStreamCreation: item["log_stream_creation"] === true,
      logPushRequest: item["log_push_request"] === true,
      logPushRequestStreams: item["log_push_request_streams"] === true,
      limitedLogPushErrors: item["limited_log_push_errors"] !== false,
    };
  }

  /** Names and nodes of a map; a block that is not there has none. */
  #entries(node: YamlNode): [string, YamlNode][] {
    if (node.kind === "map") {
      for (const { key, place } of repeated(node)) {
        this.#refuse(place, `key ${quote(key)} already set in map`);
      }
      return node.entries.map(({ key, value }) => [key, value]);
    }
    if (node.kind !== "scalar" || node.tag !== "null") this.#refuse(node, "want a block of keys");
    return [];
  }

  #refuse({ line, column }: Place, text: string): void {
    this.problems.push({ line, column, text });
  }
}
