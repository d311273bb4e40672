/** `frontend`: the query frontend. */
import { type Row, under } from "../row.ts";
import { grpcClient, tls } from "./grpc-client.ts";

export const FRONTEND: readonly Row[] = [
  ["log_queries_longer_than", "duration", "0s", "frontend.log-queries-longer-than"],
  ["max_body_size", "int", "10485760", "frontend.max-body-size"],
  ["query_stats_enabled", "bool", "false", "frontend.query-stats-enabled"],
  ["max_outstanding_per_tenant", "int", "2048", "querier.max-outstanding-requests-per-tenant"],
  ["querier_forget_delay", "duration", "0s", "query-frontend.querier-forget-delay"],
  ["scheduler_address", "string", "", "frontend.scheduler-address"],
  ["scheduler_dns_lookup_period", "duration", "10s", "frontend.scheduler-dns-lookup-period"],
  ["scheduler_worker_concurrency", "int", "5", "frontend.scheduler-worker-concurrency"],
  ...under("grpc_client_config", grpcClient("frontend.grpc-client-config.")),
  ["graceful_shutdown_timeout", "duration", "5m", "frontend.graceful-shutdown-timeout"],
  ["instance_interface_names", "strings", [], "frontend.instance-interface-names"],
  ["compress_responses", "bool", "false", "querier.compress-http-responses", { newer: "true" }],
  ["downstream_url", "string", "", "frontend.downstream-url"],
  ["tail_proxy_url", "string", "", "frontend.tail-proxy-url"],
  ...under("tail_tls_config", tls("frontend.tail-tls-config.")),
  [
    "log_query_request_headers",
    "string",
    "",
    "frontend.log-query-request-headers",
    { added: true },
  ],
  ["instance_enable_ipv6", "bool", "false", "frontend.instance-enable-ipv6", { added: true }],
  ["encoding", "string", "json", "frontend.encoding", { added: true }],
  ["support_parquet_encoding", "bool", "false", "", { added: true }],
];
