/** The listener as clients meet it: good ones, and those that talk nonsense, too much, or too slowly. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { test } from "node:test";
import { HEAD_BYTES_MAX, type ListenOptions, listen, upgrade } from "./serve.ts";

interface Asked {
  readonly query: number;
  readonly header: number;
}

async function ask({ query, header }: Asked): Promise<[number, string]> {
  const server = listen({
    ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1 },
    fetch: ({ url, headers }) =>
      new Response(`${new URL(url).search.length} ${headers.get("x-test")?.length}`),
  });
  const headers = { "X-Test": "h".repeat(header) };
  const response = await fetch(`${server.url}/?${"q".repeat(query - 1)}`, { headers });
  const answer: [number, string] = [response.status, await response.text()];
  await server.stop(0);
  return answer;
}

const given = (name: string, asked: Asked) =>
  test(`listen() takes ${name}`, async () => {
    assert.deepEqual(await ask(asked), [200, `${asked.query} ${asked.header}`]);
  });

const refused = (name: string, asked: Asked) =>
  test(`listen() refuses ${name}, and says what it would take`, async () => {
    const [status, text] = await ask(asked);
    assert.equal(status, 431);
    assert.match(text, new RegExp(`have \\d+ bytes, want at most ${HEAD_BYTES_MAX};`));
  });

given("a query of the length that the querier's bound allows", { query: 131_072, header: 1 });
given("a query past Bun's own bound", { query: 17_000, header: 1 });
given("a long header", { query: 2, header: 900_000 });
refused("an address over the bound", { query: HEAD_BYTES_MAX, header: 1 });
refused("a header over the bound", { query: 2, header: HEAD_BYTES_MAX });
refused("both together", { query: 600_000, header: 600_000 });

/** Sends bytes as they stand; gives what came back until the server closed the connection, or said `until`. */
async function raw(
  port: number,
  text: string,
  options: { until?: RegExp; read?: boolean } = {},
): Promise<string> {
  return await new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    if (options.read === false) socket.pause();
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (options.until?.test(answer)) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

function serve(options: Partial<ListenOptions>) {
  const server = listen({
    ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1000 },
    fetch: () => new Response("ok"),
    ...options,
  });
  return { port: Number(new URL(server.url).port), stop: () => server.stop(0) };
}

test("what no handler answers is a plain 500 that shows nothing, and is told", async () => {
  const told: string[] = [];
  const server = serve({
    fetch: () => {
      throw new Error("hunter2");
    },
    failed: ({ message }) => told.push(message),
  });
  const answer = await raw(server.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", { until: /error\n/ });
  assert.match(answer, /^HTTP\/1.1 500 /);
  assert.match(answer, /\r\n\r\ninternal error\n$/);
  assert.deepEqual(told, ["hunter2"]);
  await server.stop();
});

test("a request of HTTP/1.0 needs no host; one that is none, or two, is 400", async () => {
  const server = serve({ fetch: ({ url }) => new Response(url) });
  const ask = async (head: string) =>
    await raw(server.port, `${head}\r\n\r\n`, { until: /\r\n\r\n\S/ });
  assert.match(await ask("GET /ready HTTP/1.0"), /^HTTP\/1.1 200 [\s\S]*\/ready$/);
  assert.match(await ask("GET / HTTP/1.1\r\nHost: [::1]:3100"), /^HTTP\/1.1 200 /);
  for (const host of ["a b", "u:p@h", '"><script>', "x/../y", "x?y", "h:99999", "x\r\nHost: y"]) {
    const answer = await ask(`GET / HTTP/1.1\r\nHost: ${host}`);
    assert.match(answer, /^HTTP\/1.1 400 [\s\S]*400 Bad Request: malformed Host header\n$/, host);
  }
  await server.stop();
});

test("what is no HTTP, or two lengths at once, never comes to a handler", async () => {
  let asked = 0;
  const server = serve({
    fetch: async (request) => {
      asked++;
      return new Response(String((await request.arrayBuffer()).byteLength));
    },
  });
  const head = "POST / HTTP/1.1\r\nHost: x\r\n";
  for (const text of [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    `${head}Content-Length: -1\r\n\r\n`,
    `${head}Content-Length: 0x5\r\n\r\nabcde`,
    `${head}Content-Length: 99999999999999999999999\r\n\r\nabcde`,
    `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: chunked, identity\r\n\r\nabcde`,
    `${head}Transfer-Encoding: gzip\r\n\r\nabcde`,
    `${head}X-A: a\x00b\r\n\r\n`,
    `${head}X A: b\r\n\r\n`,
    `${head}X-A: b\r\n folded\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`,
  ]) {
    const answer = await raw(server.port, text);
    assert.match(answer, /^(HTTP\/1.1 (400|505) |$)/, JSON.stringify(text));
  }
  // The last of them had a head that is right.
  assert.ok(asked <= 1, `${asked} came through`);
  await server.stop();
});

test("a client of a WebSocket may not say much", async () => {
  const server = serve({
    fetch: (request, env) =>
      upgrade(request, env, async ({ send, gone }) => {
        await send("hello");
        await new Promise((resolve) => gone.addEventListener("abort", resolve));
      }) ?? new Response("no", { status: 400 }),
  });
  const closed = await new Promise<CloseEvent>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    socket.onmessage = () => socket.send("x".repeat(70_000));
    socket.onclose = resolve;
  });
  assert.ok([1006, 1009].includes(closed.code), String(closed.code));
  await server.stop();
});

