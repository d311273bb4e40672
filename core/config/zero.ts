/**
 * The configuration of `lokits serve` without a file: one process, reached from this machine only, that
 * keeps everything in one folder. It differs from Loki 2.9.1's defaults where those would turn a newcomer's
 * first lines or questions away. It stands as values, not as text: a start without a file reads no YAML.
 */
import { PERIOD } from "./blocks/schema.ts";
import { keysIn, treeOf } from "./keys.ts";
import type { Item, Layer, Value } from "./value.ts";

const SECOND_NS = 1_000_000_000n;

/** The one period, with the defaults of what it leaves out. */
function period(set: Item): Item {
  const item: Record<string, Value> = {};
  for (const { path, initial } of keysIn(treeOf(PERIOD))) {
    const value = set[path] ?? initial;
    if (value !== undefined) item[path] = value;
  }
  return item;
}

export const ZERO_LAYER: Layer = new Map<string, Value>([
  ["auth_enabled", false],
  ["server.http_listen_address", "127.0.0.1"],
  ["server.http_listen_port", 3100],
  ["common.path_prefix", "./lokits-data"],
  ["common.replication_factor", 1],
  ["common.instance_addr", "127.0.0.1"],
  ["common.ring.kvstore.store", "inmemory"],
  ["common.storage.filesystem.chunks_directory", "./lokits-data/chunks"],
  ["common.storage.filesystem.rules_directory", "./lokits-data/rules"],
  [
    "schema_config.configs",
    [
      period({
        ...{ from: "1970-01-01", store: "tsdb", object_store: "filesystem", schema: "v13" },
        ...{ "index.prefix": "index_", "index.period": 86_400n * SECOND_NS },
      }),
    ],
  ],
  ["limits_config.allow_structured_metadata", true],
  ["limits_config.reject_old_samples", false],
  ["limits_config.volume_enabled", true],
  ["limits_config.query_timeout", 300n * SECOND_NS],
]);
