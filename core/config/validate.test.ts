/** Values that do not go together, each refused in Loki's words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";

const SCHEMA = `
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`;

async function load(text: string): Promise<LoadedConfig> {
  return await loadConfig({ args: ["-config.file=x.yaml"], readFile: async () => text, env: {} });
}

function refused(name: string, text: string, wanted: readonly string[]): void {
  test(`${name} is refused`, async () => {
    await assert.rejects(load(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ text }) => text),
        wanted,
      );
      return true;
    });
  });
}

/** One period of a schema that is right but for what is given. */
function period(changes: string): string {
  return `schema_config: {configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: i_, period: 24h}, ${changes}}]}`;
}
const BLOCK = "invalid schema config: ";
refused("an old schema", period("chunks: {}").replace("v12", "v8"), [
  `${BLOCK}invalid schema version`,
]);
refused("a future schema", period("chunks: {}").replace("v12", "v14"), [
  `${BLOCK}invalid schema version`,
]);
refused("a schema that is none", period("chunks: {}").replace("v12", "abc"), [
  `${BLOCK}invalid schema version: strconv.Atoi: parsing "abc": invalid syntax`,
]);
refused("tables of tsdb that are not a day", period("chunks: {}").replace("24h", "7d"), [
  `${BLOCK}tsdb must always have periodic config for index set to 24h`,
]);
refused("no row shards", period("row_shards: 0"), [
  `${BLOCK}must have row_shards > 0 (current: 0) for schema (v12)`,
]);
refused(
  "tables of part of a day",
  period("chunks: {}").replace("24h", "30h").replace("tsdb", "boltdb"),
  [`${BLOCK}the table period must be a multiple of 24h (1h for schema v1)`],
);
refused("periods out of order", SCHEMA + SCHEMA.replace(/\n.*\n.*\n/, "\n"), [
  `${BLOCK}from time in schemas must be distinct and in increasing order`,
]);

function wrong(text: string, wanted: string): void {
  refused(text, SCHEMA + text, [wanted]);
}
wrong(
  "ingester: {chunk_encoding: foo}",
  "invalid ingester config: invalid encoding: foo, supported: none, gzip, lz4-64k, snappy, lz4-256k, lz4-1M, lz4, flate, zstd",
);
wrong(
  "ingester: {index_shards: 33}",
  "Incompatible inverted index shard factor on ingester: It must be a power of two, got 33",
);
wrong(
  "ingester: {index_shards: 0}",
  "invalid ingester config: invalid ingester index shard factor: 0",
);
wrong(
  "ingester: {wal: {checkpoint_duration: 0s}}",
  "invalid ingester config: invalid checkpoint duration: 0s",
);
wrong(
  "ingester: {max_transfer_retries: 1}",
  "invalid ingester config: the use of the write ahead log (WAL) is incompatible with chunk transfers. It's suggested to use the WAL. Please try setting ingester.max-transfer-retries to 0 to disable transfers",
);
wrong(
  "ingester: {wal: {sync: sometimes}}",
  'invalid ingester config: wal.sync is "sometimes", want commit, interval or never',
);
wrong(
  "querier: {query_store_only: true, query_ingester_only: true}",
  "invalid querier config: querier.query_store_only and querier.query_ingester_only cannot both be true",
);
wrong(
  "frontend_worker: {frontend_address: a, scheduler_address: b}",
  "invalid frontend-worker config: frontend address and scheduler address are mutually exclusive, please use only one",
);
wrong(
  "compactor: {max_compaction_parallelism: 0}",
  "invalid compactor config: max compaction parallelism must be >= 1",
);
wrong(
  "compactor: {retention_enabled: true, apply_retention_interval: 15m}",
  "invalid compactor config: interval for applying retention should either be set to a 0 or a multiple of compaction interval",
);
wrong(
  "query_range: {split_queries_by_interval: 1h}",
  "invalid queryrange config: the yaml flag `split_queries_by_interval` must now be set in the `limits_config` section instead of the `query_range` config section",
);
wrong(
  "query_range: {results_cache: {compression: foo}}",
  "invalid queryrange config: unsupported compression type: foo",
);
wrong(
  "limits_config: {deletion_mode: foo}",
  "invalid limits config: unknown deletion mode: must be one of disabled|filter-only|filter-and-delete",
);
wrong(
  "limits_config: {retention_stream: [{selector: '{a=\"b\"}', period: 23h}]}",
  "invalid limits config: retention period must be >= 24h was 23h",
);
wrong(
  "ruler: {evaluation: {mode: x}}",
  "invalid ruler config: invalid evaluation mode: x. Acceptable modes are: local, remote",
);
wrong(
  "ruler: {sharding_strategy: x}",
  'invalid ruler config: invalid sharding strategy "x", supported strategies are [default shuffle-sharding]',
);
wrong(
  "ruler: {remote_write: {enabled: true}}",
  "invalid ruler config: invalid ruler remote-write config: remote-write enabled but no clients URL are configured",
);
wrong(
  "storage_config: {tsdb_shipper: {shared_store_key_prefix: index}}",
  "invalid storage config: invalid tsdb config: shared store key prefix should end with a path separator i.e '/'",
);
wrong(
  "storage_config: {tsdb_shipper: {shared_store_key_prefix: /index/}}",
  "invalid storage config: invalid tsdb config: shared store key prefix should never start with a path separator i.e '/'",
);
wrong(
  "storage_config: {aws: {signature_version: v3}}",
  "invalid storage config: invalid AWS Storage config: invalid S3 Storage config: unsupported signature version",
);
wrong(
  "storage_config: {named_stores: {filesystem: {aws: {directory: /a}}}}",
  'invalid storage config: named store "aws" should not match with the name of a predefined storage type',
);
wrong("server: {log_level: foo}", 'unrecognized log level "foo"');
wrong("server: {log_format: foo}", 'unrecognized log format "foo"');
wrong(
  "index_gateway: {mode: x}",
  "mode x not supported. list of supported modes: simple (default), ring",
);
wrong("target: backend", "invalid target, cannot run backend target with legacy read mode");
wrong(
  "target: overrides-exporter",
  "overrides-exporter has been enabled, but no runtime configuration file was configured",
);