test("connections that wait too long are closed; those that we think for are not", {
  timeout: 30_000,
}, async () => {
  const server = serve({
    ...{ idleMs: 1000, writeMs: 1000 },
    fetch: async ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/large") return sized("x".repeat(64 << 20));
      await Bun.sleep(pathname === "/think" ? 5000 : 0);
      if (pathname !== "/stream") return sized("thought");
      let piece = 0;
      const pull = async (controller: ReadableStreamDefaultController<string>) => {
        if (piece++ === 1) await Bun.sleep(5000);
        if (piece > 2) controller.close();
        else controller.enqueue(`piece ${piece}`);
      };
      return new Response(new ReadableStream({ pull }).pipeThrough(new TextEncoderStream()));
    },
  });
  const start = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  // Each ends since the server closes the connection; the pieces of the last are drained meanwhile.
  const [idle, second, think, stream, deaf] = await Promise.all([
    raw(server.port, start("/")),
    raw(server.port, `${start("/")}GET / HTTP/1.1\r\nX-A: `),
    raw(server.port, start("/think")),
    raw(server.port, start("/stream")),
    deafClient(server.port, start("/large")),
  ]);
  assert.match(idle, /thought$/);
  assert.match(second, /thought$/);
  assert.match(think, /thought$/);
  assert.match(stream, /piece 1[\s\S]*piece 2[\s\S]*0\r\n\r\n$/);
  assert.ok(deaf < 64 << 20, `${deaf} bytes`);
  await server.stop();
});

function sized(text: string): Response {
  return new Response(text, { headers: { "Content-Length": String(text.length) } });
}

/** Asks and does not read for as long as the server waits; gives the bytes that came at all. */
async function deafClient(port: number, text: string): Promise<number> {
  return await new Promise((resolve) => {
    let bytes = 0;
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.pause();
    setTimeout(() => socket.resume(), 6_000);
    socket.on("data", (piece) => {
      bytes += piece.length;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(bytes));
  });
}

test("a port that another process listens on is refused", async () => {
  const server = serve({});
  const source = `
    const { listen } = await import(${JSON.stringify(new URL("serve.ts", import.meta.url).href)});
    listen({ hostname: "127.0.0.1", port: ${server.port}, bodyBytesMax: 1, fetch: () => new Response() });
    process.exit(0);`;
  const second = spawnSync(process.execPath, ["-e", source], { encoding: "utf8" });
  await server.stop();
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /port \d+ in use/);
});
