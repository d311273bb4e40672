/** A ring: where its members write themselves down, and who this member is. */
import { type Row, under } from "../row.ts";
import { tls } from "./grpc-client.ts";

/** The ring of a component that needs no tokens of its own kind. */
export function ring(flags: string): readonly Row[] {
  return [
    ...under("kvstore", kvstore(flags)),
    ["heartbeat_period", "duration", "15s", `${flags}heartbeat-period`],
    ["heartbeat_timeout", "duration", "1m", `${flags}heartbeat-timeout`],
    ["tokens_file_path", "string", "", `${flags}tokens-file-path`],
    ["zone_awareness_enabled", "bool", "false", `${flags}zone-awareness-enabled`],
    ["instance_id", "string", "", `${flags}instance-id`],
    ["instance_interface_names", "strings", [], `${flags}instance-interface-names`],
    ["instance_port", "int", "0", `${flags}instance-port`],
    ["instance_addr", "string", "", `${flags}instance-addr`],
    ["instance_availability_zone", "string", "", `${flags}instance-availability-zone`],
    ["instance_enable_ipv6", "bool", "false", `${flags}instance-enable-ipv6`],
  ];
}

/** The ingester's flags have a prefix for the store and none for the backends. */
export function kvstore(
  flags: string,
  prefix = "collectors/",
  backendFlags: string = flags,
): readonly Row[] {
  return [
    ["store", "string", "consul", `${flags}store`],
    ["prefix", "string", prefix, `${flags}prefix`],
    ...under("consul", consul(`${backendFlags}consul.`)),
    ...under("etcd", etcd(`${backendFlags}etcd.`)),
    ["multi.primary", "string", "", `${backendFlags}multi.primary`],
    ["multi.secondary", "string", "", `${backendFlags}multi.secondary`],
    ["multi.mirror_enabled", "bool", "false", `${backendFlags}multi.mirror-enabled`],
    ["multi.mirror_timeout", "duration", "2s", `${backendFlags}multi.mirror-timeout`],
  ];
}

function consul(flags: string): readonly Row[] {
  return [
    ["host", "string", "localhost:8500", `${flags}hostname`],
    ["acl_token", "secret", "", `${flags}acl-token`],
    ["http_client_timeout", "duration", "20s", `${flags}client-timeout`],
    ["consistent_reads", "bool", "false", `${flags}consistent-reads`],
    ["watch_rate_limit", "float", "1", `${flags}watch-rate-limit`],
    ["watch_burst_size", "int", "1", `${flags}watch-burst-size`],
    ["cas_retry_delay", "duration", "1s", `${flags}cas-retry-delay`],
  ];
}

function etcd(flags: string): readonly Row[] {
  return [
    ["endpoints", "strings", [], `${flags}endpoints`],
    ["dial_timeout", "duration", "10s", `${flags}dial-timeout`],
    ["max_retries", "int", "10", `${flags}max-retries`],
    ["tls_enabled", "bool", "false", `${flags}tls-enabled`],
    ...tls(flags),
    ["username", "string", "", `${flags}username`],
    ["password", "secret", "", `${flags}password`],
  ];
}
