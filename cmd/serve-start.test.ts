/** A server that cannot start says why and ends: a supervisor waits for that. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, startServer } from "./testing/process.ts";

test("a port that is taken", async () => {
  await inFolder(async (cwd) => {
    const first = await startServer([], { cwd });
    const flag = `-server.http-listen-port=${new URL(first.url).port}`;
    const second = await inFolder((other) => lokits(["serve", flag], { cwd: other }));
    assert.equal(second.code, 1);
    assert.match(second.stderr, /port \d+ in use/);
    assert.equal(await first.stop(), 0);
  });
});

test("a place for data that is no folder", async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "lokits-data"), "");
    const { code, stderr } = await lokits(["serve", "-server.http-listen-port=0"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /lokits-data/);
  });
});
