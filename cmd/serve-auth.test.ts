/** Sign-in from outside: passwords, tokens, which tenants they open, and what stays on this machine. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { until } from "../adapters/bun/testing/until.ts";
import { ask, basic, bearer, find, send, tailed, withServer } from "./testing/signed-in.ts";

const PASSWORD = "correct horse";
const TOKEN = "token-".padEnd(40, "x");

const hash = await Bun.password.hash(PASSWORD, { algorithm: "bcrypt", cost: 4 });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const AUTH = `querier: {multi_tenant_queries_enabled: true}
auth:
  failures_max: 5
  users:
    - {name: anna, password_hash: '${hash}', read: [acme], write: [acme]}
    - {name: root, password_hash: '${hash}', admin: ['*']}
  tokens:
    - {name: agent, sha256: ${sha256(TOKEN)}, write: [acme]}
`;

test("passwords and tokens let in, over pushes, queries and tails", async () => {
  await withServer({ more: AUTH }, async ({ url, log }) => {
    const sent = async (authorization?: string, tenant?: string) =>
      (await send(url, "kept line", { authorization, tenant })).status;
    assert.equal(await sent(), 401);
    assert.equal(await sent(undefined, "acme"), 401);
    assert.equal(await sent(bearer(TOKEN)), 204);
    assert.equal(await sent(bearer(TOKEN), "acme"), 204);
    assert.equal(await sent(bearer(TOKEN), "other"), 403);
    assert.equal(await sent(bearer(`${TOKEN}y`), "acme"), 401);

    const anna = basic("anna", PASSWORD);
    assert.match((await find(url, { authorization: anna })).text, /kept line/);
    for (const authorization of [undefined, basic("anna", "wrong"), bearer(TOKEN)]) {
      const { status, text } = await find(url, { authorization, tenant: "acme" });
      assert.ok([401, 403].includes(status));
      assert.doesNotMatch(text, /kept line|acme/);
    }
    assert.match(await tailed(url, { authorization: anna }), /kept line/);
    assert.equal(await tailed(url, {}), "closed");
    assert.equal(await tailed(url, { authorization: bearer(TOKEN) }), "closed");
    assert.equal(await tailed(url, { authorization: anna, tenant: "other" }), "closed");

    const answers: number[] = [];
    for (let time = 0; time < 7; time++) answers.push(await sent(basic("anna", `wrong ${time}`)));
    assert.equal(answers.at(-1), 429);
    assert.equal(await sent(anna), 204);
    assert.doesNotMatch(log(), new RegExp(`wrong \\d|${PASSWORD}|${TOKEN}|${btoa(PASSWORD)}`));
    await until("the refusal to be told", () => /sign-in refused/.test(log()));
  });
});

test("whatever is wrong with what is presented, the answer is the same, and a page needs no sign-in", async () => {
  const auth = AUTH.replace("failures_max: 5", "failures_max: 0");
  await withServer({ more: auth }, async ({ url, log }) => {
    const wrong = [
      basic("anna", ""),
      basic("anna", `${PASSWORD} `),
      basic("Anna", PASSWORD),
      basic("nobody", PASSWORD),
      basic("", ""),
      basic("", PASSWORD),
      basic("anna", hash),
      basic("agent", TOKEN),
      `Basic ${btoa("anna")}`,
      "Basic",
      "Basic !!!",
      bearer(PASSWORD),
      bearer(hash),
      bearer(sha256(TOKEN)),
      bearer(""),
      `Token ${TOKEN}`,
      TOKEN,
      `Basic ${btoa(`anna:${PASSWORD}`)}, Bearer ${TOKEN}`,
    ];
    for (const authorization of wrong) {
      const { status, text } = await find(url, { authorization, tenant: "acme" });
      assert.deepEqual([status, text], [401, "sign in to use this server\n"], authorization);
      for (const page of ["ready", "metrics"]) {
        assert.equal((await ask(`${url}/${page}`, { authorization })).status, 200);
      }
    }
    assert.ok(!log().includes(hash) && !log().includes(TOKEN) && !log().includes(PASSWORD));
    const refused = await fetch(`${url}/loki/api/v1/labels`);
    const challenge = 'Basic realm="lokits", charset="UTF-8", Bearer realm="lokits"';
    assert.equal(refused.headers.get("www-authenticate"), challenge);
  });
});

/** The status of a request whose path no client would send like this. */
async function rawStatus(url: string, line: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `${line} HTTP/1.1\r\nHost: ${hostname}\r\nX-Scope-OrgID: acme\r\nConnection: close\r\n\r\n`,
  );
  let said = "";
  for await (const bytes of socket) said += String(bytes);
  return Number(/^HTTP\/1.1 (\d+)/.exec(said)?.[1]);
}

