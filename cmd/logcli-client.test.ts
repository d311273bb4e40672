/** How commands behave towards servers that refuse, break off or are none, and what stands between. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import { resolve } from "node:path";
import { test } from "node:test";
import { fakeLoki, streamsJson } from "./testing/fake-loki.ts";
import { lokits } from "./testing/process.ts";

const LABELS = { status: "success", data: ["a"] };

test("what may pass is tried again, and each try is told; a refusal is not", async () => {
  await fakeLoki(
    () => new Response("busy", { status: 503 }),
    async (addr, asked) => {
      const [labels, query] = await Promise.all([
        lokits(["labels", ...addr, "-q", "--retries", "1"]),
        lokits(["query", "{}", ...addr, "-q"]),
      ]);
      assert.match(
        labels.stderr,
        /^\S+ \S+ Error response from server: busy \(503\) attempts remaining: 1\nlokits labels: Error response from server: busy \(503\) attempts remaining: 0\nError doing request: run out of attempts while querying the server\n$/,
      );
      assert.match(
        query.stderr,
        /\nQuery failed: run out of attempts while querying the server\n$/,
      );
      assert.deepEqual([labels.code, query.code, asked.length], [1, 1, 3]);
    },
  );
  await fakeLoki(
    () => new Response("no", { status: 400 }),
    async (addr, asked) => {
      const run = await lokits(["stats", "{}", ...addr, "-q", "--retries", "3"]);
      assert.match(run.stderr, /no \(400\) attempts remaining: 0\n/);
      assert.deepEqual([run.code, asked.length], [1, 1]);
    },
  );
});

test("an answer that is not Loki's is told as what it is", async () => {
  const f = async (answer: () => Response, line: string[], expected: RegExp) =>
    await fakeLoki(answer, async (addr) => {
      const run = await lokits([...line, ...addr, "-q"]);
      assert.match(run.stderr, expected);
      assert.deepEqual([run.code, run.stdout], [1, ""], line.join(" "));
    });
  const page = () =>
    new Response(`<html>\n<body>Sign in</body>${" ".repeat(9)}${"x".repeat(999)}`, {
      headers: { "content-type": "text/html" },
    });
  const html =
    /not Loki's JSON but 1\d\d\d characters of text\/html: <html> <body>Sign in<\/body> x{1,180}…; is --addr right\?\n$/;
  const json = (body: unknown) => () => Response.json(body);
  await Promise.all([
    f(page, ["query", "{}"], html),
    f(page, ["labels"], html),
    f(page, ["delete", "list"], html),
    f(page, ["tail", "{}"], /Tailing logs failed: http:\S+ answers 200 and no WebSocket: <html>/),
    f(json(null), ["query", "{}"], /has not "data" with "resultType"/),
    f(json({ data: { resultType: "streams", result: 3 } }), ["query", "{}"], /has not "data"/),
    f(json({ data: "x" }), ["labels"], /has not a list "data" as Loki's has: \{"data":"x"\}/),
    f(json({}), ["stats", "{}"], /has not a number "bytes"/),
    f(json(LABELS), ["volume", "{}"], /has not "data" with "resultType"/),
  ]);
});

async function withTcp<T>(onData: (socket: Socket) => void, run: (addr: string[]) => Promise<T>) {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onData(socket));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  try {
    return await run(["--addr", `http://127.0.0.1:${port}`]);
  } finally {
    server.close();
  }
}

test("a connection that breaks is told with its request, and not in Bun's words", async () => {
  const breaks = [
    (socket: Socket) => void socket.resetAndDestroy(),
    (socket: Socket) => void socket.end("\0\0garbage\r\n\r\n"),
    (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"status'),
  ];
  for (const each of breaks) {
    await withTcp(each, async (addr) => {
      const run = await lokits(["labels", ...addr, "-q"]);
      assert.match(
        run.stderr,
        /^lokits labels: error sending request Get "http:\S+": ECONNRESET: [^`]+$/,
      );
      assert.equal(run.code, 1);
    });
  }
  const tail = await lokits(["tail", "{}", "--addr", "http://127.0.0.1:1", "-q"]);
  assert.match(
    tail.stderr,
    /Tailing logs failed: no connection to http:\/\/127.0.0.1:1: ECONNREFUSED/,
  );
  assert.equal(tail.code, 1);
});

test("Ctrl-C ends the waiting for a server that hangs, with exit code 130", async () => {
  await withTcp(
    () => {},
    async (addr) => {
      const launch = resolve(import.meta.dirname, "launch.mjs");
      const child = spawn("node", [launch, "labels", ...addr], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stderr.once("data", () => child.kill("SIGINT"));
      const code = await new Promise((done) => child.once("exit", done));
      assert.equal(code, 130);
    },
  );
});

test("who asks: pairs, addresses with a user, and nothing secret on stderr", async () => {
  await fakeLoki(
    () => Response.json(LABELS),
    async (addr, asked) => {
      const url = addr[1]!.replace("http://", "http://ada:p%40ss@");
      const runs = [
        await lokits(["labels", "--addr", url]),
        await lokits(["labels", "--username", "ada", ...addr]),
        await lokits(["labels", "--username", "ada", "--password", "ü", ...addr]),
        await lokits(["labels", "--addr", url, "--bearer-token", "tok"]),
      ];
      for (const { code, stderr } of runs)
        assert.deepEqual([code, /p%40ss|p@ss|tok\b/.test(stderr)], [0, false]);
      const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
      assert.deepEqual(
        asked.map(({ headers }) => headers.get("authorization")),
        [basic("ada:p@ss"), null, basic("ada:ü"), "Bearer tok"],
      );
    },
  );
  const refused = async (...flags: string[]) => {
    const run = await lokits(["labels", ...flags]);
    assert.deepEqual([run.code, run.stdout, /s3cret/.test(run.stderr)], [2, "", false]);
    return run.stderr;
  };
  assert.match(await refused("--header", "a b: s3cret"), /"a b" cannot be the name of a header/);
  assert.match(await refused("--bearer-token", "s3cret\n"), /header Authorization is to say/);
  assert.match(await refused("--proxy-url", "user:s3cret@host"), /--proxy-url is no address/);
  assert.match(await refused("--addr", "ftp://u:s3cret@host"), /--addr is "ftp:\/\/host"/);
});

test("proxies: the one that is named, those of the environment only with --envproxy", async () => {
  await fakeLoki(
    ({ path }) => Response.json({ status: "success", data: [path] }),
    async ([, proxy], asked) => {
      const env = process.env;
      const outer = { HTTP_PROXY: env["HTTP_PROXY"], NO_PROXY: env["NO_PROXY"] };
      const far = ["labels", "--addr", "http://loki.invalid:3100", "-q"];
      try {
        env["HTTP_PROXY"] = proxy;
        delete env["NO_PROXY"];
        assert.equal((await lokits(far)).code, 1);
        assert.equal(asked.length, 0);
        assert.equal((await lokits([...far, "--envproxy"])).code, 0);
        assert.equal(asked[0]!.headers.get("host"), "loki.invalid:3100");
        env["NO_PROXY"] = "other,.invalid";
        assert.equal((await lokits([...far, "--envproxy"])).code, 1);
        assert.equal((await lokits([...far, "--proxy-url", proxy!])).code, 0);
        assert.equal(asked.length, 2);
      } finally {
        for (const [name, value] of Object.entries(outer)) {
          if (value === undefined) delete env[name];
          else env[name] = value;
        }
      }
    },
  );
});

test("a query of 100 kB and a line of 5 MB", async () => {
  const line = "ä".repeat(2_500_000);
  await fakeLoki(
    () => streamsJson([{ a: "b" }, [1n, line]]),
    async (addr, asked) => {
      const query = `{a="${"x".repeat(100_000)}"}`;
      const run = await lokits(["query", query, ...addr, "-q", "-o", "raw"]);
      assert.equal(run.code, 0, run.stderr);
      assert.ok(run.stdout === `${line}\n`);
      const { method, search, params } = asked.at(-1)!;
      // What no proxy takes in an address goes as a form.
      assert.deepEqual([method, search, params.get("query") === query], ["POST", "", true]);
    },
  );
});
