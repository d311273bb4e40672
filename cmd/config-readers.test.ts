/**
 * What becomes of each key of the configuration: a file reads it, or whoever sets it is warned that nothing comes
 * of it. A new key has to be in the table below, in core/config/unused-blocks.ts or to carry a note.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Config } from "../core/config/config.ts";
import { KEYS, type Key, keysBelow } from "../core/config/keys.ts";
import { noteWarnings } from "../core/config/late.ts";
import { unusedWarnings } from "../core/config/unused.ts";
import type { Value } from "../core/config/value.ts";

/** The keys that a file reads: names by the block they stand in, or a block that it reads all of. */
const READERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cmd/serve.ts": {
    "": "legacy_read_target",
  },
  "cmd/wire/app.ts": {
    ingester: "shutdown_marker_path",
    server: "http_server_idle_timeout http_server_write_timeout",
  },
  "cmd/wire/asked-sources.ts": {
    querier: "query_ingester_only query_store_only",
  },
  "cmd/wire/auth.ts": {
    auth: "open_paths",
    server: "admin_routes files_reload_period trusted_proxies",
  },
  "cmd/wire/compactor.ts": {
    compactor:
      "apply_retention_interval compaction_interval delete_batch_size delete_request_cancel_period max_compaction_parallelism retention_confirm retention_delete_delay retention_delete_worker_count retention_size retention_table_timeout skip_latest_n_tables tables_to_compact",
  },
  "cmd/wire/config.ts": {
    "": "auth_enabled shutdown_delay",
    common: "path_prefix",
    distributor:
      "max_decompressed_size max_inflight_push_bytes max_inflight_pushes max_recv_msg_size",
    frontend: "compress_responses max_body_size",
    ingester:
      "chunk_block_size chunk_encoding chunk_idle_period chunk_retain_period chunk_target_size concurrent_flushes flush_check_period max_chunk_age max_dropped_streams max_returned_stream_errors",
    "ingester.lifecycler": "id",
    "ingester.wal": "checkpoint_duration dir enabled flush_on_shutdown replay_memory_ceiling sync",
    limits_config: "per_tenant_override_period",
    querier: "multi_tenant_queries_enabled tail_max_duration",
    runtime_config: "file period",
    server:
      "graceful_shutdown_timeout http_listen_address http_listen_port http_path_prefix http_server_read_timeout log_format log_level log_request_at_info_level_enabled",
  },
  "cmd/wire/deletes.ts": {
    compactor:
      "delete_max_interval delete_request_store delete_request_store_key_prefix retention_enabled working_directory",
  },
  "cmd/wire/listener-tls.ts": {
    server: "http_tls_config tls_cipher_suites tls_min_version",
  },
  "cmd/wire/named-store.ts": {
    "storage_config.filesystem": "directory",
    "storage_config.named_stores": "aws filesystem",
    storage_config: "object_prefix",
  },
  "cmd/wire/otlp-config.ts": {
    "distributor.otlp_config": "default_resource_attributes_as_index_labels",
  },
  "cmd/wire/patterns.ts": {
    pattern_ingester: "enabled max_allowed_line_length max_clusters max_memory retain_for",
  },
  "cmd/wire/policies.ts": {
    distributor: "default_policy_stream_mappings",
  },
  "cmd/wire/ring.ts": {
    index_gateway: "mode",
    "ingester.lifecycler":
      "address availability_zone heartbeat_period interface_names num_tokens port",
    query_scheduler: "use_scheduler_ring",
    server: "grpc_listen_port",
  },
  "cmd/wire/served-store.ts": {
    storage_config: "max_bytes_in_flight max_parallel_get_chunk",
    "storage_config.tsdb_shipper":
      "active_index_directory cache_location cache_ttl open_files_bytes query_ready_num_days resync_interval",
  },
  "cmd/wire/sign-in.ts": {
    auth: "certificates client_certificate failures_max failures_window jwt realm tokens users",
  },
  "cmd/wire/store-config.ts": {
    schema_config: "configs",
    "storage_config.tsdb_shipper": "shared_store shared_store_key_prefix",
  },
  "cmd/wire/stream-rates.ts": {
    "distributor.rate_store": "stream_rate_update_interval",
  },
  "cmd/wire/tracing.ts": {
    tracing: "enabled otlp_endpoint sample_ratio",
  },
  "core/config/dynamic.ts": {
    storage_config: "index_cache_validity",
  },
  "core/config/late.ts": {
    chunk_store_config: "max_look_back_period",
    "querier.engine": "timeout",
  },
  "core/config/load.ts": {
    limits_config: "per_tenant_override_config",
    "": "target",
  },
  "core/config/validate-storage.ts": {
    "common.storage.s3": "chunk_delimiter",
    storage_config: "use_thanos_objstore aws.chunk_delimiter",
  },
  "core/config/validate.ts": {
    query_range: "split_queries_by_interval",
  },
};

