/** Sign-in from outside: TLS, passwords, tokens, signed tokens, certificates; and what stays on this machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { inFolder, type RunningServer, startServer } from "./testing/process.ts";

const CONFIG = `server: {http_listen_address: 0.0.0.0}
common: {path_prefix: ./data, replication_factor: 1, instance_addr: 127.0.0.1, ring: {kvstore: {store: inmemory}}}
storage_config: {filesystem: {directory: ./data/chunks}}
schema_config:
  configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: i_, period: 24h}}]
`;
const PASSWORD = "correct horse";
const TOKEN = "token-".padEnd(40, "x");

const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;
const bearer = (token: string) => `Bearer ${token}`;

async function withServer(
  auth: string,
  run: (server: RunningServer, cwd: string) => Promise<void>,
  prepare: (cwd: string) => void = () => {},
): Promise<void> {
  await inFolder(async (cwd) => {
    prepare(cwd);
    const file = join(cwd, "config.yaml");
    writeFileSync(file, CONFIG + auth);
    const server = await startServer([`-config.file=${file}`], { cwd });
    try {
      await run(server, cwd);
    } finally {
      await server.stop();
    }
  });
}

const push = JSON.stringify({
  streams: [{ stream: { app: "a" }, values: [[`${Date.now()}000000`, "kept line"]] }],
});

async function status(url: string, init: RequestInit & { tls?: object } = {}): Promise<number> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
}

const AUTH = async (jwks: string) => `auth:
  failures_max: 5
  users:
    - {name: anna, password_hash: '${await Bun.password.hash(PASSWORD, { algorithm: "bcrypt", cost: 4 })}', read: [acme], write: [acme]}
  tokens:
    - {name: agent, sha256: ${createHash("sha256").update(TOKEN).digest("hex")}, write: [acme]}
  jwt: {issuer: 'https://i.example', audience: [lokits], jwks_file: ${jwks}, algorithms: [ES256]}
`;

test("passwords, tokens and signed tokens let in, over pushes, queries and tails", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: "ES256", kid: "k" };
  const signed = await new SignJWT({ sub: "ci", tenants: ["acme"] })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setIssuer("https://i.example")
    .setAudience("lokits")
    .setExpirationTime("5m")
    .sign(privateKey);
  await withServer(
    await AUTH("jwks.json"),
    async (server) => {
      const { url } = server;
      const headers = (Authorization?: string, tenant?: string) => ({
        ...(Authorization === undefined ? {} : { Authorization }),
        ...(tenant === undefined ? {} : { "X-Scope-OrgID": tenant }),
        "Content-Type": "application/json",
      });
      const sent = (Authorization?: string, tenant?: string) =>
        status(`${url}/loki/api/v1/push`, {
          ...{ method: "POST", headers: headers(Authorization, tenant), body: push },
        });
      assert.equal(await sent(), 401);
      assert.equal(await sent(undefined, "acme"), 401);
      assert.equal(await sent(bearer(TOKEN)), 204);
      assert.equal(await sent(bearer(TOKEN), "acme"), 204);
      assert.equal(await sent(bearer(TOKEN), "other"), 403);
      assert.equal(await sent(bearer(`${TOKEN}y`), "acme"), 401);
      assert.equal(await sent(bearer(signed)), 204);
      assert.equal(await sent(bearer(signed), "other"), 403);

      const query = `${url}/loki/api/v1/query_range?query=${encodeURIComponent('{app="a"}')}`;
      const found = await fetch(query, { headers: headers(basic("anna", PASSWORD)) });
      assert.match(await found.text(), /kept line/);
      for (const Authorization of [undefined, basic("anna", "wrong"), bearer(TOKEN)]) {
        const answer = await fetch(query, { headers: headers(Authorization, "acme") });
        assert.ok([401, 403].includes(answer.status));
        assert.doesNotMatch(await answer.text(), /kept line|acme/);
      }

      assert.match(await tailed(url, basic("anna", PASSWORD)), /kept line/);
      assert.equal(await tailed(url, undefined), "closed");
      assert.equal(await tailed(url, bearer(TOKEN)), "closed");

      assert.equal(await status(`${url}/ready`), 200);
      assert.equal(await status(`${url}/flush`, { method: "POST" }), 401);
      assert.equal(
        await status(`${url}/flush`, { method: "POST", headers: headers(bearer(TOKEN)) }),
        403,
      );

      const answers: number[] = [];
      for (let time = 0; time < 7; time++) answers.push(await sent(basic("anna", `wrong ${time}`)));
      assert.equal(answers.at(-1), 429);
      assert.equal(await sent(basic("anna", PASSWORD)), 204);
      assert.doesNotMatch(server.log(), new RegExp(`wrong \\d|${PASSWORD}|${TOKEN}|${signed}`));
      assert.match(server.log(), /sign-in refused/);
    },
    (cwd) => writeFileSync(join(cwd, "jwks.json"), JSON.stringify({ keys: [jwk] })),
  );
});

/** The first frame of a tail, or "closed" when there is none. */
async function tailed(url: string, authorization: string | undefined): Promise<string> {
  const address = `${url.replace("http", "ws")}/loki/api/v1/tail?query=${encodeURIComponent('{app="a"}')}`;
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const socket = new WebSocket(address, { headers } as unknown as string[]);
  return await new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      resolve(String(data));
      socket.close();
    };
    socket.onclose = () => resolve("closed");
    socket.onerror = () => resolve("closed");
  });
}

