/** TLS in front of the HTTP server, with real certificates: who comes in, who they are, and that bytes go through. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { upgrade } from "./serve.ts";
import { certificateOf, type ListeningTls, listenTls, peerOf } from "./serve-tls.ts";
import { hasOpenssl, TestCertificates, WITHOUT_OPENSSL } from "./testing/certificates.ts";
import { until } from "./testing/until.ts";
import { type FrontTls, openFront } from "./tls-front.ts";

const folder = mkdtempSync(join(tmpdir(), "lokits-tls-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const made = new TestCertificates(folder);
if (hasOpenssl) {
  for (const name of ["ca", "foreign"]) made.authority(name);
  for (const name of ["server", "server2"]) made.issue(name, "ca");
  made.issue("anna", "ca", { subject: "/O=acme/CN=anna" });
  made.issue("bert", "ca", { subject: "/CN=bert/CN=second" });
  made.issue("mallory", "foreign", { subject: "/CN=anna" });
  made.issue("late", "ca", { days: -1 });
}
const given = (name: string, run: () => Promise<void>) =>
  test(name, { skip: WITHOUT_OPENSSL }, run);

const text = (file: string) => made.text(file);
const pair = (name: string) => made.pair(name);
const tlsOf = (own: Partial<FrontTls> = {}): FrontTls => ({ ...pair("server"), ...own });
const clients = (areRequired: boolean) => ({ clients: { authority: text("ca.pem"), areRequired } });

type Fetch = (request: Request, env: unknown) => Response | Promise<Response>;

async function withServer(
  tls: FrontTls,
  run: (server: ListeningTls, port: number) => Promise<void>,
  fetch: Fetch = whoIsIt,
): Promise<void> {
  const server = await listenTls({
    ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1 << 26, tls, fetch },
  });
  try {
    await run(server, Number(new URL(server.url).port));
  } finally {
    await server.stop(0);
  }
}

function whoIsIt(request: Request, env: unknown): Response {
  const { commonNames, altNames, sha256 } = certificateOf(request, env) ?? {};
  return Response.json({ peer: peerOf(request, env), commonNames, altNames, sha256 });
}

/** Everything that comes back over a connection on which one request was said. */
async function say(
  port: number,
  options: ConnectionOptions = {},
  request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  return await new Promise((resolve) => {
    let said = "";
    socket.on("data", (bytes) => {
      said += String(bytes);
    });
    socket.on("error", () => resolve("refused"));
    socket.on("close", () => resolve(said === "" ? "refused" : said));
    socket.write(request);
  });
}

given(
  "listenTls() knows which certificate came over which connection, and its address",
  async () => {
    await withServer(tlsOf(clients(true)), async (_server, port) => {
      const [anna, bert] = await Promise.all([say(port, pair("anna")), say(port, pair("bert"))]);
      assert.match(
        anna,
        /\{"peer":"127.0.0.1","commonNames":\["anna"\],"altNames":\["DNS:localhost","IP:127.0.0.1","URI:spiffe:\/\/x\/anna"\],"sha256":"[\da-f]{64}"\}/,
      );
      assert.match(bert, /"commonNames":\["bert","second"\]/);
    });
  },
);

given("listenTls() gives the fingerprint that openssl gives", async () => {
  const printed = made.openssl("x509", "-in", "anna.pem", "-noout", "-fingerprint", "-sha256");
  const want = printed.split("=")[1]!.trim().replaceAll(":", "").toLowerCase();
  await withServer(tlsOf(clients(true)), async (_server, port) => {
    assert.match(await say(port, pair("anna")), new RegExp(`"sha256":"${want}"`));
  });
});

given(
  "a certificate of another authority, one that has expired, none, and no TLS are refused",
  async () => {
    await withServer(tlsOf(clients(true)), async (_server, port) => {
      for (const name of ["mallory", "late"])
        assert.equal(await say(port, pair(name)), "refused", name);
      assert.equal(await say(port), "refused");
      assert.equal(await plain(port), "");
    });
  },
);

given("where a certificate is not required, a wrong one is refused all the same", async () => {
  await withServer(tlsOf(clients(false)), async (_server, port) => {
    assert.match(await say(port, pair("anna")), /"commonNames":\["anna"\]/);
    assert.match(await say(port), /\{"peer":"127.0.0.1"\}/);
    for (const name of ["mallory", "late"])
      assert.equal(await say(port, pair(name)), "refused", name);
  });
});

given("where nobody is asked for one, a certificate says nothing", async () => {
  await withServer(tlsOf(), async (_server, port) => {
    assert.match(await say(port, pair("mallory")), /\{"peer":"127.0.0.1"\}/);
  });
});

