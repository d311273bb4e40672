/**
 * Metrics of what Loki's processes are to each other, and of what one process does without: they are printed as
 * zero, so that dashboards and alerts that ask for them have an answer (spec http-api §8).
 */
import type { FamilyInfo } from "./metric-families.ts";

type Row = readonly [name: string, kind: FamilyInfo["kind"], help: string];

const ROWS: readonly Row[] = [
  [
    "loki_ingester_autoforget_unhealthy_ingesters_total",
    "counter",
    "Ingesters that the ring forgot; a ring of one forgets none.",
  ],
  [
    "cortex_query_frontend_connected_schedulers",
    "gauge",
    "Query schedulers that are connected; queries run where they come in.",
  ],
  [
    "cortex_query_scheduler_connected_querier_clients",
    "gauge",
    "Queriers at the scheduler; queries run where they come in.",
  ],
  [
    "cortex_query_scheduler_connected_frontend_clients",
    "gauge",
    "Frontends at the scheduler; queries run where they come in.",
  ],
  ["cortex_query_scheduler_running", "gauge", "Whether a scheduler runs; none is needed."],
  [
    "cortex_query_scheduler_queue_duration_seconds",
    "histogram",
    "Time that queries waited for a querier; they do not wait.",
  ],
  [
    "loki_query_frontend_log_result_cache_hit_total",
    "counter",
    "Empty answers that a cache gave; no results are cached.",
  ],
  [
    "loki_query_frontend_log_result_cache_miss_total",
    "counter",
    "Empty answers that a cache did not have; no results are cached.",
  ],
  [
    "loki_chunk_store_deduped_bytes_total",
    "counter",
    "Bytes of chunks that a replica had stored already.",
  ],
];

export const ALONE: readonly (readonly [string, FamilyInfo])[] = ROWS.map(([name, kind, help]) => [
  name,
  { kind, help, initial: [{}] },
]);
