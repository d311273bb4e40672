/** A gRPC client, and the TLS keys of every client. */
import type { Row } from "../row.ts";

export function grpcClient(flags: string): readonly Row[] {
  return [
    ["max_recv_msg_size", "int", "104857600", `${flags}grpc-max-recv-msg-size`],
    ["max_send_msg_size", "int", "104857600", `${flags}grpc-max-send-msg-size`],
    ["grpc_compression", "string", "", `${flags}grpc-compression`],
    ["rate_limit", "float", "0", `${flags}grpc-client-rate-limit`],
    ["rate_limit_burst", "int", "0", `${flags}grpc-client-rate-limit-burst`],
    ["backoff_on_ratelimits", "bool", "false", `${flags}backoff-on-ratelimits`],
    ["backoff_config.min_period", "duration", "100ms", `${flags}backoff-min-period`],
    ["backoff_config.max_period", "duration", "10s", `${flags}backoff-max-period`],
    ["backoff_config.max_retries", "int", "10", `${flags}backoff-retries`],
    ["initial_stream_window_size", "window", "63KiB1023B", `${flags}initial-stream-window-size`],
    [
      "initial_connection_window_size",
      "window",
      "63KiB1023B",
      `${flags}initial-connection-window-size`,
    ],
    ["tls_enabled", "bool", "false", `${flags}tls-enabled`],
    ...tls(flags),
    ["connect_timeout", "duration", "5s", `${flags}connect-timeout`],
    ["connect_backoff_base_delay", "duration", "1s", `${flags}connect-backoff-base-delay`],
    ["connect_backoff_max_delay", "duration", "5s", `${flags}connect-backoff-max-delay`],
    ["cluster_validation.label", "string", "", `${flags}cluster-validation.label`, { added: true }],
  ];
}

export function tls(flags: string): readonly Row[] {
  return [
    ["tls_cert_path", "string", "", `${flags}tls-cert-path`],
    ["tls_key_path", "string", "", `${flags}tls-key-path`],
    ["tls_ca_path", "string", "", `${flags}tls-ca-path`],
    ["tls_server_name", "string", "", `${flags}tls-server-name`],
    ["tls_insecure_skip_verify", "bool", "false", `${flags}tls-insecure-skip-verify`],
    ["tls_cipher_suites", "string", "", `${flags}tls-cipher-suites`],
    ["tls_min_version", "string", "", `${flags}tls-min-version`],
  ];
}
