/** A running server against what no client library would send: raw requests, huge headers, hostile names. */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, type RunningServer, startServer } from "./testing/process.ts";

const SECRET = "sesame";

const CONFIG = `
auth_enabled: true
common:
  path_prefix: ./data
  storage:
    filesystem:
      chunks_directory: ./data/chunks
      rules_directory: ./data/rules
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory
schema_config:
  configs:
    - from: 2020-01-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index: {prefix: index_, period: 24h}
`;

/** A server in `inner`; whatever is in `outer` beside it came out of its data root. */
async function given(run: (server: RunningServer, outer: string) => Promise<void>): Promise<void> {
  await inFolder(async (outer) => {
    const inner = join(outer, "a", "b");
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, "loki.yaml"), CONFIG);
    const server = await startServer(["-config.file=loki.yaml"], { cwd: inner });
    try {
      await push(server, "victim", SECRET);
      await run(server, outer);
    } finally {
      await server.stop();
    }
  });
}

function push({ url }: RunningServer, tenant: string, line: string): Promise<Response> {
  const values = [[String(BigInt(Date.now()) * 1_000_000n), line]];
  return fetch(`${url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
    body: JSON.stringify({ streams: [{ stream: { app: line }, values }] }),
  });
}

/** The answer to bytes as they are; what the server closes without an answer is "". */
async function raw({ url }: RunningServer, head: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(head));
    socket.setTimeout(10_000, () => reject(new Error(`no answer to ${String(head).slice(0, 80)}`)));
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    // What is refused before it is read ends with a reset.
    socket.on("error", () => resolve(text));
  });
}

function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: x", "Connection: close", ...headers, "", ""].join("\r\n");
}

const LABELS = "/loki/api/v1/label/app/values";

async function filesBelow(folder: string): Promise<string[]> {
  const items = await readdir(folder, { recursive: true, withFileTypes: true });
  return items.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
}

test("the victim's line is found by the victim, and by no raw request of another", async () => {
  await given(async (server) => {
    assert.match(await raw(server, get(LABELS, "X-Scope-OrgID: victim")), new RegExp(SECRET));
    const headers = [
      ["X-Scope-OrgID: attacker", "X-Scope-OrgID: victim"],
      ["X-Scope-OrgID: victim", "X-Scope-OrgID: attacker"],
      ["x-scope-orgid: attacker", "X-SCOPE-ORGID: victim"],
      ["X-Scope-OrgID : victim"],
      [" X-Scope-OrgID: victim"],
      ["X-Scope-OrgID: attacker", " victim"],
      ["X-Scope-OrgID:\x00victim"],
      ["X-Scope-OrgID: victim\x00"],
      ["X-Scope-OrgID: \xef\xbd\x96ictim"],
      ["X-Scope-OrgID: vi\xd1\x81tim"],
      ["X-Scope-OrgID: victim\x0bx"],
      ["X-Scope-OrgID: a\r\rX-Scope-OrgID: victim"],
      ["X-Scope-OrgID: =?utf-8?q?victim?="],
      ["X_Scope_OrgID: victim"],
    ];
    for (const lines of headers) {
      const answer = await raw(server, Buffer.from(get(LABELS, ...lines), "latin1"));
      assert.ok(!answer.includes(SECRET), `${JSON.stringify(lines)}: ${answer.slice(0, 300)}`);
    }
    const smuggled = `${get(LABELS, "X-Scope-OrgID: attacker", "Content-Length: 0", "Transfer-Encoding: chunked")}0\r\n\r\n`;
    assert.ok(!(await raw(server, smuggled)).includes(SECRET));
    const paths = [
      "/loki/api/v1/../../victim/labels",
      "/loki/api/v1/label/..%2f..%2fvictim/values",
      "/loki/api/v1/label/%2e%2e%2f%2e%2e%2fvictim/values",
      "/loki/api/v1/label/%252e%252e%252fvictim/values",
      "//victim/loki/api/v1/labels",
      "http://victim/loki/api/v1/label/app/values",
      "/loki/api/v1/label/app\\..\\victim/values",
    ];
    for (const path of paths) {
      const answer = await raw(server, get(path, "X-Scope-OrgID: attacker"));
      assert.ok(!answer.includes(SECRET), `${path}: ${answer.slice(0, 300)}`);
    }
  });
});

test("hostile names leave nothing outside of the data root", async () => {
  await given(async (server, outer) => {
    for (const tenant of [
      "..",
      "../..",
      "a/../../b",
      "..\\..",
      "%2e%2e%2f",
      "....//",
      "/etc",
      "C:\\x",
      "~root",
    ]) {
      const { status } = await push(server, tenant, "evil");
      assert.ok(status === 204 || status === 400, `${tenant}: ${status}`);
    }
    await fetch(`${server.url}/flush`, { method: "POST" });
    const stored = async () =>
      (await filesBelow(outer)).filter((path) => path.includes(join("data", "chunks")));
    for (let tries = 0; tries < 100 && (await stored()).length < 2; tries++) await Bun.sleep(50);
    assert.ok((await stored()).length >= 2, "nothing was flushed");
    const inside = [join(outer, "a", "b", "data"), join(outer, "a", "b", "loki.yaml")];
    for (const path of await filesBelow(outer)) {
      assert.ok(
        inside.some((place) => path.startsWith(place)),
        path,
      );
    }
  });
});

test("a header of a megabyte and a very long URL are refused, and the server goes on", async () => {
  await given(async (server) => {
    const megabyte = "x".repeat(1 << 20);
    const large = await raw(server, get(LABELS, `X-Scope-OrgID: ${megabyte}`));
    assert.ok(large === "" || / (400|413|431) /.test(large.slice(0, 40)), large.slice(0, 100));
    const other = await raw(server, get(LABELS, "X-Scope-OrgID: victim", `Cookie: ${megabyte}`));
    assert.ok(other === "" || / (200|400|413|431) /.test(other.slice(0, 40)), other.slice(0, 100));
    const long = await raw(server, get(`${LABELS}?query=${megabyte}`, "X-Scope-OrgID: victim"));
    assert.ok(long === "" || / (400|414|431) /.test(long.slice(0, 40)), long.slice(0, 100));
    const many = Array.from({ length: 10_000 }, (_, index) => `X-H${index}: 1`);
    const crowded = await raw(server, get(LABELS, ...many));
    assert.ok(
      crowded === "" || / (400|401|413|431) /.test(crowded.slice(0, 40)),
      crowded.slice(0, 100),
    );
    const fine = await raw(server, get(LABELS, "X-Scope-OrgID: victim"));
    assert.match(fine, new RegExp(SECRET));
  });
});
