/** The configuration that somebody brings along: the seed's, unchanged, started whole and verified part by part. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { startMoto } from "../scripts/services/moto.ts";
import { TEST_KEYS } from "../scripts/services/s3-service.ts";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const SEED = resolve(import.meta.dirname, "../fixtures/config/seed-rendered.yaml");

/** What the chart of the seed starts, each in pods of its own, and the targets of the other charts. */
const TARGETS = [
  ...["distributor", "ingester", "querier", "query-frontend", "query-scheduler", "compactor"],
  ...["ruler", "index-gateway", "table-manager", "all", "read", "write"],
];

for (const target of TARGETS) {
  test(`the seed's configuration verifies with -target=${target}`, async () => {
    const args = ["serve", `-config.file=${SEED}`, `-target=${target}`, "-verify-config"];
    const { code, stderr } = await lokits(args);
    assert.equal(code, 0, stderr);
    // The two that Loki gives; ours besides are keys that have no effect here, a line for each block.
    assert.match(stderr, /max_look_back_period/);
    assert.match(stderr, /global timeout not configured/);
    const others = (stderr.match(/^warning: .*$/gm) ?? []).filter(
      (line) => !/max_look_back_period is deprecated|global timeout/.test(line),
    );
    for (const line of others) assert.match(line, / ha(s|ve) no effect: /);
    assert.equal(others.length, 10);
  });
}

test("the seed's configuration starts as -target=all on a test server of S3, takes lines and finds them", async (t) => {
  const s3 = await startMoto();
  if (s3 === undefined) return t.skip("moto (PyPI) is not installed");
  process.env["AWS_ACCESS_KEY_ID"] = TEST_KEYS.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = TEST_KEYS.secretAccessKey;
  await s3.makeBucket("seed-loki");
  await inFolder(async (cwd) => {
    writeFileSync(join(cwd, "runtime.yaml"), "overrides: {}\n");
    const server = await startServer(
      [
        ...[`-config.file=${SEED}`, "-target=all", "-server.http-listen-address=127.0.0.1"],
        ...[`-s3.endpoint=${s3.endpoint}`, "-s3.region=us-east-1", "-s3.force-path-style=true"],
        ...[`-runtime-config.file=${cwd}/runtime.yaml`, `-ingester.wal-dir=${cwd}/wal`],
        `-boltdb.shipper.compactor.working-directory=${cwd}/compactor`,
        `-tsdb.shipper.active-index-directory=${cwd}/index`,
        `-tsdb.shipper.cache-location=${cwd}/cache`,
      ],
      { cwd },
    );
    await pushLines(server.url, { app: "seed" }, [[BigInt(Date.now()) * 1_000_000n, "kept"]]);
    assert.equal((await fetch(`${server.url}/flush`, { method: "POST" })).status, 204);
    const found = await lokits(["query", '{app="seed"}', "--addr", server.url, "-o", "raw"]);
    assert.equal(found.stdout, "kept\n", found.stderr);
    assert.equal(await server.stop(), 0);
  });
  await s3.close();
});
