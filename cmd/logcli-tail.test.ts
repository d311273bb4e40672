/** `tail`: shared/spec/logcli.md §6 against a server that does what a test says. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import type { ServerWebSocket } from "bun";
import { lokits } from "./testing/process.ts";

const T0 = 1_795_416_945_000_000_000n; // 2026-11-23T06:55:45Z

interface Opened {
  readonly socket: ServerWebSocket<URL>;
  readonly params: URLSearchParams;
}

/** Runs `step` for each connection, counted from 0. */
async function given<T>(
  step: (opened: Opened, index: number) => void,
  run: (addr: string[], opened: Opened[]) => Promise<T>,
): Promise<T> {
  const all: Opened[] = [];
  const server = Bun.serve<URL>({
    port: 0,
    fetch: (request, upgrading) => {
      const data = new URL(request.url);
      return upgrading.upgrade(request, { data }) ? undefined : new Response("no", { status: 400 });
    },
    websocket: {
      open: (socket) => {
        const opened = { socket, params: socket.data.searchParams };
        all.push(opened);
        step(opened, all.length - 1);
      },
      message: () => {},
    },
  });
  try {
    return await run(["--addr", server.url.href.replace(/\/$/, "")], all);
  } finally {
    await server.stop(true);
  }
}

const frame = (...lines: [bigint, string][]) =>
  JSON.stringify({
    streams: [{ stream: { a: "b" }, values: lines.map(([time, line]) => [String(time), line]) }],
    dropped_entries: null,
  });

test("asks as logcli, keeps labels whole, and goes on after the last time when the connection breaks", async () => {
  const step = ({ socket }: Opened, index: number) => {
    if (index === 0) {
      socket.send(frame([T0, " one "], [T0 + 1n, "two"]));
      setTimeout(() => socket.terminate(), 100);
    } else {
      const dropped_entries = [{ timestamp: "2026-11-23T06:55:46Z", labels: { a: "lost" } }];
      socket.send(JSON.stringify({ streams: null, dropped_entries }));
      socket.send(frame([T0 + 1n, "two"], [T0 + 1n, "other"], [T0 + 2n, "three"]));
      socket.close(1011, "enough");
    }
  };
  await given(step, async (addr, opened) => {
    const flags = ["--from", String(T0 - 5n), "--limit", "7", "--delay-for", "2", "-z", "UTC"];
    const run = await lokits([
      "query",
      "--tail",
      '{a="b"}',
      ...addr,
      ...flags,
      "--exclude-label",
      "x",
    ]);
    const line = (text: string) => `2026-11-23T06:55:45Z {a="b"} ${text}\n`;
    assert.equal(run.stdout, ["one", "two", "other", "three"].map(line).join(""));
    const asked = { delay_for: "2", limit: "7", query: '{a="b"}', start: String(T0 - 5n) };
    assert.equal(String(opened[0]!.params), String(new URLSearchParams(asked)));
    assert.equal(opened[1]!.params.get("start"), String(T0 + 1n));
    assert.match(run.stderr, /^\S+ \S+ ws:\/\/\S+\/loki\/api\/v1\/tail\?delay_for=2&/);
    for (const said of [
      /\nRemote websocket connection closed unexpectedly \(close 1006 \(abnormal closure\).*\)\. Connecting again\.\n/,
      /\nServer dropped following entries due to slow client\n2026-11-23T06:55:46Z \{a="lost"\}\n/,
      /Ignoring labels key: x\n/,
      /Error reading stream: websocket: close 1011 \(internal server error\): enough\n$/,
    ])
      assert.match(run.stderr, said);
    assert.equal(run.code, 1);
  });
});

/** Sends Ctrl-C once `ready` holds of what it wrote; gives the exit code. */
async function interrupted(args: string[], ready: (text: string) => boolean): Promise<number> {
  const launch = resolve(import.meta.dirname, "launch.mjs");
  const child: ChildProcess = spawn("node", [launch, ...args]);
  let text = "";
  let sent = false;
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (!sent && ready(text)) sent = child.kill("SIGINT");
    });
  }
  return await new Promise((done) => child.once("exit", (code) => done(code ?? -1)));
}

test("Ctrl-C says good-bye and ends with 0, also while it waits to connect again", async () => {
  const ends: number[] = [];
  const server = Bun.serve({
    port: 0,
    fetch: (request, upgrading) =>
      upgrading.upgrade(request) ? undefined : new Response("no", { status: 400 }),
    websocket: {
      open: (socket) => void socket.send(frame([T0, "one"])),
      message: () => {},
      close: (_, code) => void ends.push(code),
    },
  });
  try {
    const addr = ["--addr", server.url.href.replace(/\/$/, "")];
    assert.equal(await interrupted(["tail", "{}", ...addr], (text) => text.includes("one")), 0);
    assert.deepEqual(ends, [1000]);
  } finally {
    await server.stop(true);
  }
  const nowhere = ["tail", "{}", "--addr", "http://127.0.0.1:1", "--retries", "9"];
  assert.equal(await interrupted(nowhere, (text) => text.includes("Connecting again")), 0);
});

test("a frame that is no JSON, a server that refuses, and standard input", async () => {
  await given(
    ({ socket }) => void socket.send("<html>"),
    async (addr) => {
      const run = await lokits(["tail", "{}", ...addr, "-q"]);
      assert.deepEqual([run.code, run.stdout], [1, ""]);
      assert.match(run.stderr, /^lokits tail: a frame of the tail is no JSON: <html>\n$/);
    },
  );
  const refusing = Bun.serve({ port: 0, fetch: () => new Response("no org id", { status: 401 }) });
  try {
    const run = await lokits(["tail", "{}", "--addr", refusing.url.href, "-q"]);
    assert.match(run.stderr, /Tailing logs failed: \S+ answers 401 and no WebSocket: no org id\n$/);
    assert.equal(run.code, 1);
  } finally {
    await refusing.stop(true);
  }
  const stdin = await lokits(["query", "-t", "{}", "--stdin"]);
  assert.deepEqual([stdin.code, /--stdin is not supported/.test(stdin.stderr)], [2, true]);
});
