/** What older keys turn newer ones into. These values stand above the file and the flags. */
import { printGoDuration } from "../golang/duration.ts";
import type { Config } from "./config.ts";
import { KEYS } from "./keys.ts";
import { type Layer, sameValue, type Value } from "./value.ts";

const TIMEOUT = "limits_config.query_timeout";
const ENGINE_TIMEOUT = "querier.engine.timeout";
const LOOK_BACK = "chunk_store_config.max_look_back_period";

export function lateLayer(config: Config): { layer: Layer; warnings: readonly string[] } {
  const layer = new Map<string, Value>();
  const warnings: string[] = [];
  if (config.isDefault(TIMEOUT)) {
    const timeout = config.value(ENGINE_TIMEOUT) as bigint;
    layer.set(TIMEOUT, timeout);
    if (config.isDefault(ENGINE_TIMEOUT)) {
      warnings.push(
        `global timeout not configured: ${TIMEOUT} has its default, so queries may run ${printGoDuration(timeout)}, as ${ENGINE_TIMEOUT} says; set another value to have it otherwise`,
      );
    }
  }
  if (config.ms(LOOK_BACK) > 0) {
    layer.set("limits_config.max_query_lookback", config.value(LOOK_BACK)!);
  }
  return { layer, warnings };
}

/**
 * A warning for each key that is set though it has no effect here or is on its way out. A default that is written
 * down asks for nothing: a dumped configuration has all of them.
 */
export function noteWarnings(layers: readonly Layer[]): readonly string[] {
  const warnings: string[] = [];
  for (const { path, note, initial } of KEYS.values()) {
    const value = layers.find((layer) => layer.has(path))?.get(path);
    if (value === undefined || sameValue(value, initial) || isOff(value)) continue;
    if (note.ignored !== undefined) warnings.push(`${path} has no effect: ${note.ignored}`);
    if (note.deprecated !== undefined) warnings.push(`${path} is deprecated: ${note.deprecated}`);
  }
  return warnings;
}

/** `{}` and `{enabled: false}`, as charts write them for parts that nobody asked for. */
function isOff(value: Value): boolean {
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const block = value as { readonly [key: string]: Value };
  return Object.keys(block).length === 0 || (block["enabled"] ?? block["enable"]) === false;
}
