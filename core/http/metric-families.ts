/**
 * The metrics that Loki's dashboards and alerts ask for (spec http-api §8), with what each is for. Those with
 * `initial` series are printed from the start: a rate of a counter that is not there yet is not zero.
 */
import { ALONE } from "./metric-families-alone.ts";
import type { MetricLabels } from "./metrics.ts";

export type Kind = "counter" | "gauge" | "histogram";

export interface FamilyInfo {
  readonly kind: Kind;
  readonly help: string;
  readonly initial: readonly MetricLabels[];
}

type Row = readonly [name: string, kind: Kind, help: string, initial?: readonly MetricLabels[]];

/** One series without labels. */
const ONE: readonly MetricLabels[] = [{}];

function each(label: string, values: readonly string[]): readonly MetricLabels[] {
  return values.map((value) => ({ [label]: value }));
}

const LEVELS = each("level", ["debug", "info", "warn", "error"]);

const OUTCOMES = each("status", ["success", "failure"]);

const SERVER: readonly Row[] = [
  ["loki_request_duration_seconds", "histogram", "Time spent on HTTP requests."],
  ["loki_inflight_requests", "gauge", "Requests under way."],
  ["loki_request_message_bytes", "histogram", "Size of requests' bodies as they came."],
  ["loki_response_message_bytes", "histogram", "Size of answers' bodies as they went."],
  ["loki_tcp_connections", "gauge", "Connections with a request or a WebSocket on them."],
  [
    "loki_tcp_connections_limit",
    "gauge",
    "Connections that may be open at once, 0 for any number.",
  ],
  ["loki_build_info", "gauge", "What this program was built from."],
  ["loki_panic_total", "counter", "Requests that met a mistake of this program.", ONE],
  ["loki_log_messages_total", "counter", "Lines of this program's own log.", LEVELS],
  ["loki_internal_log_messages_total", "counter", "Lines of this program's own log.", LEVELS],
  ["lokits_inflight_pushes", "gauge", "Pushes under way."],
  ["lokits_inflight_push_bytes", "gauge", "Bytes that pushes under way hold."],
  ["lokits_pushes_refused_total", "counter", "Pushes refused since too much was under way."],
  ["lokits_auth_failures_total", "counter", "Sign-ins that were refused."],
  [
    "lokits_tls_handshake_failures_total",
    "counter",
    "TLS handshakes that failed, by OpenSSL's code.",
  ],
  [
    "lokits_files_last_reload_successful",
    "gauge",
    "Whether these files were of use when they changed last.",
  ],
  [
    "lokits_files_last_reload_success_timestamp_seconds",
    "gauge",
    "When these files were put to use last.",
  ],
  [
    "loki_runtime_config_last_reload_successful",
    "gauge",
    "Whether the overrides of tenants were of use when they were read last.",
  ],
  ["loki_runtime_config_hash", "gauge", "The overrides that hold, 1, and those before them, 0."],
  ["lokits_metrics_series_dropped_total", "counter", "Series beyond what one metric may have."],
];

