/** `tracing` and `analytics`: what the process tells about itself. */
import { type Row, under } from "../row.ts";
import { tls } from "./grpc-client.ts";

export const TRACING: readonly Row[] = [
  ["enabled", "bool", "true", "tracing.enabled"],
  [
    "otlp_endpoint",
    "url",
    "",
    "tracing.otlp-endpoint",
    {
      ours: "where traces go by OTLP over HTTP, `http://collector:4318/v1/traces`; without it OTEL_EXPORTER_OTLP_ENDPOINT counts, and without that there are no traces",
    },
  ],
  [
    "sample_ratio",
    "float",
    "1",
    "tracing.sample-ratio",
    { ours: "share of the traces that begin here and are kept" },
  ],
];

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