given("a session that is resumed does not come in without its certificate", async () => {
  await withServer(tlsOf(clients(true)), async (_server, port) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...pair("anna") });
    let session: Buffer | undefined;
    socket.on("session", (bytes) => {
      session = bytes;
    });
    socket.resume();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    const options = session === undefined ? {} : { session };
    assert.equal(await say(port, options), "refused");
  });
});

async function plain(port: number): Promise<string> {
  const socket = connectPlain(port, "127.0.0.1");
  return await new Promise((resolve) => {
    let said = "";
    socket.on("data", (bytes) => {
      said += String(bytes);
    });
    socket.on("error", () => resolve(said));
    socket.on("close", () => resolve(said));
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  });
}

given("whoever finds the HTTP server behind the front gets nothing from it", async () => {
  let inside = 0;
  const tls = tlsOf();
  const seen: string[] = [];
  await withServer(
    tls,
    async (_server, port) => {
      await say(port);
      assert.match(await plain(inside), /^HTTP\/1.1 403 /);
      assert.deepEqual(seen, ["/"]);
    },
    (request, env) => {
      inside = (env as { port: number }).port;
      seen.push(new URL(request.url).pathname);
      return new Response("ok");
    },
  );
});

given(
  "renew() counts for connections to come, and what makes no certificate changes nothing",
  async () => {
    await withServer(tlsOf(), async (server, port) => {
      const shown = async () => {
        const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
        await new Promise((resolve) => socket.once("secureConnect", resolve));
        const name = socket.getPeerCertificate().subject.CN;
        socket.destroy();
        return name;
      };
      assert.equal(await shown(), "server");
      const cut = text("server2.pem").slice(0, -40);
      for (const wrong of [
        { key: text("anna.key") },
        { key: "" },
        { cert: "no PEM" },
        { cert: "", key: "" },
        { cert: cut, key: text("server2.key") },
        { clients: { authority: "", areRequired: true } },
        { clients: { authority: text("ca.pem").slice(0, -40), areRequired: true } },
        { clients: { authority: text("server.key"), areRequired: true } },
      ]) {
        assert.throws(() => server.renew(tlsOf(wrong)), JSON.stringify(wrong));
        assert.equal(await shown(), "server");
      }
      server.renew(pair("server2"));
      assert.equal(await shown(), "server2");
    });
  },
);

given("renew() with another authority refuses those of the former", async () => {
  await withServer(tlsOf(clients(true)), async (server, port) => {
    server.renew(tlsOf({ clients: { authority: text("foreign.pem"), areRequired: true } }));
    assert.equal(await say(port, pair("anna")), "refused");
    assert.match(await say(port, pair("mallory")), /"commonNames":\["anna"\]/);
  });
});

given(
  "TLS 1.1 is refused, and TLS 1.2 where 1.3 is wanted; only the named ciphers are taken",
  async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1" } as const;
    const second = { maxVersion: "TLSv1.2" } as const;
    await withServer(tlsOf(), async (_server, port) => {
      assert.equal(await say(port, old), "refused");
      assert.match(await say(port, second), /200 OK/);
    });
    await withServer(tlsOf({ versionMin: "TLSv1.3" }), async (_server, port) => {
      assert.equal(await say(port, second), "refused");
      assert.match(await say(port), /200 OK/);
    });
    const [one, other] = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"];
    await withServer(tlsOf({ ciphers: one }), async (_server, port) => {
      assert.match(await say(port, { ...second, ciphers: one }), /200 OK/);
      assert.equal(await say(port, { ...second, ciphers: other }), "refused");
    });
  },
);

given("a client that says nothing is let go of", async () => {
  const front = await openFront({
    ...{ hostname: "127.0.0.1", port: 0, tls: tlsOf(), insidePort: 1, handshakeMs: 50 },
  });
  const socket = connectPlain(front.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("close", resolve));
  front.close();
});

given(
  "what is refused is told with its reason, whether a certificate was required or not",
  async () => {
    for (const [areRequired, words] of [
      [true, "certificate has expired"],
      [false, "cert has expired"],
    ] as const) {
      const told: string[] = [];
      const front = await openFront({
        ...{ hostname: "127.0.0.1", port: 0, tls: tlsOf(clients(areRequired)), insidePort: 1 },
        refused: ({ code, why }, address) => told.push(`${code} ${why} ${address}`),
      });
      assert.equal(await say(front.port, pair("late")), "refused");
      await until("the refusal is told", () => told.length > 0);
      assert.deepEqual(told, [`CERT_HAS_EXPIRED ${words} 127.0.0.1`]);
      await plain(front.port);
      assert.equal(told.at(-1), "ERR_SSL_HTTP_REQUEST http request 127.0.0.1");
      front.close();
    }
  },
);

