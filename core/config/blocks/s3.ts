/** An S3 bucket: `storage_config.aws`, `common.storage.s3`, `ruler.storage.s3`. */
import type { Row } from "../row.ts";

export function s3(flags: string): readonly Row[] {
  return [
    ["s3", "url", undefined, `${flags}s3.url`],
    ["s3forcepathstyle", "bool", "false", `${flags}s3.force-path-style`],
    ["bucketnames", "string", "", `${flags}s3.buckets`],
    ["endpoint", "string", "", `${flags}s3.endpoint`],
    ["region", "string", "", `${flags}s3.region`],
    ["access_key_id", "string", "", `${flags}s3.access-key-id`],
    ["secret_access_key", "secret", "", `${flags}s3.secret-access-key`],
    ["session_token", "secret", "", `${flags}s3.session-token`],
    ["insecure", "bool", "false", `${flags}s3.insecure`],
    ["sse_encryption", "bool", "false", `${flags}s3.sse-encryption`, { removed: true }],
    ["http_config.timeout", "duration", "0s", `${flags}s3.http.timeout`],
    ["http_config.idle_conn_timeout", "duration", "1m30s", `${flags}s3.http.idle-conn-timeout`],
    [
      "http_config.response_header_timeout",
      "duration",
      "0s",
      `${flags}s3.http.response-header-timeout`,
    ],
    ["http_config.insecure_skip_verify", "bool", "false", `${flags}s3.http.insecure-skip-verify`],
    ["http_config.ca_file", "string", "", `${flags}s3.http.ca-file`],
    ["signature_version", "string", "v4", `${flags}s3.signature-version`],
    ["storage_class", "string", "STANDARD", `${flags}s3.storage-class`],
    ["sse.type", "string", "", `${flags}s3.sse.type`],
    ["sse.kms_key_id", "string", "", `${flags}s3.sse.kms-key-id`],
    ["sse.kms_encryption_context", "string", "", `${flags}s3.sse.kms-encryption-context`],
    ["backoff_config.min_period", "duration", "100ms", `${flags}s3.min-backoff`],
    ["backoff_config.max_period", "duration", "3s", `${flags}s3.max-backoff`],
    ["backoff_config.max_retries", "int", "5", `${flags}s3.max-retries`],
    ["chunk_delimiter", "string", "", `${flags}s3.chunk-delimiter`, { added: true }],
    ["disable_dualstack", "bool", "false", `${flags}s3.disable-dualstack`, { added: true }],
  ];
}