/** Blocks whose keys are read one by one, under names that are written in files of cmd/wire. */
const WIRED = ["limits_config", "storage_config.aws"];

/** What reaches another block by the rules of \`common\`, and is read there. */
const COPIED = ["common.storage.s3", "common.storage.filesystem", "common.instance_addr"];

/** Who the members of rings are, as the pages of the rings show them. */
const MEMBERS =
  /^(common\.ring|common|ingester\.lifecycler|\w+\.(ring|compactor_ring|scheduler_ring))\.(instance_\w+|heartbeat_period|num_tokens|id|address|port|availability_zone|interface_names)$/;

const ROOT = join(import.meta.dirname, "..");
const sources = new Map<string, string>();

function sourceOf(file: string): string {
  const known = sources.get(file) ?? readFileSync(join(ROOT, file), "utf8");
  sources.set(file, known);
  return known;
}

const WIRE = readdirSync(join(ROOT, "cmd/wire"))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => `cmd/wire/${name}`);

/** Whether a file has the end of a path in quotes: "wal.dir", or "dir" where the block is put before it. */
function names(file: string, path: string): boolean {
  const parts = path.split(".");
  return parts.some((_, at) =>
    new RegExp(`["'\`.]${parts.slice(at).join("\\.")}["'\`]`).test(sourceOf(file)),
  );
}

/** The paths of the tables, and who reads each. */
function readers(): Map<string, string> {
  const out = new Map<string, string>();
  for (const [file, blocks] of Object.entries(READERS)) {
    for (const [block, list] of Object.entries(blocks)) {
      for (const name of list.split(" ")) out.set(block === "" ? name : `${block}.${name}`, file);
    }
  }
  return out;
}

/** Some value that is not the key's default. */
function another({ type, initial }: Key): Value {
  if (typeof type === "object") return "list" in type ? [{}] : { a: {} };
  if (type === "bool") return initial !== true;
  if (type === "duration" || type === "span") return ((initial ?? 0n) as bigint) + 1n;
  if (type === "strings") return ["another"];
  return typeof initial === "number" ? initial + 1 : "another";
}

/** Some keys have no effect only where periods say otherwise. */
const PERIOD = new Map([["schema_config.configs", [{ object_store: "filesystem" }]]]);

function warns(key: Key): boolean {
  const layers = [new Map([[key.path, another(key)]])];
  // What asks for less than its default says has its warning when it asks for it.
  const asked = [new Map([[key.path, key.initial ?? ""]])];
  return [layers, asked].some(
    (set) =>
      noteWarnings(set).length > 0 || unusedWarnings(new Config([...set, PERIOD]), set).length > 0,
  );
}

test("every key has a reader or a warning", () => {
  const known = readers();
  const silent = [...KEYS.values()].filter((key) => {
    const { path } = key;
    if (warns(key) || MEMBERS.test(path)) return false;
    const above = path.split(".").map((_, at, parts) => parts.slice(0, at + 1).join("."));
    if (above.some((name) => known.has(name) || COPIED.includes(name))) return false;
    return !WIRED.some((block) => above.includes(block)) || !WIRE.some((file) => names(file, path));
  });
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});

test("every reader names the keys that it is said to read", () => {
  const wrong = [...readers()].flatMap(([path, file]) =>
    keysBelow(path).length === 0 || !names(file, path) ? [`${file}: ${path}`] : [],
  );
  assert.deepEqual(wrong, []);
});

test("no key that is read is said to be without effect", () => {
  const paths = [...readers().keys()].flatMap(keysBelow).filter(({ note }) => !note.deprecated);
  assert.deepEqual(
    paths.filter(warns).map(({ path }) => path),
    [],
  );
});
