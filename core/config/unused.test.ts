/** Keys of parts that lokits does not have are told once a block, when they ask for something. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load.ts";

const SCHEMA = `
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`;

async function warningsOf(text: string, ...args: string[]): Promise<readonly string[]> {
  const readFile = async () => text + SCHEMA;
  const { warnings } = await loadConfig({ args: ["-config.file=x", ...args], readFile, env: {} });
  return warnings.filter((warning) => !warning.startsWith("global timeout"));
}

/** The keys are those of a warning each. */
function given(name: string, text: string, wanted: readonly string[], ...args: string[]): void {
  test(`${name} ${wanted.length === 0 ? "is not told" : "is told"}`, async () => {
    const warnings = await warningsOf(text, ...args);
    assert.deepEqual(
      warnings.map((warning) => warning.replace(/ (has|have) no effect: .*/, "")),
      wanted,
    );
  });
}

test("a cluster is told in one sentence", async () => {
  assert.deepEqual(
    await warningsOf("memberlist: {join_members: [a]}\ncommon: {replication_factor: 3}\n"),
    [
      "memberlist.join_members, common.replication_factor have no effect: this release is one process, which joins no others and keeps each line once",
    ],
  );
});
given("replication to one", "common: {replication_factor: 1}", []);
given("a ring in memory", "common: {ring: {kvstore: {store: inmemory}}}", []);
given("a ring in consul", "common: {ring: {kvstore: {store: consul}}}", [
  "common.ring.kvstore.store",
]);
given("the name of a ring's member", "common: {ring: {instance_addr: 10.0.0.1}}", []);
given("the members by a flag", "", ["memberlist.join_members"], "-memberlist.join=a");
given("a block with several", "query_range: {cache_results: true, max_retries: 7}", [
  "query_range.cache_results, query_range.max_retries",
]);
given("a default that is written down", "query_range: {cache_results: false, max_retries: 5}", []);
given(
  "a cache that is somewhere else",
  "chunk_store_config:\n  write_dedupe_cache_config: {memcached_client: {addresses: a}}\n",
  ["chunk_store_config.write_dedupe_cache_config.memcached_client.addresses"],
);
given(
  "a frontend that is somewhere else",
  "frontend: {tail_proxy_url: http://a, downstream_url: http://b}\nfrontend_worker: {frontend_address: c}\n",
  ["frontend.downstream_url, frontend.tail_proxy_url", "frontend_worker.frontend_address"],
);
given("a setting of the frontend that works", "frontend: {compress_responses: true}", []);
given("the table manager", "table_manager: {retention_deletes_enabled: true}", [
  "table_manager.retention_deletes_enabled",
]);
given("the ruler", "ruler: {alertmanager_url: http://a}", ["ruler.alertmanager_url"]);
given("a key that has its own warning", "table_manager: {index_tables_provisioning: {a: 1}}", [
  "table_manager.index_tables_provisioning",
]);

given("a store of the compactor's own", "compactor: {shared_store: s3}", [
  "compactor.shared_store",
]);
given("the store of all periods", "compactor: {shared_store: filesystem}", []);
given("keys of gRPC", "server: {grpc_server_max_recv_msg_size: 8938360, grpc_listen_port: 1}", [
  "server.grpc_server_max_recv_msg_size",
]);
given("reports that are not wanted", "analytics: {reporting_enabled: false}", []);
given("reports that are wanted", "analytics: {reporting_enabled: true}", [
  "analytics.reporting_enabled",
]);
given("a second listener", "internal_server: {enable: true}", ["internal_server.enable"]);

test("a start without a file has nothing to tell", async () => {
  const { warnings } = await loadConfig({ args: [], readFile: async () => undefined, env: {} });
  assert.deepEqual(warnings, []);
});

test("defaults that are written down ask for nothing, but for a cluster's", async () => {
  const readFile = async () => SCHEMA;
  const { text } = await loadConfig({ args: ["-config.file=x"], readFile, env: {} });
  const warnings = (await warningsOf(text("defaults"))).map((warning) => warning.split(": ")[1]);
  assert.deepEqual(warnings, [
    "this release is one process, which joins no others and keeps each line once",
    "lokits reports nothing to anybody",
  ]);
});
