/**
 * Values that follow from others: `common` above all (spec config §2). They stand below what the file and
 * the flags set and above the defaults, so an explicit key always wins.
 */

import { applyCommonStorage } from "./common-storage.ts";
import type { Config } from "./config.ts";
import { keysBelow } from "./keys.ts";
import { applyRings, TOKEN_FILES } from "./rings.ts";
import type { Layer, Value } from "./value.ts";

/** The values, and what makes it impossible to find them. */
export interface Dynamic {
  readonly layer: Layer;
  readonly problems: readonly string[];
}

/** What is known without these rules goes in: flags and file over defaults. */
export function dynamicLayer(config: Config): Dynamic {
  const layer = new Map<string, Value>();
  const problems: string[] = [];
  const set = (path: string, value: Value) => {
    layer.set(path, value);
  };
  applySchedulerRing(config, set);
  applyRings(config, set);
  applyPathPrefix(config, set);
  applyReplication(config, set);
  applyTokens(config, set, problems);
  applyCommonStorage(config, set, problems);
  applyDeleteStore(config, set);
  applyCaches(config, set);
  return { layer, problems };
}

export type SetValue = (path: string, value: Value) => void;

function applySchedulerRing(config: Config, set: SetValue): void {
  const addresses = [
    "frontend_worker.frontend_address",
    "frontend_worker.scheduler_address",
    "frontend.downstream_url",
    "frontend.scheduler_address",
  ];
  if (addresses.every((path) => config.text(path) === "")) {
    set("query_scheduler.use_scheduler_ring", true);
  }
}

function applyPathPrefix(config: Config, set: SetValue): void {
  const prefix = config.text("common.path_prefix").replace(/\/$/, "");
  if (prefix === "") return;
  set("ruler.rule_path", `${prefix}/rules-temp`);
  set("ingester.wal.dir", `${prefix}/wal`);
  set("compactor.working_directory", `${prefix}/compactor`);
  set("ingester.shutdown_marker_path", prefix);
  const stores = new Set(config.items("schema_config.configs").map(({ store }) => store));
  for (const [store, name] of [
    ["tsdb", "tsdb"],
    ["boltdb-shipper", "boltdb"],
  ]) {
    if (!stores.has(store!)) continue;
    const folder = name === "tsdb" ? "tsdb-shipper" : "boltdb-shipper";
    set(`storage_config.${name}_shipper.active_index_directory`, `${prefix}/${folder}-active`);
    set(`storage_config.${name}_shipper.cache_location`, `${prefix}/${folder}-cache`);
  }
}

function applyReplication(config: Config, set: SetValue): void {
  const factor = config.number("common.replication_factor");
  set("ingester.lifecycler.ring.replication_factor", factor);
  if (!config.isDefault("common.replication_factor"))
    set("index_gateway.ring.replication_factor", factor);
}

function applyTokens(config: Config, set: SetValue, problems: string[]): void {
  if (!config.bool("common.persist_tokens")) return;
  const prefix = config.text("common.path_prefix").replace(/\/$/, "");
  if (prefix === "") problems.push("if persist_tokens is true, path_prefix MUST be defined");
  for (const [path, name] of Object.entries(TOKEN_FILES)) set(path, `${prefix}/${name}`);
}

/** Delete requests are kept where the newest index is. */
function applyDeleteStore(config: Config, set: SetValue): void {
  const periods = config.items("schema_config.configs");
  const newest =
    periods.findLast(({ store }) => store === "tsdb") ??
    periods.findLast(({ store }) => store === "boltdb-shipper");
  const store = newest?.["object_store"];
  if (typeof store === "string" && store !== "") set("compactor.delete_request_store", store);
}

const CHUNK_CACHE = "chunk_store_config.chunk_cache_config";
const RESULTS_CACHE = "query_range.results_cache.cache";
const STATS_CACHE = "query_range.index_stats_results_cache.cache";
const INDEX_CACHE = "storage_config.index_queries_cache_config";

function applyCaches(config: Config, set: SetValue): void {
  for (const cache of [CHUNK_CACHE, RESULTS_CACHE]) {
    if (!hasBackend(config, cache)) set(`${cache}.embedded_cache.enabled`, true);
  }
  if (config.isDefaultBelow(STATS_CACHE)) {
    if (!hasBackend(config, RESULTS_CACHE)) set(`${STATS_CACHE}.embedded_cache.enabled`, true);
    for (const { path } of keysBelow(RESULTS_CACHE)) {
      if (config.isDefault(path)) continue;
      set(STATS_CACHE + path.slice(RESULTS_CACHE.length), config.value(path)!);
    }
  }
  if (!config.isDefaultBelow(INDEX_CACHE)) {
    const validity = config.value("storage_config.index_cache_validity") as bigint;
    // Flushed chunks stay in memory until no cached index can miss them.
    set("ingester.chunk_retain_period", validity + 60_000_000_000n);
  }
}

function hasBackend(config: Config, cache: string): boolean {
  return (
    config.text(`${cache}.memcached_client.host`) !== "" ||
    config.text(`${cache}.memcached_client.addresses`) !== "" ||
    config.value(`${cache}.redis`) !== undefined ||
    config.bool(`${cache}.embedded_cache.enabled`) ||
    config.bool(`${cache}.enable_fifocache`)
  );
}
