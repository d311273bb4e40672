/** What must hold for `schema_config` (spec config §6.8). */

import { quote } from "../golang/quote.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Config } from "./config.ts";
import { dayMs } from "./day.ts";
import type { Item } from "./value.ts";

const OLDEST = 9;
const NEWEST = 13;

export function schemaProblems(config: Config, nowMs: number | undefined): readonly string[] {
  const periods = config.items("schema_config.configs");
  if (periods.length === 0) return ["must specify at least one schema configuration"];
  // The active period is the last that has begun.
  const active = periods.findLastIndex((period) => nowMs === undefined || fromMs(period) <= nowMs);
  return periods.flatMap((period, index) => [
    ...versionProblems(period),
    ...tableProblems(period, { active: index === active, upcoming: index > active }),
    ...(index > 0 && fromMs(period) <= fromMs(periods[index - 1]!)
      ? ["from time in schemas must be distinct and in increasing order"]
      : []),
  ]);
}

function versionProblems({ schema, row_shards: rowShards }: Item): string[] {
  const text = String(schema);
  const digits = text.startsWith("v") ? text.slice(1) : text;
  if (!/^[-+]?\d+$/.test(digits)) {
    const shown = quote(text.startsWith("v") ? digits : text);
    return [`invalid schema version: strconv.Atoi: parsing ${shown}: invalid syntax`];
  }
  const version = Number(digits);
  if (!text.startsWith("v") || version < OLDEST || version > NEWEST)
    return ["invalid schema version"];
  if (version > OLDEST && rowShards === 0) {
    return [`must have row_shards > 0 (current: 0) for schema (${text})`];
  }
  return [];
}

function tableProblems(
  period: Item,
  { active, upcoming }: { active: boolean; upcoming: boolean },
): string[] {
  const lengthMs = Number((period["index.period"] as bigint | undefined) ?? 0n) / 1e6;
  if (period["store"] === "tsdb") {
    return lengthMs === DAY_MS
      ? []
      : ["tsdb must always have periodic config for index set to 24h"];
  }
  if (period["store"] === "boltdb-shipper" && lengthMs !== DAY_MS) {
    if (active) {
      return [
        "boltdb-shipper works best with 24h periodic index config. Either add a new config with future date set to 24h to retain the existing index or change the existing config to use 24h period",
      ];
    }
    if (upcoming) {
      return [
        "boltdb-shipper with future date must always have periodic config for index set to 24h",
      ];
    }
  }
  return lengthMs % DAY_MS === 0
    ? []
    : ["the table period must be a multiple of 24h (1h for schema v1)"];
}

function fromMs({ from }: Item): number {
  return typeof from === "string" ? dayMs(from) : 0;
}