const DISTRIBUTOR: readonly Row[] = [
  ["loki_distributor_bytes_received_total", "counter", "Bytes of lines received."],
  [
    "loki_distributor_structured_metadata_bytes_received_total",
    "counter",
    "Bytes of structured metadata received.",
  ],
  ["loki_distributor_lines_received_total", "counter", "Lines received."],
  ["loki_distributor_ingester_appends_total", "counter", "Pushes handed to an ingester."],
  ["loki_distributor_ingester_append_failures_total", "counter", "Pushes that an ingester failed."],
  [
    "loki_ingester_client_request_duration_seconds",
    "histogram",
    "Time that the distributor waited for its ingester.",
  ],
  ["loki_distributor_replication_factor", "gauge", "Ingesters that each stream goes to."],
  ["loki_stream_sharding_count", "counter", "Times a stream was divided into shards.", ONE],
  ["loki_rate_store_streams", "gauge", "Streams whose rate is known.", ONE],
  ["loki_rate_store_max_stream_shards", "gauge", "Most shards of one stream.", ONE],
  ["loki_rate_store_max_stream_rate_bytes", "gauge", "Rate of the fastest shard.", ONE],
  ["loki_rate_store_max_unique_stream_rate_bytes", "gauge", "Rate of the fastest stream.", ONE],
  ["loki_rate_store_expired_streams_total", "counter", "Streams that stopped.", ONE],
  ["loki_rate_store_refresh_failures_total", "counter", "Ingesters that told no rates."],
  ["loki_rate_store_refresh_duration_seconds", "histogram", "Time to ask for the rates."],
  ["loki_discarded_samples_total", "counter", "Lines that were refused."],
  ["loki_discarded_bytes_total", "counter", "Bytes of lines that were refused."],
  ["loki_mutated_samples_total", "counter", "Lines that were changed on their way in."],
  ["loki_mutated_bytes_total", "counter", "Bytes that were cut off lines on their way in."],
  ["loki_bytes_per_line", "histogram", "Size of lines received.", ONE],
];

const INGESTER: readonly Row[] = [
  ["loki_ingester_memory_streams", "gauge", "Streams in memory."],
  ["loki_ingester_memory_streams_labels_bytes", "gauge", "Bytes of labels of streams in memory."],
  ["loki_ingester_memory_chunks", "gauge", "Chunks in memory."],
  ["loki_ingester_streams_created_total", "counter", "Streams begun."],
  ["loki_ingester_streams_removed_total", "counter", "Streams that left memory."],
  ["loki_ingester_chunks_created_total", "counter", "Chunks begun.", ONE],
  [
    "loki_ingester_chunks_flushed_total",
    "counter",
    "Chunks put into the store, by why they went.",
    each("reason", ["idle", "max_age", "full", "synced", "forced"]),
  ],
  ["loki_ingester_chunks_stored_total", "counter", "Chunks that the store has taken."],
  [
    "loki_ingester_chunk_stored_bytes_total",
    "counter",
    "Bytes of chunks that the store has taken.",
  ],
  ["loki_ingester_chunk_age_seconds", "histogram", "Age of chunks when they went.", ONE],
  ["loki_ingester_chunk_size_bytes", "histogram", "Size of chunks as stored.", ONE],
  ["loki_ingester_chunk_utilization", "histogram", "How full chunks were, 1 for full.", ONE],
  ["loki_ingester_chunk_entries", "histogram", "Lines of chunks.", ONE],
  ["loki_ingester_chunk_compression_ratio", "histogram", "Bytes of lines for a stored byte.", ONE],
  [
    "loki_ingester_chunk_bounds_hours",
    "histogram",
    "Hours from first to last line of chunks.",
    ONE,
  ],
  ["loki_ingester_chunk_encode_time_seconds", "histogram", "Time to make a chunk's object.", ONE],
  ["loki_ingester_blocks_per_chunk", "histogram", "Blocks of chunks.", ONE],
  ["loki_ingester_samples_per_chunk", "histogram", "Lines of chunks.", ONE],
  ["loki_ingester_wal_bytes_in_use", "gauge", "Bytes that replay holds in memory.", ONE],
  ["loki_ingester_wal_logged_bytes_total", "counter", "Bytes written to the WAL.", ONE],
  ["loki_ingester_wal_records_logged_total", "counter", "Records written to the WAL.", ONE],
  ["loki_ingester_wal_replay_active", "gauge", "Whether the WAL is being replayed.", ONE],
  ["loki_ingester_wal_replay_duration_seconds", "gauge", "Time that the replay took.", ONE],
  ["loki_ingester_wal_replay_flushing", "gauge", "Whether replay stores to make room.", ONE],
  ["loki_ingester_wal_recovered_bytes_total", "counter", "Bytes read from the WAL.", ONE],
  ["loki_ingester_wal_recovered_chunks_total", "counter", "Chunks recovered from the WAL.", ONE],
  ["loki_ingester_wal_recovered_entries_total", "counter", "Lines recovered from the WAL.", ONE],
  ["loki_ingester_wal_recovered_streams_total", "counter", "Streams recovered from the WAL.", ONE],
  [
    "loki_ingester_wal_duplicate_entries_total",
    "counter",
    "Groups of lines in the WAL that the checkpoint had already.",
    ONE,
  ],
  ["loki_ingester_wal_disk_full_failures_total", "counter", "Writes to a disk that was full.", ONE],
  ["loki_ingester_wal_corruptions_total", "counter", "Places of the WAL that were damaged.", ONE],
  ["loki_ingester_checkpoint_creations_total", "counter", "Checkpoints begun.", ONE],
  ["loki_ingester_checkpoint_creations_failed_total", "counter", "Checkpoints that failed.", ONE],
  ["loki_ingester_checkpoint_duration_seconds", "histogram", "Time to write a checkpoint.", ONE],
  ["loki_ingester_shutdown_marker", "gauge", "Whether the next stop is to flush.", ONE],
  ["loki_ingester_limiter_enabled", "gauge", "Whether limits of tenants are held.", ONE],
  ["loki_ingester_flush_queue_length", "gauge", "Streams that wait to be flushed.", ONE],
  ["cortex_ingester_flush_queue_length", "gauge", "Streams that wait to be flushed.", ONE],
];

