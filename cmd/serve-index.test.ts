/**
 * A server whose schema moved from a folder to S3: lines go to the store of their time, index files of
 * the remote one are kept on disk, and objects that are bad are named to whoever asks.
 */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../adapters/bun/testing/until.ts";
import { startMoto } from "../scripts/services/moto.ts";
import { type S3Service, TEST_KEYS } from "../scripts/services/s3-service.ts";
import { inFolder, lokits, pushLines, type RunningServer, startServer } from "./testing/process.ts";
import { openS3 } from "./wire/s3.ts";

process.env["AWS_ACCESS_KEY_ID"] = TEST_KEYS.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = TEST_KEYS.secretAccessKey;

const SECOND = 1_000_000_000n;
/** The second period begins here. */
const BORDER = BigInt(Date.UTC(2023, 10, 15)) * 1_000_000n;

function configOf(folder: string, s3: S3Service): string {
  const period = (from: string, store: string) =>
    `    - {from: ${from}, store: tsdb, object_store: ${store}, schema: v13, index: {prefix: loki_index_, period: 24h}}\n`;
  return `auth_enabled: false
common: {path_prefix: ${folder}, replication_factor: 1, ring: {kvstore: {store: inmemory}}}
server: {http_listen_address: 127.0.0.1}
limits_config: {reject_old_samples: false, max_query_length: 0}
ingester: {max_chunk_age: 1000h}
schema_config:
  configs:
${period("2020-01-01", "filesystem")}${period("2023-11-15", "s3")}
storage_config:
  filesystem: {directory: ${folder}/chunks}
  aws: {endpoint: "${s3.endpoint}", region: us-east-1, bucketnames: logs, s3forcepathstyle: true,
        access_key_id: ${TEST_KEYS.accessKeyId}, secret_access_key: ${TEST_KEYS.secretAccessKey}}
  tsdb_shipper: {cache_location: ${folder}/cache}
`;
}

async function lines(server: RunningServer, more = ""): Promise<Response> {
  const query = encodeURIComponent('{app=~".+"}');
  const [start, end] = [BORDER - 7200n * SECOND, BORDER + 7200n * SECOND];
  const url = `${server.url}/loki/api/v1/query_range?query=${query}&start=${start}&end=${end}${more}`;
  return await fetch(url);
}

async function filesBelow(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return all.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
}

test("periods in a folder and in S3, a cache of index files, bad objects", async (t) => {
  const s3 = await startMoto();
  if (s3 === undefined) {
    t.skip("moto (PyPI) is not installed");
    return;
  }
  await s3.makeBucket("logs");
  const { objects } = await openS3(`s3://logs?endpoint=${s3.endpoint}&region=us-east-1`);
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "config.yaml"), configOf(cwd, s3));
    const args = ["-config.file=config.yaml"];
    let server = await startServer(args, { cwd });
    await pushLines(server.url, { app: "old" }, [[BORDER - 3600n * SECOND, "before"]]);
    await pushLines(server.url, { app: "new" }, [[BORDER + 3600n * SECOND, "after"]]);
    await fetch(`${server.url}/flush`, { method: "POST" });
    const remote = async () => (await Array.fromAsync(objects.list(""))).map(({ key }) => key);
    await until("both files are there", async () => (await remote()).length === 2);
    const local = await filesBelow(join(cwd, "chunks"));
    assert.equal(local.filter((file) => file.includes("/loki_index_19675/")).length, 1);
    assert.equal(local.length, 2);
    assert.ok((await remote()).some((key) => key.startsWith("index/loki_index_19676/")));
    await server.stop();

    // The command line reads both stores, and compacts both.
    const query = [
      "query",
      '{app=~".+"}',
      "--config.file",
      "config.yaml",
      "--forward",
      "-o",
      "raw",
    ];
    const all = ["--since", "100000h", "--limit", "0"];
    const asked = await lokits([...query, ...all, "--strict"], { cwd });
    assert.deepEqual([asked.stdout, asked.code], ["before\nafter\n", 0], asked.stderr);
    const compacted = await lokits(["compact", "--config.file", "config.yaml"], { cwd });
    assert.equal(compacted.code, 0, compacted.stderr);
    for (const keys of [await remote(), await filesBelow(join(cwd, "chunks"))]) {
      assert.ok(
        keys.some((key) => /loki_index_1967[56]\/fake\/.*\.tsdb\.gz$/.test(key)),
        String(keys),
      );
    }

    // A new process fetches the file of S3 once and keeps it; the folder's own needs no copy.
    server = await startServer(args, { cwd });
    const body = await (await lines(server)).text();
    assert.ok(body.includes("before") && body.includes("after"), body);
    assert.ok(!body.includes("warnings"), body);
    const [cached, ...others] = await filesBelow(join(cwd, "cache"));
    assert.match(cached ?? "", /\/loki_index_19676\/fake\/[^/]+\.tsdb\.[0-9a-f]{8}$/);
    assert.equal(others.length, 0);
    assert.match(server.log(), /msg="downloaded file" table-name=loki_index_19676/);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const series of [
      'loki_s3_request_duration_seconds_count{operation="S3.GetObject",status_code="200"}',
      'loki_boltdb_shipper_request_duration_seconds_count{operation="GetObject",status_code="200"}',
      'loki_store_chunks_downloaded_total{status="success"} 2',
    ]) {
      assert.ok(metrics.includes(series), series);
    }
    await server.stop("SIGKILL");

    // Torn while nobody looked: fetched again.
    await writeFile(cached!, (await readFile(cached!)).subarray(0, 60));
    server = await startServer(args, { cwd });
    assert.ok((await (await lines(server)).text()).includes("after"));
    assert.match(server.log(), /cached index file is damaged, fetching it again/);
    assert.deepEqual(await filesBelow(join(cwd, "cache")), [cached]);

    // A chunk that is cut: the rest, and its name.
    const chunk = (await remote()).find((key) => key.startsWith("fake/"))!;
    await objects.put(chunk, (await objects.get(chunk))!.slice(0, 40));
    const answer = await lines(server);
    assert.equal(answer.status, 200);
    assert.ok(answer.headers.get("X-Lokits-Warnings")?.startsWith(`1; chunk ${chunk}: `));
    assert.ok((await answer.text()).includes("before"));
    const strict = await lines(server, "&strict=true");
    assert.equal(strict.status, 500);
    assert.ok((await strict.text()).includes(chunk));
    await server.stop();
    const rest = await lokits([...query, ...all], { cwd });
    assert.deepEqual([rest.stdout, rest.code], ["before\n", 0]);
    assert.ok(rest.stderr.includes(`warning: chunk ${chunk}`), rest.stderr);
    assert.equal((await lokits([...query, ...all, "--strict"], { cwd })).code, 1);
  });
  await s3.close();
});
