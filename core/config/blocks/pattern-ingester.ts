/** `pattern_ingester` of Loki 3.x: patterns of the lines that came in. */
import { ignored, type Row } from "../row.ts";

const WHY = "patterns are found in the ingester itself and kept in memory";

export const PATTERN_INGESTER: readonly Row[] = [
  ["enabled", "bool", "false", "pattern-ingester.enabled", { added: true }],
  ["max_clusters", "int", "300", "pattern-ingester.max-clusters", { added: true }],
  [
    "max_allowed_line_length",
    "int",
    "3000",
    "pattern-ingester.max-allowed-line-length",
    { added: true },
  ],
  ["retain_for", "duration", "3h", "pattern-ingester.retain-for", { added: true }],
  [
    "max_memory",
    "size",
    "128MB",
    "pattern-ingester.max-memory",
    { ours: "memory for the patterns of all tenants; those that were seen longest ago make room" },
  ],
  ...[
    "lifecycler",
    "client_config",
    "concurrent_flushes",
    "flush_check_period",
    "max_eviction_ratio",
    "metric_aggregation",
    "pattern_persistence",
    "tee_config",
    "connection_timeout",
    "max_chunk_age",
    "chunk_sample_interval",
    "volume_threshold",
  ].map((name) => ignored(name, WHY, { added: true })),
];
