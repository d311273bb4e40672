/** The way from a configuration to settings: defaults agree with those in core, and stores open or say why not. */
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Config } from "../../core/config/config.ts";
import { DEFAULT_INGESTER } from "../../core/ingester/settings.ts";
import { DEFAULT_LIMITS } from "../../core/model/limits.ts";
import { checkTenant } from "../../core/model/tenant.ts";
import { SILENT } from "../../core/ports/journal.ts";
import type { LogSource } from "../../core/ports/log-source.ts";
import { PrefixedStore } from "../../core/store/prefixed.ts";
import { UsageError } from "../flags.ts";
import { askedSources } from "./asked-sources.ts";
import { openBucket, openBuckets } from "./bucket.ts";
import { loadSettings } from "./config.ts";
import { memoryLimit } from "./memory.ts";
import { type PeriodStore, storeOfConfig } from "./store-config.ts";

const TENANT = checkTenant("a");
const SCHEMA = `schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: loki_index_, period: 24h}}
`;
const FOLDER = "storage_config: {filesystem: {directory: ./data}}\n";

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/config/${name}`, import.meta.url));
}

async function fileOf(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "lokits-config-")), "config.yaml");
  await writeFile(file, text);
  return file;
}

test("settings of a file that sets nothing are core's defaults", async () => {
  const { limits, ingester } = await loadSettings([
    `-config.file=${await fileOf(SCHEMA + FOLDER)}`,
    "-ingester.wal-replay-memory-ceiling=4GB",
  ]);
  // The names of level fields stand ready for those who turn the finding of levels on.
  const { logLevelFields, ...own } = limits.of(TENANT);
  const { logLevelFields: none, ...defaults } = DEFAULT_LIMITS;
  assert.deepEqual(own, defaults);
  assert.ok(logLevelFields.length > 0 && none.length === 0);
  assert.deepEqual(ingester, DEFAULT_INGESTER);
});

test("without a file everything is in one folder of this machine", async () => {
  const settings = await loadSettings([]);
  assert.equal(settings.verifyOnly, false);
  assert.equal(settings.zeroConfig, true);
  assert.equal(settings.walDir, "./lokits-data/wal");
  assert.equal(settings.dataDir, "./lokits-data");
  assert.deepEqual([settings.http.address, settings.http.port], ["127.0.0.1", 3100]);
  assert.equal(settings.http.authEnabled, false);
  assert.deepEqual(settings.schema, [
    {
      fromMs: 0,
      schema: "v13",
      store: "tsdb",
      objectStore: "filesystem",
      indexPrefix: "index_",
      tableMs: 86_400_000,
    },
  ]);
  const { allowStructuredMetadata, rejectOldSamples, volumeEnabled } = settings.limits.of(TENANT);
  assert.deepEqual([allowStructuredMetadata, rejectOldSamples, volumeEnabled], [true, false, true]);
});

test("the seed's configuration is checked without opening its store", async () => {
  const settings = await loadSettings([
    `-config.file=${fixture("seed-rendered.yaml")}`,
    "-verify-config",
  ]);
  assert.equal(settings.verifyOnly, true);
  // Loki's own two are among them; ours are core/config's.
  for (const own of ["max_look_back_period is deprecated", "global timeout not configured"]) {
    assert.ok(
      settings.warnings.some((text) => text.includes(own)),
      own,
    );
  }
  assert.equal(settings.ingester.wal.replayMemoryCeiling, 800 * 2 ** 20);
  assert.equal(settings.limits.of(TENANT).maxQueryLookbackMs, 48 * 3_600_000);
});

test("a store that is not there yet says so", async () => {
  const seed = await storeOfConfig(fixture("seed-rendered.yaml"), undefined);
  assert.equal(seed.stores[0]?.form, "plain");
  const refused = async (change: [string, string], message: string) => {
    const file = await fileOf((SCHEMA + FOLDER).replace(...change));
    await assert.rejects(storeOfConfig(file, undefined), { message });
  };
  await refused(["object_store: filesystem", "object_store: gcs"], "not implemented: gcs store");
  await refused(
    ["object_store: filesystem", "object_store: foo"],
    "Unrecognized storage client foo, choose one of: aws, s3, gcs, azure, alibabacloud, swift, bos, cos, filesystem",
  );
  await refused(
    ["store: tsdb", "store: foo"],
    "Unrecognized storage client foo, choose one of: boltdb-shipper, tsdb",
  );
  await refused(
    [FOLDER, ""],
    "the object store filesystem has no folder: set storage_config.filesystem.directory",
  );
});

test("storeOfConfig() gives the bucket of a file with its schema", async () => {
  const { schema, stores } = await storeOfConfig(fixture("push-limits.yaml"), undefined);
  const [{ form, indexPrefix, periods = [] }, ...others] = stores as [PeriodStore];
  assert.deepEqual([form, indexPrefix, schema.length], ["filesystem", "index/", 1]);
  assert.deepEqual([[...periods], others.length], [schema, 0]);
  assert.equal(schema[0]?.fromMs, Date.UTC(2020, 0, 1));
});

test("storeOfConfig() gives another bucket with a file's schema", async () => {
  const { schema } = await storeOfConfig(fixture("seed-rendered.yaml"), "file:///tmp/nowhere");
  assert.equal(schema[0]?.indexPrefix, "loki_index_");
});

test("a schema that moves from store to store opens each of them once, the oldest first", async () => {
  const period = (from: string, store: string, rest = "") =>
    `    - {from: ${from}, store: tsdb, object_store: ${store}, schema: v13, index: {prefix: i_, period: 24h${rest}}}\n`;
  const text = `schema_config:
  configs:
