/** `limits_config.otlp_config` as where attributes go: a tenant's rules first, then the defaults for resources. */
import type { Config } from "../../core/config/config.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { OtlpAction, OtlpConfig, OtlpRule } from "../../core/model/limits.ts";
import { compileRegex } from "../../core/regex/regex.ts";

/** Throws BadRequest when a pattern is none. */
export function otlpConfigOf(config: Config): OtlpConfig {
  const at = (key: string) => `limits_config.otlp_config.${key}`;
  const rules = (key: string) => config.items(at(key)).map((item) => ruleOf(item, at(key)));
  const own = rules("resource_attributes.attributes_config");
  return {
    resource: config.bool(at("resource_attributes.ignore_defaults"))
      ? own
      : [...own, defaultRule(config)],
    scope: rules("scope_attributes"),
    log: rules("log_attributes"),
    severityTextAsLabel: config.bool(at("severity_text_as_label")),
  };
}

function defaultRule(config: Config): OtlpRule {
  const key = "distributor.otlp_config.default_resource_attributes_as_index_labels";
  return { action: "index_label", attributes: config.list(key), regex: "" };
}

function ruleOf(item: ReturnType<Config["items"]>[number], path: string): OtlpRule {
  const { action, attributes, regex } = item;
  const pattern = String(regex ?? "");
  try {
    compileRegex(pattern, { anchored: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadRequest(`${path} has a regex that is none: ${reason}`, { cause: error });
  }
  return {
    action: action as OtlpAction,
    attributes: (attributes ?? []) as readonly string[],
    regex: pattern,
  };
}