const QUERIES: readonly Row[] = [
  ["logql_query_duration_seconds", "histogram", "Time of queries."],
  ["loki_logql_querystats_latency_seconds", "histogram", "Time of queries."],
  ["loki_logql_querystats_bytes_processed_per_seconds", "histogram", "Bytes looked at a second."],
  [
    "loki_logql_querystats_downloaded_chunk_total",
    "counter",
    "Chunks fetched from the store.",
    ONE,
  ],
  ["loki_logql_querystats_duplicates_total", "counter", "Lines that came from two places.", ONE],
  ["loki_logql_querystats_ingester_sent_lines_total", "counter", "Lines from ingesters.", ONE],
  ["cortex_frontend_query_range_duration_seconds", "histogram", "Time of queries."],
  ["loki_query_frontend_partitions", "histogram", "Parts that a query was cut into.", ONE],
  ["cortex_query_frontend_retries", "histogram", "Times a query was tried again.", ONE],
  ["cortex_query_frontend_queries_in_progress", "gauge", "Queries under way.", ONE],
  ["loki_query_frontend_queries_in_progress", "gauge", "Queries under way.", ONE],
  ["loki_querier_worker_concurrency", "gauge", "Queries that may run at once.", ONE],
  ["loki_querier_worker_inflight_queries", "gauge", "Queries under way.", ONE],
  ["loki_querier_tail_active", "gauge", "Tails under way.", ONE],
  ["loki_querier_tail_active_streams", "gauge", "Streams that tails have sent lines of.", ONE],
  ["loki_querier_tail_bytes_total", "counter", "Bytes of lines sent to tails.", ONE],
];

const PROCESS: readonly Row[] = [
  ["cortex_ring_members", "gauge", "Ingesters by how they are."],
  ["cortex_ring_tokens_total", "gauge", "Tokens of all ingesters."],
  ["cortex_ring_member_tokens_owned", "gauge", "Tokens of each ingester."],
  [
    "cortex_ring_oldest_member_timestamp",
    "gauge",
    "Oldest sign of life of the ingesters of a state, Unix seconds, 0 where there are none.",
  ],
  ["process_cpu_seconds_total", "counter", "Processor time spent, in seconds."],
  ["process_resident_memory_bytes", "gauge", "Memory of the process."],
  ["process_virtual_memory_bytes", "gauge", "Address space of the process."],
  ["process_start_time_seconds", "gauge", "When the process started, Unix seconds."],
  ["process_open_fds", "gauge", "Open files and sockets."],
  ["process_max_fds", "gauge", "Files and sockets that may be open."],
  ["go_memstats_heap_inuse_bytes", "gauge", "Bytes of the heap that are used."],
  ["go_memstats_heap_sys_bytes", "gauge", "Bytes of the heap."],
  ["go_goroutines", "gauge", "Threads of the process."],
];

