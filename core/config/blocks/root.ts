/** The keys at the top of the file, and the list of blocks below them. */
import { ignored, type Row, under } from "../row.ts";
import { AUTH } from "./auth.ts";
import { CHUNK_STORE } from "./chunk-store.ts";
import { COMMON } from "./common.ts";
import { COMPACTOR } from "./compactor.ts";
import { DISTRIBUTOR } from "./distributor.ts";
import { FRONTEND } from "./frontend.ts";
import { FRONTEND_WORKER } from "./frontend-worker.ts";
import { grpcClient, tls } from "./grpc-client.ts";
import { INDEX_GATEWAY } from "./index-gateway.ts";
import { INGESTER } from "./ingester.ts";
import { INGESTER_CLIENT } from "./ingester-client.ts";
import { LIMITS } from "./limits.ts";
import { MEMBERLIST } from "./memberlist.ts";
import { PATTERN_INGESTER } from "./pattern-ingester.ts";
import { QUERIER } from "./querier.ts";
import { QUERY_RANGE } from "./query-range.ts";
import { QUERY_SCHEDULER } from "./query-scheduler.ts";
import { RULER } from "./ruler.ts";
import { RUNTIME } from "./runtime.ts";
import { PERIOD } from "./schema.ts";
import { SERVER } from "./server.ts";
import { STORAGE } from "./storage.ts";
import { TABLE_MANAGER } from "./table-manager.ts";
import { ANALYTICS, TRACING } from "./tracing.ts";

/** Blocks of Loki 3.x for parts that lokits does not have. */
const NOT_HERE = [
  "ui",
  "querier_rf1",
  "bloom_build",
  "bloom_gateway",
  "ingest_limits",
  "ingest_limits_frontend",
  "ingest_limits_frontend_client",
  "kafka_config",
  "dataobj",
  "operational_config",
  "profiling",
  "metastore",
  "metastore_client",
  "ruler_storage",
  "query_engine",
];

export const ROOT: readonly Row[] = [
  ["target", "string", "all", "target"],
  ["auth_enabled", "bool", "true", "auth.enabled"],
  ["http_prefix", "string", "", "http.prefix"],
  ["ballast_bytes", "int", "0", "config.ballast-bytes", { ignored: "lokits has no ballast" }],
  ["use_buffered_logger", "bool", "true", "log.use-buffered"],
  ["use_sync_logger", "bool", "true", "log.use-sync"],
  ["legacy_read_target", "bool", "true", "legacy-read-mode", { newer: "false" }],
  ["shutdown_delay", "duration", "0s", "shutdown-delay"],
  ["metrics_namespace", "string", "loki", "metrics-namespace", { added: true }],
  ...under("server", SERVER),
  ...under("auth", AUTH),
  ["internal_server.enable", "bool", "false", ""],
  ...under("internal_server", internalServer()),
  ...under("distributor", DISTRIBUTOR),
  ...under("querier", QUERIER),
  ...under("compactor_client", tls("compactor.client.")),
  ...under("compactor_grpc_client", grpcClient("compactor.grpc-client.")),
  ...under("query_scheduler", QUERY_SCHEDULER),
  ...under("frontend", FRONTEND),
  ...under("query_range", QUERY_RANGE),
  ...under("ruler", RULER),
  ...under("ingester_client", INGESTER_CLIENT),
  ...under("ingester", INGESTER),
  ...under("pattern_ingester", PATTERN_INGESTER),
  ...under("index_gateway", INDEX_GATEWAY),
  ...under("storage_config", STORAGE),
  ...under("chunk_store_config", CHUNK_STORE),
  ["schema_config.configs", { list: PERIOD }, undefined, ""],
  ...under("compactor", COMPACTOR),
  ...under("limits_config", LIMITS),
  ...under("frontend_worker", FRONTEND_WORKER),
  ...under("table_manager", TABLE_MANAGER),
  ...under("memberlist", MEMBERLIST),
  ...under("runtime_config", RUNTIME),
  ...under("tracing", TRACING),
  ...under("analytics", ANALYTICS),
  ...under("common", COMMON),
  ...NOT_HERE.map((name) => ignored(name, "lokits has no such part", { added: true })),
];

/** The second listener has the keys of the first, at another place and without flags. */
function internalServer(): readonly Row[] {
  const places: Record<string, string> = {
    http_listen_address: "localhost",
    http_listen_port: "3101",
  };
  return SERVER.filter(([, , , , note]) => note?.ours === undefined).map(
    ([key, type, initial, , note = {}]): Row => [key, type, places[key] ?? initial, "", note],
  );
}
