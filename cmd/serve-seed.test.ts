/** The configuration that somebody brings along: the seed's, unchanged, started whole and verified part by part. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { startMoto } from "../scripts/services/moto.ts";
import { TEST_KEYS } from "../scripts/services/s3-service.ts";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";
import { loadSettings } from "./wire/config.ts";

const SEED = resolve(import.meta.dirname, "../fixtures/config/seed-rendered.yaml");

/** What charts of Loki start: one process, three kinds of them, or each part in pods of its own. */
const TARGETS: readonly (readonly string[])[] = [
  ...["all", "read", "write", "distributor", "ingester", "querier", "query-frontend"],
  ...["query-scheduler", "compactor", "ruler", "index-gateway", "table-manager"],
  ...["overrides-exporter", "ingester-querier", "cache-generation-loader"],
].map((target) => [target]);
// Loki forbids it unless the target `read` is what it has been since 3.0.
const BACKEND = ["backend", "-legacy-read-mode=false"];

for (const [target, ...flags] of [...TARGETS, BACKEND]) {
  test(`the seed's configuration verifies with -target=${target}`, async () => {
    const args = [`-config.file=${SEED}`, `-target=${target}`, ...flags, "-verify-config"];
    checkWarnings((await loadSettings(args)).warnings);
  });
}

test("lokits serve -verify-config says that the seed's configuration is valid", async () => {
  const { code, stderr } = await lokits(["serve", `-config.file=${SEED}`, "-verify-config"]);
  assert.equal(code, 0, stderr);
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines.pop()!, /^level=info ts=\S+ msg="config is valid"$/);
  // The chart mounts the file of overrides, which is not here.
  assert.match(lines.pop()!, /a start would fail: runtime_config\.file: ENOENT/);
  checkWarnings(lines);
});

/** The two that Loki gives; ours besides are keys that have no effect here, a line for each block. */
function checkWarnings(warnings: readonly string[]): void {
  const lokis = [/max_look_back_period is deprecated/, /global timeout not configured/];
  for (const one of lokis) assert.equal(warnings.filter((text) => one.test(text)).length, 1);
  const others = warnings.filter((text) => !lokis.some((one) => one.test(text)));
  for (const line of others) assert.match(line, / ha(s|ve) no effect: /);
  assert.equal(others.length, 12);
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