/** Counted elsewhere, next to the work: here they have their texts. */
const STORE: readonly Row[] = [
  ["loki_tsdb_shipper_tables_upload_operation_total", "counter", "Uploads of index files."],
  [
    "loki_tsdb_shipper_tables_sync_operation_total",
    "counter",
    "Looks for new index files.",
    OUTCOMES,
  ],
  ["loki_tsdb_build_index_attempts_total", "counter", "Times index files were built.", OUTCOMES],
  ["loki_index_request_duration_seconds", "histogram", "Time of questions to the index."],
  [
    "loki_tsdb_shipper_tables_download_operation_duration_seconds",
    "gauge",
    "Time that the last look for index files took, 0 where they are not fetched.",
    ONE,
  ],
  ["loki_boltdb_shipper_request_duration_seconds", "histogram", "Requests for the index."],
  ["loki_s3_request_duration_seconds", "histogram", "Requests to S3, each try."],
  ["loki_store_chunks_downloaded_total", "counter", "Chunks fetched from the store."],
  ["loki_chunk_store_stored_chunks_total", "counter", "Chunks written to the store."],
  ["loki_chunk_store_stored_chunk_bytes_total", "counter", "Bytes of chunks written to the store."],
  ["loki_chunk_store_chunks_per_query", "histogram", "Chunks that the index gave to a question."],
  [
    "loki_chunk_store_index_lookups_per_query",
    "histogram",
    "Index files that a question looked at.",
  ],
  ["loki_chunk_store_index_entries_per_chunk", "histogram", "Index tables that name a chunk."],
  [
    "loki_chunk_store_deduped_chunks_total",
    "counter",
    "Chunks that a replica had stored already.",
    ONE,
  ],
  [
    "loki_tsdb_wal_truncation_attempts_total",
    "counter",
    "Times the index's own log was cut; chunks stay in the WAL until they are indexed, so it has none.",
    OUTCOMES,
  ],
  ["loki_chunk_fetcher_fetched_size_bytes", "histogram", "Size of chunks fetched from the store."],
  ["lokits_index_open_bytes", "gauge", "Index files that are kept open, decompressed."],
  ["loki_boltdb_shipper_compactor_running", "gauge", "Whether this process compacts.", ONE],
  [
    "loki_boltdb_shipper_compact_tables_operation_total",
    "counter",
    "Compactions of all tables.",
    OUTCOMES,
  ],
  [
    "loki_boltdb_shipper_compact_tables_operation_duration_seconds",
    "gauge",
    "Time that the last compaction of all tables took.",
    ONE,
  ],
  [
    "loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds",
    "gauge",
    "When all tables were last compacted, Unix seconds.",
    ONE,
  ],
  [
    "loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds",
    "gauge",
    "When retention was last applied, Unix seconds.",
    ONE,
  ],
  [
    "loki_boltdb_shipper_retention_sweeper_marker_files_current",
    "gauge",
    "Objects with marks that wait for their time.",
    ONE,
  ],
  ["loki_compactor_delete_requests_received_total", "counter", "Delete requests taken."],
  ["loki_compactor_delete_requests_processed_total", "counter", "Delete requests carried out."],
  ["loki_compactor_deleted_lines", "counter", "Lines deleted by request."],
  ["loki_compactor_pending_delete_requests_count", "gauge", "Delete requests that wait."],
  [
    "loki_compactor_oldest_pending_delete_request_age_seconds",
    "gauge",
    "Age of the oldest delete request that waits.",
  ],
];

const ROWS = [...SERVER, ...DISTRIBUTOR, ...INGESTER, ...QUERIES, ...PROCESS, ...STORE];

export const FAMILIES: ReadonlyMap<string, FamilyInfo> = new Map([
  ...ROWS.map(([name, kind, help, initial = []]) => [name, { kind, help, initial }] as const),
  ...ALONE,
]);
