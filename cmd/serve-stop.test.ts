/** How a server stops: it says so first, ends its tails, finishes what is under way, and keeps what it took. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const now = () => BigInt(Date.now()) * 1_000_000n;

test("on SIGTERM /ready says that the application is stopping, for as long as shutdown_delay, and the rest goes on", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer(["-shutdown-delay=2s"], { cwd });
    const ready = async () => {
      const answer = await fetch(`${server.url}/ready`);
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await ready(), [200, "ready\n"]);
    const gone = server.stop();
    while ((await ready())[0] === 200) await Bun.sleep(10);
    assert.deepEqual(await ready(), [503, "Application is stopping\n"]);
    await pushLines(server.url, { app: "a" }, [[now(), "still taken"]]);
    assert.equal(await gone, 0);
    assert.match(server.log(), /msg="lokits stopped"/);
  });
});

test("tails do not hold up the stop, and are told", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    const url = server.url.replace("http", "ws");
    const socket = new WebSocket(`${url}/loki/api/v1/tail?query={app="a"}`);
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    const closed = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    assert.equal(await server.stop(), 0);
    assert.equal((await closed).code, 1001);
  });
});

test("the log is logfmt with Loki's keys, or JSON when the configuration says so", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    await server.stop();
    const line = server.log().match(/^level=.*stopping.*$/m)?.[0] ?? "";
    assert.match(line, /^level=info ts=\d{4}-\S+Z caller=serve\.ts:\d+ msg=stopping delay_ms=0$/);

    const json = await startServer(["-log.format=json"], { cwd });
    await json.stop();
    const lines = json
      .log()
      .split("\n")
      .filter((text) => text.startsWith("{"));
    const entry = JSON.parse(lines.find((text) => text.includes('"stopping"'))!);
    assert.deepEqual(Object.keys(entry), ["level", "ts", "caller", "msg", "delay_ms"]);
  });
});

test("SIGHUP stops a server in order", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    assert.equal(await server.stop("SIGHUP"), 0);
    assert.match(server.log(), /msg="lokits stopped"/);
  });
});

test("a stop that cannot store says so in the log, and nothing is lost", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer(["-ingester.flush-on-shutdown=true"], { cwd });
    await pushLines(server.url, { app: "a" }, [[now(), "kept"]]);
    const chunks = join(cwd, "lokits-data/chunks");
    await rm(chunks, { recursive: true });
    await writeFile(chunks, "");
    assert.equal(await server.stop(), 1);
    assert.match(server.log(), /level=error .*msg="lokits stopped, and not all .*ENOTDIR/);
    await rm(chunks);
    const second = await startServer([], { cwd });
    const query = ["query", '{app="a"}', "--addr", second.url, "-o", "raw"];
    assert.equal((await lokits(query)).stdout, "kept\n");
    await second.stop();
  });
});