given("an address that is taken is an error", async () => {
  await withServer(tlsOf(), async (_server, port) => {
    const again = { hostname: "127.0.0.1", port, bodyBytesMax: 1, tls: tlsOf(), fetch: whoIsIt };
    await assert.rejects(listenTls(again), /EADDRINUSE/);
  });
});

given("large bodies go through both ways unharmed", async () => {
  const body = new Uint8Array(8 << 20).map((_byte, index) => (index * 31 + (index >> 8)) & 0xff);
  await withServer(
    tlsOf(),
    async ({ url }) => {
      const tls = { ca: text("ca.pem") };
      const response = await fetch(url, { method: "POST", body, tls });
      assert.deepEqual(Buffer.compare(Buffer.from(await response.arrayBuffer()), body), 0);
    },
    async (request) => new Response(await request.arrayBuffer()),
  );
});

given("a client that takes nothing holds the answer back", async () => {
  let pulled = 0;
  const piece = new Uint8Array(1 << 16);
  const endless = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += piece.length;
          controller.enqueue(piece);
        },
      }),
    );
  await withServer(
    tlsOf(),
    async (_server, port) => {
      const socket = connectPlainlyPaused(port);
      await until("no more is asked of it", async () => {
        const before = pulled;
        await Bun.sleep(100);
        return before > 0 && pulled === before;
      });
      assert.ok(pulled < 64 << 20, `${pulled} bytes were made for a client that takes none`);
      socket.destroy();
    },
    endless,
  );
});

function connectPlainlyPaused(port: number): TLSSocket {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.on("error", () => {});
  socket.once("secureConnect", () => {
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  });
  return socket;
}

given("a request is told that its client has gone", async () => {
  let gone = false;
  let asked = false;
  await withServer(
    tlsOf(),
    async (_server, port) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      socket.on("error", () => {});
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await until("it was asked", () => asked);
      socket.destroy();
      await until("the client has gone", () => gone);
    },
    (request) => {
      asked = true;
      return new Promise((resolve) => {
        request.signal.addEventListener("abort", () => {
          gone = true;
          resolve(new Response(""));
        });
      });
    },
  );
});

given("WebSockets go through, with the certificate of their client", async () => {
  const send = (request: Request, env: unknown) => {
    const name = certificateOf(request, env)?.commonNames.join() ?? "nobody";
    const upgraded = upgrade(request, env, async (socket) => {
      await socket.send(name);
      socket.close(1000, "done");
    });
    return upgraded ?? new Response("no", { status: 400 });
  };
  await withServer(
    tlsOf(clients(true)),
    async ({ url }) => {
      const tls = { ca: text("ca.pem"), ...pair("anna") };
      const socket = new WebSocket(url.replace("https", "wss"), { tls } as unknown as string[]);
      const heard = await new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
        socket.onclose = () => resolve("closed");
      });
      assert.equal(heard, "anna");
    },
    send,
  );
});

given("stop() lets an answer that is under way end, and takes nobody new", async () => {
  let finish = () => {};
  const waits = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let asked = false;
  const server = await listenTls({
    ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1, tls: tlsOf() },
    fetch: async () => {
      asked = true;
      await waits;
      return new Response("the end");
    },
  });
  const port = Number(new URL(server.url).port);
  const answer = say(port);
  await until("it was asked", () => asked);
  const stopped = server.stop(10_000);
  await until("nobody is let in", async () => (await say(port)) === "refused");
  finish();
  assert.match(await answer, /the end/);
  await stopped;
});

given(
  "stop() does not wait for clients that keep a connection for later, and loses no byte",
  async () => {
    const size = 4 << 20;
    const server = await listenTls({
      ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1, tls: tlsOf() },
      fetch: () => new Response(new Uint8Array(size)),
    });
    const port = Number(new URL(server.url).port);
    const idle = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const ended = new Promise((resolve) => idle.once("close", resolve));
    idle.on("error", () => {});
    await new Promise((resolve) => idle.once("secureConnect", resolve));
    const answer = fetch(server.url, { tls: { ca: text("ca.pem") } });
    const { body } = await answer;
    const reader = body!.getReader();
    let got = (await reader.read()).value?.length ?? 0;
    const stopped = server.stop(10_000);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      got += value.length;
    }
    assert.equal(got, size);
    await stopped;
    await ended;
  },
);