test("from another address the routes of operators are closed until the configuration opens them", async (t) => {
  const [outside] = Object.values(networkInterfaces())
    .flat()
    .filter((face) => face?.family === "IPv4" && !face.internal);
  if (outside === undefined) return t.skip("this machine has no address but loopback");
  const routes = ["/flush", "/config", "/ingester/prepare_shutdown"];
  await withServer("auth_enabled: false\n", async ({ url }) => {
    const far = url.replace("127.0.0.1", outside.address);
    for (const route of routes) {
      const answer = await fetch(far + route);
      assert.equal(answer.status, 403, route);
      assert.match(await answer.text(), /server\.admin_routes/);
    }
    assert.equal(
      await status(`${far}/log_level`, { method: "POST", body: "log_level=debug" }),
      403,
    );
    assert.equal(await status(`${url}/config`), 200);
    assert.equal(
      await status(`${url}/config`, { headers: { "X-Forwarded-For": "127.0.0.1" } }),
      403,
    );
    assert.equal(await status(`${far}/metrics`), 200);
    assert.equal(await status(`${far}/loki/api/v1/labels`), 200);
  });
});

function openssl(cwd: string, ...args: string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { cwd });
  assert.equal(status, 0, String(stderr));
}

function certificates(cwd: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    cwd,
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=ca",
  );
  writeFileSync(join(cwd, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  for (const name of ["server", "client"]) {
    openssl(
      cwd,
      "req",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${name}`,
    );
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    openssl(
      cwd,
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signed,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
    );
  }
}

const TLS = (mode: string) =>
  `  http_tls_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_auth_type: ${mode}}\n`;

test("the listener speaks TLS, and a client's certificate signs in", async (t) => {
  if (spawnSync("openssl", ["version"]).status !== 0) return t.skip("there is no openssl");
  await inFolder(async (cwd) => {
    certificates(cwd);
    const ca = readFileSync(join(cwd, "ca.pem"), "utf8");
    const client = {
      ...{ ca, cert: readFileSync(join(cwd, "client.pem"), "utf8") },
      key: readFileSync(join(cwd, "client.key"), "utf8"),
    };
    const start = async (mode: string, auth: string) => {
      const file = join(cwd, `${mode}.yaml`);
      const server = `server:\n  http_listen_address: 127.0.0.1\n${TLS(mode)}`;
      writeFileSync(file, CONFIG.replace(/^server.*\n/, server) + auth);
      return await startServer([`-config.file=${file}`], { cwd });
    };
    const labels = "/loki/api/v1/labels";
    const open = await start("NoClientCert", "auth_enabled: false\n");
    assert.match(open.url, /^https:/);
    assert.equal(await status(open.url + labels, { tls: { ca } }), 200);
    await assert.rejects(fetch(open.url + labels));
    await open.stop();

    const closed = await start(
      "RequireAndVerifyClientCert",
      "auth: {client_certificate: {read: [acme]}}\n",
    );
    assert.equal(await status(closed.url + labels, { tls: client }), 200);
    const other = { tls: client, headers: { "X-Scope-OrgID": "other" } };
    assert.equal(await status(closed.url + labels, other), 403);
    await assert.rejects(fetch(closed.url + labels, { tls: { ca } } as RequestInit));
    await closed.stop();
  });
});
