/** The whole path over S3: the seed's kind of configuration, a server we did not write, and the bucket without our server. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startMoto } from "../scripts/services/moto.ts";
import { TEST_KEYS } from "../scripts/services/s3-service.ts";
import { startS3rver } from "../scripts/services/s3rver.ts";
import { corpusEntries, printedEntries, SHARED, withoutShared } from "./testing/corpus.ts";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";
import { openS3 } from "./wire/s3.ts";

// The commands find the keys where Amazon's tools look for them.
process.env["AWS_ACCESS_KEY_ID"] = TEST_KEYS.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = TEST_KEYS.secretAccessKey;

test("serve keeps its lines in S3, and query and compact work on the bucket", async (t) => {
  // Not s3rver: it lists no folder any more from which an object was deleted, whatever else is in it.
  const s3 = await startMoto();
  if (s3 === undefined) {
    t.skip("moto (PyPI) is not installed");
    return;
  }
  await s3.makeBucket("logs");
  const store = `s3://logs?endpoint=${s3.endpoint}&region=us-east-1`;
  await inFolder(async (cwd) => {
    await Bun.write(
      join(cwd, "config.yaml"),
      `auth_enabled: false
common: {path_prefix: ${cwd}, replication_factor: 1, ring: {kvstore: {store: inmemory}}}
server: {http_listen_address: 127.0.0.1}
limits_config: {reject_old_samples: false}
schema_config:
  configs:
    - {from: 2020-01-01, store: tsdb, object_store: s3, schema: v12, index: {prefix: loki_index_, period: 24h}}
storage_config:
  aws: {endpoint: "${s3.endpoint}", region: us-east-1, bucketnames: logs, s3forcepathstyle: true,
        access_key_id: ${TEST_KEYS.accessKeyId}, secret_access_key: ${TEST_KEYS.secretAccessKey}}
  tsdb_shipper: {active_index_directory: ${cwd}/index, cache_location: ${cwd}/cache, shared_store: s3}
`,
    );
    const server = await startServer(["-config.file=config.yaml"], { cwd });
    const start = 1_700_000_000_000_000_000n;
    await pushLines(server.url, { app: "a" }, [
      [start, "one"],
      [start + 1n, "two"],
    ]);
    await fetch(`${server.url}/flush`, { method: "POST" });
    const ask = async () =>
      (await lokits(["query", '{app="a"}', "--store", store, "--forward", "-o", "raw"])).stdout;
    for (let tries = 0; tries < 100 && (await ask()) === ""; tries++) await Bun.sleep(100);
    assert.equal(await ask(), "one\ntwo\n");
    const compacted = await lokits(["compact", "--store", store]);
    assert.equal(compacted.code, 0, compacted.stderr);
    assert.equal(await ask(), "one\ntwo\n");
    await server.stop();
  });
  await s3.close();
});

test("a bucket that Loki wrote to S3 is read from S3", { skip: withoutShared }, async () => {
  const s3 = await startS3rver();
  await s3.makeBucket("golden");
  const store = `s3://golden?endpoint=${s3.endpoint}&region=us-east-1`;
  const { objects } = await openS3(store);
  const folder = join(SHARED, "golden/buckets/s3-v12-snappy");
  for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = join(name.parentPath, name.name);
    await objects.put(path.slice(folder.length + 1), await readFile(path));
  }
  const { stdout, stderr } = await lokits([
    "query",
    '{app=~".+"}',
    "--store",
    store,
    "--limit",
    "0",
    "--forward",
    "-o",
    "jsonl",
  ]);
  assert.deepEqual(printedEntries(stdout), corpusEntries({ seed: 3, lines: 900, pods: 1 }), stderr);
  await s3.close();
});
