/** `tracing` and `analytics`: what the process tells about itself. */
import { type Row, under } from "../row.ts";
import { tls } from "./grpc-client.ts";

export const TRACING: readonly Row[] = [["enabled", "bool", "true", "tracing.enabled"]];

/** lokits never reports its use, so these keys have nothing to say. */
export const ANALYTICS: readonly Row[] = [
  ["reporting_enabled", "bool", "true", "reporting.enabled"],
  [
    "usage_stats_url",
    "string",
    "https://stats.grafana.org/loki-usage-report",
    "reporting.usage-stats-url",
  ],
  ["proxy_url", "string", "", "reporting.proxy-url", { added: true }],
  ...under("tls_config", tls("reporting.tls-config.")),
];
