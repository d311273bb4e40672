/** Pushes over real connections: a client that stops in the middle, and one that sends more than it may. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

/** Sends a text as it stands, and gives what came back until the server closed the connection. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("a push that stalls is cut off; the pushes of others are taken meanwhile", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer(["-server.http-read-timeout=1s"], { cwd });
    const head = "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const stalled = [
      raw(server.url, `${head}Content-Length: 1000\r\n\r\n{"streams":[`),
      raw(server.url, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"str\r\n`),
    ];
    await pushLines(server.url, { app: "other" }, [[BigInt(Date.now()) * 1_000_000n, "taken"]]);
    for (const answer of await Promise.all(stalled)) {
      assert.match(answer, /^HTTP\/1.1 503 /);
      assert.match(answer, /did not come within 1s \(server.http_server_read_timeout\)/);
    }
    const found = await lokits(["query", '{app="other"}', "--addr", server.url, "-o", "raw"]);
    assert.equal(found.stdout, "taken\n");
    assert.equal(await server.stop(), 0);
  });
});

/** Sends a text, and goes away: at once, or when the other side would say something. */
async function hangUp(url: string, text: string, how: "end" | "reset"): Promise<void> {
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text, () => {
        setTimeout(() => (how === "end" ? socket.end() : socket.resetAndDestroy()), 50);
      });
    });
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}

test("a push whose client goes away before its end stores nothing, though what came is whole JSON", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    const now = BigInt(Date.now()) * 1_000_000n;
    const head = "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const body = (line: string) =>
      JSON.stringify({ streams: [{ stream: { app: "gone" }, values: [[String(now), line]] }] });
    for (const how of ["end", "reset"] as const) {
      const [sized, chunked] = [body(`sized ${how}`), body(`chunked ${how}`)];
      const chunk = `${chunked.length.toString(16)}\r\n${chunked}\r\n`;
      await Promise.all([
        hangUp(server.url, `${head}Content-Length: ${sized.length + 1}\r\n\r\n${sized}`, how),
        hangUp(server.url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`, how),
      ]);
    }
    await pushLines(server.url, { app: "gone" }, [[now + 1n, "stays"]]);
    const found = await lokits(["query", '{app="gone"}', "--addr", server.url, "-o", "raw"]);
    assert.equal(found.stdout, "stays\n");
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^lokits_inflight_pushes 0$/m);
    assert.match(metrics, /^lokits_inflight_push_bytes 0$/m);
    assert.match(metrics, /^loki_panic_total 0$/m);
    assert.doesNotMatch(server.log(), /level=error/);
    assert.equal(await server.stop(), 0);
  });
});

test("a tenant that is named twice is neither of the two", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer(["-auth.enabled=true"], { cwd });
    const now = String(BigInt(Date.now()) * 1_000_000n);
    const body = JSON.stringify({ streams: [{ stream: { app: "a" }, values: [[now, "x"]] }] });
    const head =
      "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n";
    const named = "X-Scope-OrgID: one\r\nx-scope-orgid: two\r\n";
    await raw(server.url, `${head}${named}Content-Length: ${body.length}\r\n\r\n${body}`);
    for (const tenant of ["one", "two"]) {
      const headers = { "X-Scope-OrgID": tenant };
      const response = await fetch(`${server.url}/loki/api/v1/labels`, { headers });
      assert.deepEqual(await response.json(), { status: "success" });
    }
    assert.equal(await server.stop(), 0);
  });
});

test("bodies over their size are 413, as they come and unpacked", async () => {
  await inFolder(async (cwd) => {
    const limits = [
      "-distributor.max-recv-msg-size=2000",
      "-distributor.max-decompressed-size=50000",
    ];
    const server = await startServer(limits, { cwd });
    const push = async (body: Uint8Array<ArrayBuffer>, encoding?: string) => {
      const response = await fetch(`${server.url}/loki/api/v1/push`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...(encoding === undefined ? {} : { "Content-Encoding": encoding }),
        },
        body,
      });
      return { status: response.status, text: await response.text() };
    };
    const zeros = new Uint8Array(gzipSync(new Uint8Array(50_001)));
    const bomb = await push(zeros, "gzip");
    assert.deepEqual(
      [bomb.status, bomb.text],
      [
        413,
        "request body too large: over 50000 bytes decompressed, limit 50000 (distributor.max_decompressed_size)\n",
      ],
    );
    assert.deepEqual(await push(new Uint8Array(2001)), {
      status: 413,
      text: "request body too large: 2001 bytes, limit 2000 (distributor.max_recv_msg_size)\n",
    });
    // Far over it, and told before it has come.
    const head = "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const large = await raw(server.url, `${head}Content-Length: 9000000000\r\n\r\n{`);
    assert.match(large, /^HTTP\/1.1 413 [\s\S]* 9000000000 bytes, limit 2000 /);
    assert.equal((await push(new TextEncoder().encode("{}"))).status, 204);
    assert.equal(await server.stop(), 0);
  });
});

test("shard_streams: a stream that comes too fast is stored as several, each found by its label", async () => {
  await inFolder(async (cwd) => {
    const flags = ["-shard-streams.enabled=true", "-shard-streams.desired-rate=1KB"];
    const server = await startServer(flags, { cwd });
    const now = BigInt(Date.now()) * 1_000_000n;
    let count = 0;
    const get = async (path: string) => (await fetch(`${server.url}/loki/api/v1/${path}`)).json();
    const shards = async () => {
      const { data = [] } = (await get("label/__stream_shard__/values")) as { data?: string[] };
      return data.length;
    };
    for (let tries = 0; tries < 40 && (await shards()) < 2; tries++) {
      const lines = Array.from({ length: 10 }, (_, index) => `${count + index} ${"x".repeat(500)}`);
      const times = lines.map((line, index) => [now + BigInt(count + index), line] as const);
      await pushLines(server.url, { app: "fast" }, times);
      count += lines.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok((await shards()) > 1);
    const query = 'sum(count_over_time({app="fast"}[1h]))';
    const answer = await get(`query?${new URLSearchParams({ query })}`);
    const { data } = answer as { data: { result: { value: [number, string] }[] } };
    assert.equal(data.result[0]?.value[1], String(count));
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^loki_stream_sharding_count [1-9]/m);
    assert.match(metrics, /^loki_rate_store_max_stream_shards [1-9]/m);
    assert.equal(await server.stop(), 0);
  });
});
