/** Bounds of Loki's histograms, by metric name (spec http-api §8). Dashboards take quantiles of them. */

/** `loki_request_duration_seconds` and every other duration of ours, seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100,
];

const MESSAGE_BYTES = [1, 2.5, 5, 10, 25, 50, 100, 250].map((mb) => mb * 1024 * 1024);

const BUCKETS: Readonly<Record<string, readonly number[]>> = {
  loki_bytes_per_line: exponential(1, 8, 8),
  loki_request_message_bytes: MESSAGE_BYTES,
  loki_response_message_bytes: MESSAGE_BYTES,
  loki_chunk_store_chunks_per_query: exponential(10, 8, 8),
  loki_chunk_store_index_lookups_per_query: exponential(1, 2, 5),
  loki_chunk_store_index_entries_per_chunk: exponential(1, 2, 5),
  loki_chunk_fetcher_fetched_size_bytes: exponential(1024, 4, 8),
  loki_query_frontend_partitions: exponential(1, 4, 6),
  cortex_query_frontend_retries: linear(0, 1, 6),
  loki_ingester_chunk_age_seconds: [60, 300, 600, 1800, 3600, 7200, 14400, 36000, 43200, 57600],
  loki_ingester_chunk_size_bytes: exponential(20_000, 2, 10),
  loki_ingester_chunk_utilization: linear(0, 0.2, 6),
  loki_ingester_chunk_entries: exponential(200, 2, 9),
  loki_ingester_chunk_compression_ratio: linear(0.75, 2, 10),
  loki_ingester_chunk_bounds_hours: linear(1, 1, 8),
  loki_ingester_blocks_per_chunk: exponential(5, 2, 6),
  loki_ingester_samples_per_chunk: linear(4096, 2048, 6),
  loki_logql_querystats_bytes_processed_per_seconds: exponential(1 << 20, 2, 16),
};

export function bucketsOf(name: string): readonly number[] {
  return BUCKETS[name] ?? DURATION_BUCKETS;
}

function linear(first: number, step: number, count: number): readonly number[] {
  // Rounded: 0.2 + 0.2 + 0.2 must print as 0.6.
  return Array.from({ length: count }, (_, index) => Number((first + step * index).toFixed(9)));
}

function exponential(first: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first * factor ** index);
}