${period("2023-01-01", "filesystem")}${period("2023-02-01", "s3")}${period("2023-03-01", "cold")}${period("2023-04-01", "aws")}${period("2023-05-01", "s3", ", path_prefix: b/")}
storage_config:
  filesystem: {directory: ./data}
  aws: {s3: "inmemory:///x"}
  named_stores: {filesystem: {cold: {directory: ./cold}}}
`;
  const { schema, stores } = await storeOfConfig(await fileOf(text), undefined);
  assert.equal(schema.length, 5);
  assert.deepEqual(
    stores.map(({ form, periods = [], indexPrefix }) => [
      form,
      [...periods].map((period) => schema.indexOf(period)),
      indexPrefix,
    ]),
    [
      ["filesystem", [0], "index/"],
      ["plain", [1, 3], "index/"],
      ["filesystem", [2], "index/"],
      ["plain", [4], "b/"],
    ],
  );
  assert.equal(stores[1]?.objects, stores[3]?.objects);
  const place = { store: undefined, config: await fileOf(text), journal: SILENT };
  await assert.rejects(openBucket(place), UsageError);
  assert.equal((await openBuckets(place)).all.length, 4);
});

test("shared_store keeps the index apart from the chunks", async () => {
  const shared = `storage_config: {filesystem: {directory: ./data}, aws: {s3: "inmemory:///x"}, tsdb_shipper: {shared_store: s3}}\n`;
  const [store] = (await storeOfConfig(await fileOf(SCHEMA + shared), undefined)).stores;
  assert.ok(store?.indexObjects !== undefined && store.indexObjects !== store.objects);
  const same = `storage_config: {filesystem: {directory: ./data}, tsdb_shipper: {shared_store: filesystem}}\n`;
  const [one] = (await storeOfConfig(await fileOf(SCHEMA + same), undefined)).stores;
  assert.equal(one?.indexObjects, undefined);
});

async function prefixOf(text: string): Promise<string | undefined> {
  return (await storeOfConfig(await fileOf(text), undefined)).stores[0]?.indexPrefix;
}

test("the place of the index is the shipper's, or the period's own", async () => {
  const shipper = `storage_config: {filesystem: {directory: d}, tsdb_shipper: {shared_store_key_prefix: a/}}`;
  assert.equal(await prefixOf(SCHEMA + shipper), "a/");
  const own = SCHEMA.replace("period: 24h", "period: 24h, path_prefix: b/");
  assert.equal(await prefixOf(own + shipper), "b/");
});

test("overrides are read at the start and again, and stay when a file is wrong", async () => {
  const overrides = await fileOf("overrides: {a: {max_query_series: 7}}");
  const file = await fileOf(`${SCHEMA}${FOLDER}runtime_config: {file: ${overrides}}\n`);
  const { limits } = await loadSettings([`-config.file=${file}`]);
  assert.equal(limits.of(TENANT).maxQuerySeries, 7);
  assert.equal(limits.of(checkTenant("b")).maxQuerySeries, 500);

  await writeFile(overrides, "overrides: {a: {max_query_series: 8}}");
  await limits.reload();
  assert.equal(limits.of(TENANT).maxQuerySeries, 8);

  await writeFile(overrides, "overrides: {a: {retention_stream: [{selector: '{', period: 24h}]}}");
  await assert.rejects(limits.reload(), /invalid override for tenant a: invalid labels matchers: /);
  assert.equal(limits.of(TENANT).maxQuerySeries, 8);
});

test("a file that is not UTF-8 is refused with its line", async () => {
  const file = await fileOf("");
  await writeFile(file, Buffer.from("target: all\nhttp_prefix: \xff\n", "latin1"));
  await assert.rejects(loadSettings([`-config.file=${file}`]), {
    message: `failed parsing config: ${file}: yaml: line 2: invalid UTF-8; the file has to be written in UTF-8`,
  });
});

test("memoryLimit() is the control group's, but never more than the machine has", () => {
  const group = (files: Record<string, string>) => memoryLimit((path) => files[path]);
  assert.equal(group({ "/sys/fs/cgroup/memory.max": "1048576\n" }), 1048576);
  assert.equal(group({ "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2097152\n" }), 2097152);
  const whole = group({});
  assert.equal(group({ "/sys/fs/cgroup/memory.max": "max\n" }), whole);
  assert.equal(
    group({ "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712" }),
    whole,
  );
});

test("object_prefix puts every object of a bucket below a folder", async () => {
  const text = (kind: string) =>
    SCHEMA.replace("filesystem", kind) +
    `storage_config: {object_prefix: loki/, aws: {s3: "inmemory:///x"}, filesystem: {directory: d}}\n`;
  const { stores } = await storeOfConfig(await fileOf(text("s3")), undefined);
  assert.ok(stores[0]?.objects instanceof PrefixedStore);
  await assert.rejects(storeOfConfig(await fileOf(text("filesystem")), undefined), {
    message:
      "not implemented yet: object_prefix in a folder, only in a bucket; filesystem has loki/",
  });
});

test("askedSources() leaves out what the querier is not to ask", () => {
  const [ingester, store] = [{}, {}] as LogSource[];
  const given = (...set: string[]) =>
    askedSources(new Config([new Map(set.map((key) => [`querier.${key}`, true]))]), {
      ...{ ingester: ingester!, store: store! },
    });
  assert.deepEqual(given(), [ingester, store]);
  assert.equal(given("query_store_only")[0], store);
  assert.equal(given("query_store_only").length, 1);
  assert.equal(given("query_ingester_only")[0], ingester);
  assert.equal(given("query_ingester_only").length, 1);
});
