/** The gate before every route: which credential opens what, from where, and what the refusals say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNetwork } from "../auth/addresses.ts";
import { sha256 } from "../auth/digest.ts";
import { grantsOf } from "../auth/grants.ts";
import { SignIn } from "../auth/sign-in.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { accessOf } from "./access.ts";
import { type GateOptions, makeGate } from "./gate.ts";

const PAGES = ["/ready", "/metrics"];

async function signIn(): Promise<SignIn> {
  const token = async (name: string, lists: Partial<Parameters<typeof grantsOf>[0]>) => ({
    name,
    digest: await sha256(name),
    grants: grantsOf({ read: [], write: [], admin: [], ...lists }),
  });
  return new SignIn(
    {
      realm: "r",
      users: [],
      tokens: [
        await token("reader", { read: ["a", "b"] }),
        await token("agent", { write: ["a"] }),
        await token("all", { read: ["*"], write: ["*"] }),
        await token("keeper", { read: ["a"], admin: ["a"] }),
        await token("root", { admin: ["*"] }),
      ],
      certificates: [],
      throttle: { failuresMax: 0, windowMs: 1 },
    },
    {
      clock: new SimClock(),
      journal: SILENT,
      meter: UNMETERED,
      passwords: { verify: async () => false },
      salt: "",
    },
  );
}

interface Asked {
  readonly token?: string;
  readonly tenant?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
}

async function given(own: Partial<GateOptions> = {}, peer = "9.9.9.9") {
  const gate = makeGate({
    tenants: { authEnabled: true, multiTenantQueries: true },
    openPaths: PAGES,
    adminRoutes: "loopback",
    trustedProxies: [],
    peerOf: () => peer,
    ...own,
  });
  return async (path: string, { token, tenant, method = "GET", headers, host }: Asked = {}) => {
    const request = new Request(`http://${host ?? "localhost"}:3100${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(tenant === undefined ? {} : { "X-Scope-OrgID": tenant }),
        ...headers,
      },
    });
    const response = await gate(request, { path, env: undefined });
    if (response === undefined) return `in ${request.headers.get("X-Scope-OrgID") ?? ""}`.trim();
    return response;
  };
}

async function status(asked: Promise<Response | string>): Promise<number | string> {
  const answer = await asked;
  return typeof answer === "string" ? answer : answer.status;
}

const QUERY = "/loki/api/v1/query_range";
const PUSH = "/loki/api/v1/push";
const DELETE = "/loki/api/v1/delete";

test("each credential reads, writes and administers its tenants and no others", async () => {
  const ask = await given({ signIn: await signIn() });
  const cases: [string, Asked, number | string][] = [
    [QUERY, {}, 401],
    [QUERY, { tenant: "a" }, 401],
    [QUERY, { token: "wrong", tenant: "a" }, 401],
    [QUERY, { token: "reader", tenant: "a" }, "in a"],
    [QUERY, { token: "reader", tenant: "a|b" }, "in a|b"],
    [QUERY, { token: "reader", tenant: "a|c" }, 403],
    [QUERY, { token: "reader", tenant: "c" }, 403],
    [QUERY, { token: "agent", tenant: "a" }, 403],
    [QUERY, { token: "all", tenant: "c" }, "in c"],
    [QUERY, { token: "reader", tenant: "a", method: "POST" }, "in a"],
    ["/loki/api/v1/tail", { token: "reader", tenant: "c" }, 403],
    [PUSH, { token: "reader", tenant: "a", method: "POST" }, 403],
    [PUSH, { token: "agent", tenant: "a", method: "POST" }, "in a"],
    [PUSH, { token: "agent", tenant: "b", method: "POST" }, 403],
    [PUSH, { token: "agent", method: "POST" }, "in a"],
    ["/otlp/v1/logs", { token: "reader", tenant: "a", method: "POST" }, 403],
    ["/otlp/v1/logs", { token: "agent", tenant: "a", method: "POST" }, "in a"],
    [DELETE, { token: "keeper", tenant: "a", method: "POST" }, "in a"],
    [DELETE, { token: "all", tenant: "a", method: "POST" }, 403],
    [DELETE, { token: "keeper", tenant: "a" }, "in a"],
    [DELETE, { token: "keeper", tenant: "b", method: "DELETE" }, 403],
  ];
  for (const [path, asked, want] of cases) {
    assert.equal(await status(ask(path, asked)), want, `${path} ${JSON.stringify(asked)}`);
  }
});

test("without a header and without a default tenant there is no tenant, as in Loki", async () => {
  const ask = await given({ signIn: await signIn() });
  await assert.rejects(ask(QUERY, { token: "reader" }), { message: "no org id", status: 401 });
});

test("a server of one tenant asks for that one, whatever the header says", async () => {
  const single = { authEnabled: false, multiTenantQueries: false };
  const ask = await given({ signIn: await signIn(), tenants: single });
  assert.equal(await status(ask(QUERY, { token: "reader", tenant: "a" })), 403);
  assert.equal(await status(ask(QUERY, { token: "all", tenant: "a" })), "in a");
});

test("some pages need no sign-in, others need any", async () => {
  const ask = await given({ signIn: await signIn() });
  assert.equal(await status(ask("/ready")), "in");
  assert.equal(await status(ask("/metrics")), "in");
  assert.equal(await status(ask("/ring")), 401);
  assert.equal(await status(ask("/ring", { token: "agent" })), "in");
});

test("what operates the process needs admin of all tenants, and a peer of this machine", async () => {
  for (const path of ["/flush", "/ingester/shutdown", "/config", "/debug/pprof", "/unheard/of"]) {
    const far = await given({ signIn: await signIn() });
    assert.equal(await status(far(path, { token: "root" })), 403, path);
    const near = await given({ signIn: await signIn() }, "127.0.0.1");
    assert.equal(await status(near(path)), 401, path);
    assert.equal(await status(near(path, { token: "keeper" })), 403, path);
    assert.equal(await status(near(path, { token: "root" })), "in", path);
    const open = await given({ signIn: await signIn(), adminRoutes: "signed-in" });
    assert.equal(await status(open(path, { token: "root" })), "in", path);
    assert.equal(await status(open(path)), 401, path);
  }
});

test("without sign-in everybody is believed, but what operates the process stays on this machine", async () => {
  const far = await given();
  assert.equal(await status(far(QUERY, { tenant: "x" })), "in x");
  assert.equal(await status(far("/log_level")), "in");
  assert.equal(await status(far("/ring")), "in");
  for (const [path, method] of [
    ["/flush", "GET"],
    ["/flush", "POST"],
    ["/ingester/flush_shutdown", "POST"],
    ["/ingester/prepare_shutdown", "GET"],
    ["/log_level", "POST"],
    ["/compactor/ring", "POST"],
    ["/config", "GET"],
  ] as const) {
    const answer = await far(path, { method });
    assert.ok(answer instanceof Response, path);
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /server\.admin_routes/);
    assert.equal(await status((await given({}, "127.0.0.1"))(path, { method })), "in");
    assert.equal(await status((await given({}, "::1"))(path, { method })), "in");
    assert.equal(await status((await given({ adminRoutes: "open" }))(path, { method })), "in");
  }
});

test("behind a proxy a peer is not of this machine, unless the proxy is trusted and says so", async () => {
  const headers = { "X-Forwarded-For": "127.0.0.1" };
  const plain = await given({}, "127.0.0.1");
  assert.equal(await status(plain("/flush", { headers })), 403);
  assert.equal(await status(plain("/flush", { headers: { Forwarded: "for=127.0.0.1" } })), 403);
  const trusting = await given({ trustedProxies: [parseNetwork("127.0.0.1")!] }, "127.0.0.1");
  assert.equal(
    await status(trusting("/flush", { headers: { "X-Forwarded-For": "8.8.8.8" } })),
    403,
  );
  assert.equal(await status(trusting("/flush", { headers: { "X-Forwarded-For": "::1" } })), "in");
  const spoofed = await given({ trustedProxies: [parseNetwork("10.0.0.1")!] });
  assert.equal(await status(spoofed("/flush", { headers })), 403);
});

test("a page of another site in a browser on this machine does not reach it", async () => {
  const near = await given({}, "127.0.0.1");
  const site = (value: string) => ({ headers: { "Sec-Fetch-Site": value } });
  assert.equal(await status(near("/flush", site("cross-site"))), 403);
  assert.equal(await status(near("/flush", site("same-site"))), 403);
  assert.equal(await status(near("/flush", site("same-origin"))), "in");
  assert.equal(await status(near("/flush", { host: "rebound.example" })), 403);
  assert.equal(await status(near("/flush", { host: "127.0.0.1" })), "in");
  assert.equal(await status(near("/flush", { host: "[::1]" })), "in");
});

test("refusals tell the way to sign in, and no tenant", async () => {
  const ask = await given({ signIn: await signIn() });
  const unknown = (await ask(QUERY, { tenant: "acme" })) as Response;
  assert.equal(unknown.headers.get("WWW-Authenticate"), 'Bearer realm="r"');
  const other = (await ask(QUERY, { token: "reader", tenant: "acme" })) as Response;
  const text = `${await unknown.text()}${await other.text()}`;
  assert.doesNotMatch(text, /acme|reader|\ba\b.*\bb\b/);
  assert.match(text, /may not read the tenant/);
});

test("accessOf() leaves what it does not know to operators", () => {
  const given: [string, string, string][] = [
    ["/", "GET", "operate"],
    ["/loki", "GET", "operate"],
    ["/loki/api/v1/pushes", "POST", "read"],
    ["/loki/api/v1/rules/:namespace", "GET", "read"],
    ["/loki/api/v1/rules/:namespace", "POST", "admin"],
    ["/loki/api/v1/format_query", "POST", "page"],
    ["/ring", "POST", "operate"],
    ["/config/tenant/v1/limits", "GET", "read"],
  ];
  for (const [path, method, access] of given) assert.equal(accessOf(path, method), access, path);
});

test("who is refused a route for operators is told of, and nobody else", async () => {
  const told: string[] = [];
  const closed = (path: string, peer: string) => void told.push(`${path} ${peer}`);
  const away = await given({ closed });
  await away("/ingester/shutdown", { method: "POST" });
  await away("/ready");
  await (await given({ closed }, "127.0.0.1"))("/flush");
  await (await given({ closed, adminRoutes: "open" }))("/flush");
  assert.deepEqual(told, ["/ingester/shutdown 9.9.9.9"]);
});
