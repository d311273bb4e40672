/**
 * Limits that are maps by names of the user's: policies of streams, and fields to look for. Selectors and moments in
 * them are read here, so that what is wrong is said when the configuration is.
 */
import type { Config } from "../../core/config/config.ts";
import type { Value } from "../../core/config/value.ts";
import { parseSelector } from "../../core/logql/syntax/parse.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { DiscoveredField, StreamPolicies, StreamPolicy } from "../../core/model/limits.ts";
import type { Matcher } from "../../core/model/matcher.ts";

const LIMITS = "limits_config";
const DEFAULT_MAPPING = "distributor.default_policy_stream_mappings";

/** Throws BadRequest that names the key when something is not as it must be. */
export function policiesOf(config: Config): StreamPolicies {
  const mapping = new Map([
    ...mappingOf(config, DEFAULT_MAPPING),
    ...mappingOf(config, `${LIMITS}.policy_stream_mapping`),
  ]);
  const until = mapAt(config, `${LIMITS}.block_ingestion_policy_until`);
  return {
    mapping: [...mapping.values()].flat(),
    enforcedLabels: new Map(listsAt(config, `${LIMITS}.policy_enforced_labels`)),
    blockedUntilMs: new Map(
      until.map(([policy, text]) => [
        policy,
        momentOf(`block_ingestion_policy_until of ${policy}`, String(text)),
      ]),
    ),
  };
}

export function discoveredFieldsOf(config: Config): readonly DiscoveredField[] {
  return listsAt(config, `${LIMITS}.discover_generic_fields.fields`).map(([name, names]) => ({
    name,
    names,
  }));
}

/** A tenant's own mapping of a policy takes the place of the distributor's. */
function mappingOf(config: Config, path: string): [string, readonly StreamPolicy[]][] {
  return mapAt(config, path).map(([name, streams]) => {
    if (!Array.isArray(streams)) throw wrong(`${path}.${name}`, streams, "a list of selectors");
    return [name, streams.map((item: Value) => policyOf(name, item, path))];
  });
}

function policyOf(name: string, item: Value, path: string): StreamPolicy {
  if (!isMap(item) || typeof item["selector"] !== "string") {
    throw wrong(`${path}.${name}`, item, "a selector and a priority in each item");
  }
  const { selector, priority = 0 } = item;
  if (typeof priority !== "number") throw wrong(`${path}.${name}.priority`, priority, "a number");
  return { name, selector: selectorOf(selector), priority };
}

function listsAt(config: Config, path: string): [string, readonly string[]][] {
  return mapAt(config, path).map(([name, names]) => {
    if (!Array.isArray(names)) throw wrong(`${path}.${name}`, names, "a list of names");
    return [name, names.map(String)];
  });
}

function mapAt(config: Config, path: string): [string, Value][] {
  const value = config.value(path) ?? "";
  if (value === "") return [];
  if (!isMap(value)) throw wrong(path, value, "a block of names");
  return Object.entries(value);
}

function isMap(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === "object" && !Array.isArray(value);
}

function wrong(path: string, came: Value, want: string): BadRequest {
  return new BadRequest(`${path} is ${JSON.stringify(came)}, want ${want}`);
}

export function selectorOf(text: string): readonly Matcher[] {
  try {
    return parseSelector(text, { checked: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadRequest(`invalid labels matchers: ${reason}`, { cause: error });
  }
}

/** A day or a time as Loki's flags have them, `2026-11-23` or `2026-11-23T10:00:00Z`; `0` is none. */
export function momentOf(key: string, text: string): number {
  if (text === "" || text === "0") return 0;
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
  const at = form.test(text) ? Date.parse(/T[^Z+-]*$/.test(text) ? `${text}Z` : text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new BadRequest(`${key} is ${JSON.stringify(text)}, want a time in RFC 3339`);
  }
  return at;
}
