/** The daemon from outside: zero config, a stop and a kill, its answers, the agents that push to it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pino from "pino";
import winston from "winston";
import LokiTransport from "winston-loki";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const now = () => BigInt(Date.now()) * 1_000_000n;

test("serve without a configuration takes a line, keeps it over a restart and a kill, and finds it", async () => {
  await inFolder(async (cwd) => {
    const first = await startServer([], { cwd });
    assert.match(first.log(), /keeps its data in \.\/lokits-data/);
    await pushLines(first.url, { app: "hello" }, [[now(), "it works"]]);
    const found = await lokits(["query", '{app="hello"}', "--addr", first.url, "--output", "raw"]);
    assert.deepEqual([found.stdout, found.code], ["it works\n", 0]);
    assert.equal(await first.stop("SIGKILL"), -1);

    const second = await startServer([], { cwd });
    await pushLines(second.url, { app: "hello" }, [[now(), "still here"]]);
    assert.equal(await second.stop(), 0);

    const third = await startServer([], { cwd });
    const all = await lokits([
      "query",
      '<app="hello">',
      "--addr",
      third.url,
      "--forward",
      "-o",
      "raw",
    ]);
    assert.equal(all.stdout, "it works\nstill here\n");
    assert.equal(await third.stop(), 0);
    assert.ok(existsSync(join(cwd, "lokits-data/wal")));
  });
});

test("flush puts chunks and an index into the bucket, and the bucket answers without the server", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    const time = now();
    await pushLines(server.url, { app: "a" }, [
      [time, "one"],
      [time + 1n, "two"],
    ]);
    await fetch(`${server.url}/flush`, { method: "POST" });
    const chunks = join(cwd, "lokits-data/chunks");
    for (let tries = 0; tries < 100 && !existsSync(join(chunks, "index")); tries++)
      await Bun.sleep(50);
    await Bun.sleep(100);
    const store = `file://${chunks}`;
    const found = await lokits(["query", '{app="a"}', "--store", store, "--forward", "-o", "raw"]);
    assert.equal(found.stdout, "one\ntwo\n", found.stderr);

    const compacted = await lokits(["compact", "--store", store, "-o", "jsonl"]);
    assert.equal(compacted.code, 0, compacted.stderr);
    const [table] = await readdir(join(chunks, "index"));
    assert.deepEqual(await readdir(join(chunks, "index", table!)), ["fake"]);
    const again = await lokits(["query", '{app="a"}', "--store", store, "--forward", "-o", "raw"]);
    assert.equal(again.stdout, "one\ntwo\n", again.stderr);
    // The server's listing names a file that is gone by now.
    const served = await lokits([
      "query",
      '{app="a"}',
      "--addr",
      server.url,
      "--forward",
      "-o",
      "raw",
    ]);
    assert.equal(served.stdout, "one\ntwo\n", served.stderr);
    await server.stop();
  });
});

test("tail follows a query over WebSocket", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    await pushLines(server.url, { app: "a" }, [[now(), "past"]]);
    const socket = new WebSocket(
      `${server.url.replace("http", "ws")}/loki/api/v1/tail?query=${encodeURIComponent('{app="a"} != "no"')}`,
    );
    const lines: string[] = [];
    const done = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        for (const { values } of JSON.parse(String(data)).streams ?? [])
          lines.push(...values.map(([, line]: string[]) => line));
        if (lines.length >= 3) resolve();
      };
    });
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    await Bun.sleep(200);
    await pushLines(server.url, { app: "a" }, [
      [now(), "live"],
      [now() + 1n, "no"],
      [now() + 2n, "last"],
    ]);
    await done;
    socket.close();
    assert.deepEqual(lines, ["past", "live", "last"]);
    assert.equal(await server.stop(), 0);
  });
});

test("pino-loki and winston-loki push to it and their lines are found", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    const transport = pino.transport({
      target: "pino-loki",
      options: { host: server.url, batching: { interval: 0.1 }, labels: { app: "pino" } },
    });
    const log = pino(transport);
    log.info({ user: 7 }, "from pino");
    const logger = winston.createLogger({
      transports: [
        new LokiTransport({
          host: server.url,
          labels: { app: "winston" },
          batching: false,
          json: true,
        }),
      ],
    });
    logger.info("from winston");
    const found = async (query: string) =>
      (await lokits(["query", query, "--addr", server.url, "-o", "raw"])).stdout;
    const wait = async (query: string, text: RegExp) => {
      for (let tries = 0; tries < 60; tries++) {
        if (text.test(await found(query))) return;
        await Bun.sleep(50);
      }
      assert.fail(`${query} does not find ${text}: ${await found(query)}`);
    };
    await wait('{app="pino"}', /from pino/);
    await wait('{app="winston"}', /from winston/);
    transport.end();
    logger.close();
    await server.stop();
  });
});

test("verify-config tells every problem and exits with 1, or says that all is well", async () => {
  await inFolder(async (cwd) => {
    const file = join(cwd, "bad.yaml");
    await Bun.write(
      file,
      "auth_enabled: false\nserver: {http_listen_prt: 1}\ningester: {chunk_encodng: gzip}\n",
    );
    const bad = await lokits(["serve", `-config.file=${file}`, "-verify-config"], { cwd });
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /http_listen_prt[\s\S]*http_listen_port/);
    assert.match(bad.stderr, /chunk_encodng[\s\S]*chunk_encoding/);
    const good = await lokits(["serve", "-verify-config"], { cwd });
    assert.equal(good.code, 0);
    const flag = await lokits(["serve", "-server.http-listen-prt=1"], { cwd });
    assert.equal(flag.code, 2);
  });
});
