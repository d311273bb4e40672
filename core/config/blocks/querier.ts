/** `querier`: answering queries. */
import type { Row } from "../row.ts";

export const QUERIER: readonly Row[] = [
  ["tail_max_duration", "duration", "1h", "querier.tail-max-duration"],
  ["extra_query_delay", "duration", "0s", "querier.extra-query-delay"],
  ["query_ingesters_within", "duration", "3h", "querier.query-ingesters-within"],
  ["engine.timeout", "duration", "5m", "querier.engine.timeout", { removed: true }],
  ["engine.max_look_back_period", "duration", "30s", "querier.engine.max-lookback-period"],
  ["max_concurrent", "int", "10", "querier.max-concurrent", { newer: "4" }],
  ["query_store_only", "bool", "false", "querier.query-store-only"],
  ["query_ingester_only", "bool", "false", "querier.query-ingester-only"],
  ["multi_tenant_queries_enabled", "bool", "false", "querier.multi-tenant-queries-enabled"],
  ["per_request_limits_enabled", "bool", "false", "querier.per-request-limits-enabled"],
  [
    "engine.max_count_min_sketch_heap_size",
    "int",
    "10000",
    "querier.engine.max-count-min-sketch-heap-size",
    { added: true },
  ],
  [
    "query_partition_ingesters",
    "bool",
    "false",
    "querier.query-partition-ingesters",
    { added: true },
  ],
];
