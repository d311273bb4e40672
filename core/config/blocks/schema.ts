/** `schema_config`: the periods, each an item of `configs`. */
import type { Row } from "../row.ts";

export const PERIOD: readonly Row[] = [
  ["from", "day", undefined, ""],
  ["store", "string", "", ""],
  ["object_store", "string", "", ""],
  ["schema", "string", "", ""],
  ["index.prefix", "string", "", ""],
  ["index.period", "span", undefined, ""],
  ["index.tags", "free", undefined, ""],
  ["chunks.prefix", "string", "", ""],
  ["chunks.period", "span", undefined, ""],
  ["chunks.tags", "free", undefined, ""],
  ["row_shards", "int", "16", ""],
  ["index.path_prefix", "string", "index/", "", { added: true }],
];