test("no way of writing a path goes around sign-in", async () => {
  const auth = AUTH.replace("failures_max: 5", "failures_max: 0\n  open_paths: [/ready]");
  await withServer({ more: auth }, async ({ url }) => {
    assert.equal(await rawStatus(url, "GET /ready"), 200);
    const paths = [
      "/loki/api/v1/labels",
      "/config",
      "/metrics",
      "/loki/api/v1/query?query=1",
      "/flush",
    ];
    const writings = paths.flatMap((path) => [
      path,
      `/${path}`,
      `${path}/`,
      `/ready/..${path}`,
      `/ready/%2e%2e${path}`,
      `/ready%2f..${path}`,
      `/ready;${path}`,
      `/./${path.slice(1)}`,
      path.replace("/", "/%2f"),
      path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      path.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
      path.toUpperCase(),
      `${path}#/ready`,
      `${path}?/ready`,
      `http://localhost${path}`,
      `http://localhost/ready/..${path}`,
    ]);
    const open: string[] = [];
    for (const path of writings) {
      for (const method of ["GET", "POST", "HEAD", "OPTIONS", "DELETE", "PUT"]) {
        const status = await rawStatus(url, `${method} ${path}`);
        if (!(status >= 400 && status < 500)) open.push(`${method} ${path}: ${status}`);
      }
    }
    assert.deepEqual(open, []);
    const authorization = bearer(TOKEN);
    assert.equal((await ask(`${url}/metrics`, { authorization })).status, 200);
  });
});

test("routes of operators want admin of all tenants", async () => {
  await withServer({ more: AUTH }, async ({ url }) => {
    const status = async (path: string, method: string, authorization?: string) =>
      (await ask(`${url}/${path}`, { method, authorization })).status;
    const [anna, root] = [basic("anna", PASSWORD), basic("root", PASSWORD)];
    for (const path of ["flush", "ingester/prepare_shutdown", "log_level?log_level=info"]) {
      assert.equal(await status(path, "POST"), 401, path);
      assert.equal(await status(path, "POST", bearer(TOKEN)), 403, path);
      assert.equal(await status(path, "POST", anna), 403, path);
      assert.ok((await status(path, "POST", root)) < 300, path);
    }
    assert.deepEqual(
      [await status("config", "GET", anna), await status("config", "GET", root)],
      [403, 200],
    );
    assert.equal((await find(url, { authorization: root, tenant: "acme" })).status, 403);
  });
});

test("each tenant that a request names has to be open to who asks", async () => {
  const tokens = { one: "1".repeat(40), both: "2".repeat(40), all: "*".repeat(40) };
  const more = `querier: {multi_tenant_queries_enabled: true}
auth:
  tokens:
    - {sha256: ${sha256(tokens.one)}, read: [one], write: [one]}
    - {sha256: ${sha256(tokens.both)}, read: [one, two], write: [two]}
    - {sha256: ${sha256(tokens.all)}, read: ['*'], write: ['*']}
`;
  await withServer({ more }, async ({ url }) => {
    for (const tenant of ["one", "two", "three"]) {
      const authorization = bearer(tokens.all);
      assert.equal((await send(url, `line of ${tenant}`, { authorization, tenant })).status, 204);
    }
    const cases: [token: string, tenant: string | undefined, read: number, write: number][] = [
      [tokens.one, undefined, 200, 204],
      [tokens.one, "one", 200, 204],
      [tokens.one, "one|one", 200, 204],
      [tokens.one, "two", 403, 403],
      [tokens.one, "one|two", 403, 403],
      [tokens.one, "two|one", 403, 403],
      [tokens.one, "one|", 400, 400],
      [tokens.one, "ONE", 403, 403],
      [tokens.one, "*", 403, 403],
      [tokens.one, "one, two", 400, 400],
      [tokens.one, "../one", 400, 400],
      [tokens.both, undefined, 401, 401],
      [tokens.both, "one|two", 200, 403],
      [tokens.both, "one|two|three", 403, 403],
      [tokens.both, "two", 200, 204],
      [tokens.all, "one|two|three", 200, 400],
      [tokens.all, undefined, 401, 401],
    ];
    const wrong: string[] = [];
    for (const [token, tenant, read, write] of cases) {
      const asked = { authorization: bearer(token), tenant };
      const found = await find(url, asked);
      const pushed = await send(url, "x", asked);
      if (found.status !== read || pushed.status !== write)
        wrong.push(
          `${token[0]} ${tenant}: ${found.status} ${found.text.slice(0, 60)} | ${pushed.status} ${pushed.text}`,
        );
      if (token === tokens.one) assert.doesNotMatch(found.text, /line of t/);
    }
    assert.deepEqual(wrong, []);
  });
});

test("from another address the routes of operators are closed until the configuration opens them", async (t) => {
  const [outside] = Object.values(networkInterfaces())
    .flat()
    .filter((face) => face?.family === "IPv4" && !face.internal);
  if (outside === undefined) return t.skip("this machine has no address but loopback");
  const server = "http_listen_address: 0.0.0.0";
  await withServer({ server, more: "auth_enabled: false\n" }, async ({ url }) => {
    const far = url.replace("127.0.0.1", outside.address);
    for (const route of ["/flush", "/config", "/ingester/prepare_shutdown"]) {
      const { status, text } = await ask(far + route);
      assert.equal(status, 403, route);
      assert.match(text, /server\.admin_routes/);
    }
    const level = { method: "POST", body: "log_level=debug" };
    assert.equal((await ask(`${far}/log_level`, level)).status, 403);
    assert.equal((await ask(`${url}/config`)).status, 200);
    const headers = { "X-Forwarded-For": "127.0.0.1" };
    assert.equal((await ask(`${url}/config`, { headers })).status, 403);
    assert.equal((await ask(`${far}/metrics`)).status, 200);
    assert.equal((await ask(`${far}/loki/api/v1/labels`)).status, 200);
  });
});