test("every value that is wrong is told, not the first alone", async () => {
  const text = `${SCHEMA}server: {log_level: foo}\nlimits_config: {deletion_mode: x}\n`;
  await assert.rejects(
    load(text),
    (error) => error instanceof ConfigError && error.problems.length === 2,
  );
});

const STORAGE = "invalid storage config: ";
refused("another library's buckets", `${SCHEMA}storage_config: {use_thanos_objstore: true}`, [
  `${STORAGE}use_thanos_objstore is not implemented yet, and without it the buckets are other ones: lokits knows them from storage_config.aws`,
]);
refused("a prefix that is no folder", `${SCHEMA}storage_config: {object_prefix: loki}`, [
  `${STORAGE}object_prefix is "loki", want a folder such as "loki/"`,
]);
for (const block of [
  "aws: {chunk_delimiter: _}",
  "named_stores: {aws: {n: {chunk_delimiter: _}}}",
]) {
  refused(`other names of chunks in ${block}`, `${SCHEMA}storage_config: {${block}}`, [
    `${STORAGE}chunk_delimiter is not implemented yet: chunks have other names with it`,
  ]);
}

refused("a ring's store that is none, once", `${SCHEMA}common: {ring: {kvstore: {store: foo}}}`, [
  "invalid KV store type: foo",
]);
for (const [text, wanted] of [
  ["server: {http_listen_port: 99999}", "server.http_listen_port is 99999, want 0 to 65535"],
  ["ingester: {concurrent_flushes: 0}", "ingester.concurrent_flushes is 0, want at least 1"],
  ["ingester: {flush_check_period: 0s}", "ingester.flush_check_period is 0s, want at least 1ms"],
  ["compactor: {compaction_interval: 0}", "compactor.compaction_interval is 0s, want at least 1ms"],
  ["shutdown_delay: -5s", "shutdown_delay is -5s, want at least 0s"],
  [
    "storage_config: {max_bytes_in_flight: 0}",
    "storage_config.max_bytes_in_flight is 0B, want at least 1",
  ],
  [
    "limits_config: {ingestion_rate_mb: .nan}",
    "limits_config.ingestion_rate_mb is .nan, want a number",
  ],
] as const) {
  refused(text, `${SCHEMA}${text}`, [wanted]);
}

test("what other parts find is told with its place", async () => {
  const asked = async (text: string) =>
    await loadConfig({
      ...{ args: ["-config.file=x.yaml", "-verify-config"], env: {} },
      readFile: async () => SCHEMA + text,
      check: (config) => (config.text("http_prefix") === "x" ? ["x is no prefix"] : []),
    });
  await assert.rejects(asked("http_prefix: x"), {
    message: "x.yaml has a problem:\n  x.yaml:5:1: x is no prefix",
  });
  await asked("http_prefix: y");
});
