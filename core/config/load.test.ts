// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what is expanded.
/** Loading as a whole: precedence, what follows from `common`, and the recorded configurations. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";

const SCHEMA = `
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`;

async function load(text: string, ...args: string[]): Promise<LoadedConfig> {
  return await loadConfig({
    args: ["-config.file=x.yaml", ...args],
    readFile: async (path) => (path === "x.yaml" ? text : undefined),
    env: { HOME: "/home/loki" },
  });
}

function given(name: string, text: string, path: string, wanted: unknown, ...args: string[]): void {
  test(`${name}: ${path} is ${wanted}`, async () => {
    const { config } = await load(SCHEMA + text, ...args);
    assert.deepEqual(config.value(path), wanted);
  });
}

function refused(name: string, text: string, wanted: readonly string[], ...args: string[]): void {
  test(`${name} is refused`, async () => {
    await assert.rejects(load(text, ...args), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ text }) => text),
        wanted,
      );
      return true;
    });
  });
}

const IDLE = "ingester.chunk_idle_period";
const HOUR = 3_600_000_000_000n;
given("nobody sets it", "", IDLE, HOUR / 2n);
given("the file sets it", "ingester: {chunk_idle_period: 1h}", IDLE, HOUR);
given("a flag sets it", "", IDLE, 2n * HOUR, "-ingester.chunks-idle-period=2h");
given(
  "a flag goes before the file",
  "ingester: {chunk_idle_period: 1h}",
  IDLE,
  2n * HOUR,
  "-ingester.chunks-idle-period=2h",
);
given("the path prefix", "common: {path_prefix: /loki/}", "ingester.wal.dir", "/loki/wal");
given(
  "the file goes before the path prefix",
  "common: {path_prefix: /loki}\ningester: {wal: {dir: /w}}",
  "ingester.wal.dir",
  "/w",
);
given(
  "a value that is the default goes before the path prefix",
  "common: {path_prefix: /loki}\ningester: {wal: {dir: wal}}",
  "ingester.wal.dir",
  "wal",
);
given(
  "a flag goes before the path prefix",
  "common: {path_prefix: /loki}",
  "ingester.wal.dir",
  "/f",
  "-ingester.wal-dir=/f",
);
given("the path prefix", "common: {path_prefix: /loki}", "ruler.rule_path", "/loki/rules-temp");
given(
  "the path prefix",
  "common: {path_prefix: /loki}",
  "compactor.working_directory",
  "/loki/compactor",
);
given(
  "the path prefix with tsdb",
  "common: {path_prefix: /loki}",
  "storage_config.tsdb_shipper.active_index_directory",
  "/loki/tsdb-shipper-active",
);
given(
  "the path prefix without boltdb-shipper",
  "common: {path_prefix: /loki}",
  "storage_config.boltdb_shipper.cache_location",
  "",
);

given(
  "the replication factor",
  "common: {replication_factor: 1}",
  "ingester.lifecycler.ring.replication_factor",
  1,
);
given(
  "the replication factor",
  "common: {replication_factor: 1}",
  "index_gateway.ring.replication_factor",
  1,
);

const KV = "ring: {kvstore: {store: inmemory}}";
given("common.ring", `common: {${KV}}`, "ingester.lifecycler.ring.kvstore.store", "inmemory");
given("common.ring", `common: {${KV}}`, "compactor.compactor_ring.kvstore.store", "inmemory");
given("common.ring", `common: {${KV}}`, "ruler.ring.kvstore.prefix", "rulers/");
given(
  "common.ring",
  "common: {ring: {heartbeat_timeout: 5m}}",
  "ingester.lifecycler.ring.heartbeat_timeout",
  HOUR / 12n,
);
given("common.ring", "common: {ring: {instance_port: 9}}", "ingester.lifecycler.port", 9);
given(
  "a ring of its own goes before common.ring",
  `common: {${KV}}\ndistributor: {ring: {kvstore: {store: etcd}}}`,
  "distributor.ring.kvstore.store",
  "etcd",
);
given(
  "members to join",
  "memberlist: {join_members: [a]}",
  "ruler.ring.kvstore.store",
  "memberlist",
);
given(
  "common.ring goes before members to join",
  `common: {${KV}}\nmemberlist: {join_members: [a]}`,
  "ruler.ring.kvstore.store",
  "inmemory",
);
given(
  "the ingester's ring",
  `ingester: {lifecycler: {${KV}}}`,
  "query_scheduler.scheduler_ring.kvstore.store",
  "inmemory",
);
given(
  "the ingester's ring leaves rings that were touched",
  `ingester: {lifecycler: {${KV}}}\ndistributor: {ring: {heartbeat_period: 1s}}`,
  "distributor.ring.kvstore.store",
  "consul",
);
given(
  "the instance's address",
  "common: {instance_addr: 10.0.0.1}",
  "ingester.lifecycler.address",
  "10.0.0.1",
);
given(
  "the instance's address",
  "common: {instance_addr: 10.0.0.1}",
  "memberlist.advertise_addr",
  "10.0.0.1",
);
given(
  "persisted tokens",
  "common: {path_prefix: /l, persist_tokens: true}",
  "ingester.lifecycler.tokens_file_path",
  "/l/ingester.tokens",
);

given(
  "common.storage on disk",
  "common: {storage: {filesystem: {chunks_directory: /c}}}",
  "storage_config.filesystem.directory",
  "/c",
);
given(
  "common.storage on disk",
  "common: {storage: {filesystem: {rules_directory: /r}}}",
  "ruler.storage.local.directory",
  "/r",
);
given(
  "common.storage in S3",
  "common: {storage: {s3: {bucketnames: b}}}",
  "storage_config.aws.bucketnames",
  "b",
);
given(
  "common.storage in S3",
  "common: {storage: {s3: {bucketnames: b}}}",
  "ruler.storage.type",
  "s3",
);
given(
  "the store goes before common.storage",
  "common: {storage: {s3: {bucketnames: b}}}\nstorage_config: {aws: {bucketnames: own}}",
  "storage_config.aws.bucketnames",
  "own",
);
given("the newest period", "", "compactor.delete_request_store", "filesystem");
given("no address of a queue", "", "query_scheduler.use_scheduler_ring", true);
given(
  "an address of a queue",
  "frontend_worker: {frontend_address: a:1}",
  "query_scheduler.use_scheduler_ring",
  false,
);
given(
  "no cache of chunks",
  "",
  "chunk_store_config.chunk_cache_config.embedded_cache.enabled",
  true,
);
given(
  "memcached for chunks",
  "chunk_store_config: {chunk_cache_config: {memcached_client: {host: m}}}",
  "chunk_store_config.chunk_cache_config.embedded_cache.enabled",
  false,
);
given(
  "a cache of index queries",
  "storage_config: {index_queries_cache_config: {memcached_client: {host: m}}}",
  "ingester.chunk_retain_period",
  HOUR / 10n,
);
given("no time-out", "", "limits_config.query_timeout", HOUR / 12n);
given(
  "the engine's time-out",
  "querier: {engine: {timeout: 2h}}",
  "limits_config.query_timeout",
  2n * HOUR,
);
given(
  "the limits' time-out",
  "limits_config: {query_timeout: 1h}\nquerier: {engine: {timeout: 2h}}",
  "limits_config.query_timeout",
  HOUR,
);
given(
  "the old look-back",
  "chunk_store_config: {max_look_back_period: 48h}\nlimits_config: {max_query_lookback: 1h}",
  "limits_config.max_query_lookback",
  48n * HOUR,
);

refused("no schema", "target: all", [
  "invalid schema config: must specify at least one schema configuration",
]);
refused("tokens without a place", `${SCHEMA}common: {persist_tokens: true}`, [
  "if persist_tokens is true, path_prefix MUST be defined",
]);
refused(
  "two stores in common",
  `${SCHEMA}common: {storage: {s3: {bucketnames: b}, filesystem: {chunks_directory: c}}}`,
  [
    "too many storage configs provided in the common config, please only define one storage backend",
  ],
);

const HINT =
  ". Use `-config.expand-env=true` flag if you want to expand environment variables in your config file";

test("a file's mistakes are told in Loki's form", async () => {
  const message = (hint: string) =>
    `failed parsing config: x.yaml: yaml: unmarshal errors:\n  line 2: field foo not found in type ingester.Config${hint}`;
  const text = "ingester:\n  foo: 1\n";
  await assert.rejects(load(text), { kind: "file", message: message(HINT) });
  await assert.rejects(load(text, "-config.expand-env"), { kind: "file", message: message("") });
});

test("a variable that is not expanded is one mistake, with its place", async () => {
  const first = 'yaml: line 1: unexpected "{"; a text that has one needs quotes (column 24)';
  const text = `common: {path_prefix: \${P:-/x}, replication_factor: \${N:-1}}${SCHEMA}`;
  const message = `failed parsing config: x.yaml: ${first}${HINT}`;
  await assert.rejects(load(text), { kind: "file", message });
  await load(text, "-config.expand-env");
});

test("a variable that nobody expands is told of, in a file that is right and in one that is wrong", async () => {
  const said = `x.yaml:2: \${HOME} and other variables are taken as they are written${HINT}`;
  const text = `# \${X}\ncommon: {path_prefix: "\${HOME}"}\n${SCHEMA}`;
  assert.deepEqual(
    (await load(text)).warnings.filter((each) => each.includes("$")),
    [said],
  );
  const expanded = await load(text, "-config.expand-env");
  assert.deepEqual(
    expanded.warnings.filter((each) => each.includes("$")),
    [],
  );
  const wrong = `${text}server: {http_listen_port: x}`;
  await assert.rejects(load(wrong, "-verify-config"), (error: Error) =>
    error.message.endsWith(said),
  );
});

test("a file that cannot be read is named", async () => {
  const readFile = async () => {
    throw Object.assign(new Error("EISDIR: it is a directory"), { code: "EISDIR" });
  };
  await assert.rejects(loadConfig({ args: ["-config.file=/etc"], readFile, env: {} }), {
    message: "failed parsing config: /etc: EISDIR: it is a directory",
  });
});

test("a file that is nowhere is told in Loki's words", async () => {
  const readFile = async () => undefined;
  await assert.rejects(loadConfig({ args: ["-config.file=a.yaml, b.yaml"], readFile, env: {} }), {
    kind: "file",
    message:
      "failed parsing config: a.yaml, b.yaml does not exist, set config.file for custom config path",
  });
});

test("the first file that exists is taken", async () => {
  const readFile = async (path: string) => {
    if (path === "b.yaml") return SCHEMA;
    throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
  };
  const { file } = await loadConfig({ args: ["-config.file=a.yaml, b.yaml"], readFile, env: {} });
  assert.equal(file, "b.yaml");
});

test("variables are expanded when that is asked for", async () => {
  const text = `${SCHEMA}common: {path_prefix: "\${HOME}"}`;
  assert.equal(
    (await load(text, "-config.expand-env=true")).config.text("ingester.wal.dir"),
    "/home/loki/wal",
  );
  assert.equal((await load(text)).config.text("ingester.wal.dir"), "${HOME}/wal");
  await assert.rejects(load("a: ${HOME-x}", "-config.expand-env"), {
    message: "failed parsing config: missing closing brace",
  });
});

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/config/${name}`, import.meta.url), "utf8");
}

test("the seed's configuration is valid, with Loki's two warnings and ours of what has no effect", async () => {
  const { config, verify, warnings } = await load(fixture("seed-rendered.yaml"), "-verify-config");
  assert.ok(verify);
  // Two keys that say it themselves, and a line for each block of a part that lokits does not have.
  assert.equal(warnings.filter((text) => / ha(s|ve) no effect: /.test(text)).length, 2 + 10);
  assert.equal(warnings.length, 2 + 10 + 2);
  assert.match(warnings.join("\n"), /max_cache_freshness_per_query has no effect/);
  assert.match(warnings.join("\n"), /enforce_metric_name has no effect/);
  assert.match(warnings.join("\n"), /max_look_back_period.*deprecated/);
  assert.match(warnings.join("\n"), /global timeout not configured/);
  assert.equal(config.text("distributor.ring.kvstore.store"), "memberlist");
  assert.equal(config.bytes("ingester.wal.replay_memory_ceiling"), 800 * 2 ** 20);
});

test("the seed's configuration is valid for each of its roles", async () => {
  const roles = [
    "distributor",
    "ingester",
    "querier",
    "query-frontend",
    "query-scheduler",
    "compactor",
    "index-gateway",
    "ruler",
  ];
  for (const role of roles) {
    assert.equal((await load(fixture("seed-rendered.yaml"), `-target=${role}`)).target, role);
  }
});

test("the configuration of the recorded pushes loads", async () => {
  const { config } = await load(fixture("push-limits.yaml"));
  assert.equal(config.bytes("limits_config.per_stream_rate_limit"), 5 * 1024);
  assert.equal(config.text("storage_config.filesystem.directory"), "./data/chunks");
});

test("a configuration in the shape of Loki 3's charts loads, and what is off is not told", async () => {
  const text = fixture("newer-chart.yaml");
  const args = ["-config.file=x", "-target=all"];
  const { config, warnings } = await loadConfig({ args, readFile: async () => text, env: {} });
  assert.equal(config.text("storage_config.aws.bucketnames"), "chunks");
  assert.equal(config.text("ingester.wal.dir"), "/var/loki/wal");
  for (const name of ["ui", "bloom_gateway", "bloom_build", "operational_config"]) {
    assert.deepEqual(
      warnings.filter((warning) => warning.startsWith(name)),
      [],
    );
  }
  for (const warning of warnings) assert.match(warning, / ha(s|ve) no effect: /);
});

test("without a file the built-in configuration stands", async () => {
  const { config, file, warnings } = await loadConfig({
    args: [],
    readFile: async () => undefined,
    env: {},
  });
  assert.equal(file, undefined);
  assert.deepEqual(warnings, []);
  assert.equal(config.text("server.http_listen_address"), "127.0.0.1");
  assert.equal(config.bool("auth_enabled"), false);
  assert.equal(config.text("storage_config.filesystem.directory"), "./lokits-data/chunks");
});

test("blocks without effect give one warning each", async () => {
  const { warnings } = await load(
    `${SCHEMA}ui: {enabled: true}\nstorage_config: {bigtable: {project: p}}`,
  );
  assert.deepEqual(
    warnings.filter((warning) => warning.includes("no effect")),
    [
      "storage_config.bigtable has no effect: lokits has no such index store, only tsdb",
      "ui has no effect: lokits has no such part",
    ],
  );
});

test("a file that Loki would have found by itself is pointed out", async () => {
  const found = async (files: Record<string, string>, ...args: string[]) => {
    const readFile = async (path: string) => files[path];
    return (await loadConfig({ args, readFile, env: {} })).warnings;
  };
  assert.deepEqual(await found({ "config/config.yaml": SCHEMA }), [
    "config/config.yaml is here and not read: it takes -config.file=config/config.yaml",
  ]);
  assert.deepEqual(await found({ "config.yaml": "name: another program's\n" }), []);
  const named = await found({ "config.yaml": SCHEMA, x: SCHEMA }, "-config.file=x");
  assert.ok(named.every((warning) => !warning.includes("config.yaml")));
});
