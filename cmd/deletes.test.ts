/** The delete API from outside: lines are gone at once, over a kill, and in the bucket without the server. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const CONFIG = `
auth_enabled: false
common:
  path_prefix: ./data
  ring: {kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: ./data/chunks, rules_directory: ./data/rules}}
schema_config:
  configs: [{from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
compactor: {working_directory: ./data/compactor, retention_enabled: true, delete_request_store: filesystem}
`;

const second = () => Math.floor(Date.now() / 1000);

test("a deletion holds at once, over a kill and a lost disk, and without the server; cancelled, the lines are back", async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "loki.yaml"), CONFIG);
    const start = () => startServer(["-config.file=loki.yaml"], { cwd });
    const query = async (...place: string[]) => {
      const flags = ["--forward", "--output", "raw", "--since", "1h"];
      const found = await lokits(["query", '{app="a"}', ...flags, ...place], { cwd });
      assert.equal(found.code, 0, found.stderr);
      return found.stdout;
    };
    const first = await start();
    const at = second() - 60;
    const time = BigInt(at) * 1_000_000_000n;
    await pushLines(first.url, { app: "a" }, [
      [time, "one"],
      [time + 1n, "secret"],
      [time + 2n, "two"],
    ]);
    const wish = new URLSearchParams({ query: '{app="a"} |= "secret"', start: `${at - 1}` });
    const taken = await fetch(`${first.url}/loki/api/v1/delete?${wish}`, { method: "POST" });
    assert.equal(taken.status, 204);
    assert.equal(await query("--addr", first.url), "one\ntwo\n");
    await first.stop("SIGKILL");

    const again = await start();
    assert.equal(await query("--addr", again.url), "one\ntwo\n");
    await fetch(`${again.url}/flush`, { method: "POST" });
    const chunks = join(cwd, "data/chunks");
    for (let tries = 0; tries < 100 && !existsSync(join(chunks, "index")); tries++)
      await Bun.sleep(50);
    await again.stop();
    assert.equal(await query("--store", `file://${chunks}`), "one\ntwo\n");

    await rm(join(cwd, "data/compactor"), { recursive: true });
    const last = await start();
    assert.equal(await query("--addr", last.url), "one\ntwo\n");
    const path = `${last.url}/loki/api/v1/delete`;
    const [{ request_id }] = (await (await fetch(path)).json()) as [{ request_id: string }];
    const params = new URLSearchParams({ request_id });
    assert.equal((await fetch(`${path}?${params}`, { method: "DELETE" })).status, 204);
    assert.equal(await query("--addr", last.url), "one\nsecret\ntwo\n");
    await last.stop();
    assert.equal(await query("--store", `file://${chunks}`), "one\nsecret\ntwo\n");
  });
});

test("without retention there is no delete API", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    assert.equal((await fetch(`${server.url}/loki/api/v1/delete`)).status, 404);
    await server.stop();
  });
});
