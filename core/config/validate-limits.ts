/** What must hold for `limits_config`, of all tenants or of one. */

import { printPromDuration } from "../golang/duration.ts";
import { quote } from "../golang/quote.ts";
import type { Config } from "./config.ts";

const DAY_NS = 86_400_000_000_000n;
const DELETION_MODES = ["disabled", "filter-only", "filter-and-delete"];

export function limitsProblems(config: Config): readonly string[] {
  const problems: string[] = [];
  if (!DELETION_MODES.includes(config.text("limits_config.deletion_mode"))) {
    problems.push("unknown deletion mode: must be one of disabled|filter-only|filter-and-delete");
  }
  const strategy = config.text("limits_config.ingestion_rate_strategy");
  if (strategy !== "global" && strategy !== "local") {
    problems.push(`ingestion_rate_strategy is ${quote(strategy)}, want global or local`);
  }
  for (const { period } of config.items("limits_config.retention_stream")) {
    const ns = (period as bigint | undefined) ?? 0n;
    if (ns < DAY_NS) problems.push(`retention period must be >= 24h was ${printPromDuration(ns)}`);
  }
  for (const { types = [] } of config.items("limits_config.blocked_queries")) {
    const unknown = (types as string[]).filter(
      (type) => !["metric", "filter", "limited"].includes(type),
    );
    for (const type of unknown) {
      problems.push(`blocked_queries has the type ${quote(type)}, want metric, filter or limited`);
    }
  }
  return [...problems, ...otlpProblems(config)];
}

const OTLP_ACTIONS = ["structured_metadata", "drop"];

/** Only attributes of resources may be labels: those of records would make a stream of each line. */
function otlpProblems(config: Config): readonly string[] {
  const problems: string[] = [];
  for (const [key, actions] of [
    ["resource_attributes.attributes_config", [...OTLP_ACTIONS, "index_label"]],
    ["scope_attributes", OTLP_ACTIONS],
    ["log_attributes", OTLP_ACTIONS],
  ] as const) {
    for (const { action = "", attributes = [], regex = "" } of config.items(
      `limits_config.otlp_config.${key}`,
    )) {
      if (!actions.includes(String(action))) {
        problems.push(
          `otlp_config.${key} has the action ${quote(String(action))}, want ${actions.join(", ")}`,
        );
      }
      if ((attributes as string[]).length === 0 && regex === "") {
        problems.push(`otlp_config.${key} has an item with neither attributes nor a regex`);
      }
    }
  }
  return problems;
}
