/**
 * Where attributes of OpenTelemetry go: into labels, into structured metadata, or nowhere
 * (`limits_config.otlp_config`, spec http-api §3.6).
 */
import type { OtlpAction, OtlpConfig, OtlpRule } from "../model/limits.ts";
import { compileRegex, type Regex } from "../regex/regex.ts";

export interface OtlpRules {
  readonly resource: AttributeRules;
  readonly scope: AttributeRules;
  readonly log: AttributeRules;
  readonly severityTextAsLabel: boolean;
}

/** The rules of a tenant, made once for each configuration. */
export function otlpRulesOf(config: OtlpConfig): OtlpRules {
  let rules = RULES.get(config);
  if (rules === undefined) {
    rules = {
      resource: new AttributeRules(config.resource),
      scope: new AttributeRules(config.scope),
      log: new AttributeRules(config.log),
      severityTextAsLabel: config.severityTextAsLabel,
    };
    RULES.set(config, rules);
  }
  return rules;
}

/** Limits are objects that stay until they are reloaded. */
const RULES = new WeakMap<OtlpConfig, OtlpRules>();

export class AttributeRules {
  readonly #byName = new Map<string, OtlpAction>();
  readonly #byRegex: { regex: Regex; action: OtlpAction }[] = [];

  /** The first rule that fits an attribute counts, one with its name before one with a pattern. */
  constructor(rules: readonly OtlpRule[]) {
    for (const { action, attributes, regex } of rules) {
      for (const name of attributes) if (!this.#byName.has(name)) this.#byName.set(name, action);
      if (regex !== "") {
        this.#byRegex.push({ regex: compileRegex(regex, { anchored: true }), action });
      }
    }
  }

  of(name: string): OtlpAction {
    const action = this.#byName.get(name);
    if (action !== undefined) return action;
    return this.#byRegex.find(({ regex }) => regex.test(name))?.action ?? "structured_metadata";
  }
}
