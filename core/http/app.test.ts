/** Routes, methods, content types and newlines of the API (spec http-api §1, §2, §4, §6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, ask, DATA, TEXT } from "../../fixtures/http/asking.ts";
import { answer, testQuery, testServices } from "../../fixtures/http/fakes.ts";
import { labelsOf } from "../labels/labels.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { QueryService } from "../ports/query-service.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { makeApp } from "./app.ts";
import type { HttpSettings, Services } from "./services.ts";

test("what is no route is 404, a method that a route has not is 405", async () => {
  const app = appOf({ pusher: { push: async () => {} } });
  assert.deepEqual(await ask(app, "/"), [404, TEXT, "404 page not found\n"]);
  assert.deepEqual(await ask(app, "/loki/api/v1/labels/"), [404, TEXT, "404 page not found\n"]);
  assert.deepEqual(await ask(app, "/loki/api/v1/push"), [405, null, ""]);
  assert.deepEqual(await ask(app, "/ready", { method: "POST" }), [405, null, ""]);
  assert.deepEqual(await ask(app, "/ready", { method: "HEAD" }), [200, TEXT, ""]);
  assert.equal((await ask(makeApp(testServices()), "/loki/api/v1/labels"))[0], 404);
});

test("routes lie below the prefix", async () => {
  const app = appOf({}, { pathPrefix: "/logs" });
  assert.equal((await ask(app, "/logs/ready"))[0], 200);
  assert.equal((await ask(app, "/ready"))[0], 404);
});

test("tenants: none, one, several", async () => {
  const seen: unknown[] = [];
  const query = testQuery({
    labelNames: async (tenants) => {
      seen.push(tenants);
      return [];
    },
  });
  const given = async (
    settings: Partial<HttpSettings>,
    id: string | undefined,
    path = "/loki/api/v1/labels",
  ) => {
    const app = appOf({ query, pusher: { push: async () => {} } }, settings);
    const headers = id === undefined ? {} : { "X-Scope-OrgID": id };
    const [status, , text] = await ask(app, path, {
      method: path.endsWith("push") ? "POST" : "GET",
      headers,
    });
    return [status, status === 200 ? seen.pop() : text];
  };
  const auth = { authEnabled: true };
  const multi = { ...auth, multiTenantQueries: true };
  assert.deepEqual(await given({}, "a/b"), [200, ["fake"]]);
  assert.deepEqual(await given(auth, undefined), [401, "no org id\n"]);
  assert.deepEqual(await given(auth, "a|b"), [200, ["a|b"]]);
  assert.deepEqual(await given(auth, "x".repeat(160)), [200, ["x".repeat(160)]]);
  assert.deepEqual(await given(auth, "ü"), [400, "invalid tenant ID"]);
  assert.deepEqual(await given(multi, "b|a|b"), [200, ["a", "b"]]);
  assert.deepEqual(await given(multi, "a/b"), [
    400,
    "tenant ID 'a/b' contains unsupported character '/'",
  ]);
  assert.deepEqual(await given(multi, "x".repeat(151)), [
    400,
    "tenant ID is too long: max 150 characters",
  ]);
  assert.deepEqual(await given(multi, "a|.."), [400, "invalid tenant ID"]);
  assert.deepEqual(await given(multi, "a|b", "/loki/api/v1/push"), [
    400,
    "multiple org IDs present\n",
  ]);
});

test("query_range and query ask the querier and answer in its kind", async () => {
  const asked: unknown[] = [];
  const clock = new SimClock();
  const query = testQuery({
    prepare(_, request) {
      asked.push({ ...request });
      const samples = [{ labels: [], timeMs: 1000, value: 2 }];
      return {
        kind: "metric",
        run: async () =>
          answer(
            request.kind === "range"
              ? { kind: "streams", streams: [] }
              : { kind: "vector", samples },
          ),
      };
    },
  });
  const app = appOf({ query, clock });
  const [status, type, text] = await ask(
    app,
    "/loki/api/v1/query_range?query=x&start=1&end=2&step=1",
  );
  assert.deepEqual([status, type, text.slice(-2)], [200, DATA, "}\n"]);
  const body = "query=1%2B1&time=5&limit=7";
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const posted = await ask(app, "/loki/api/v1/query?query=ignored&direction=forward", {
    method: "POST",
    headers,
    body,
  });
  assert.deepEqual(
    [posted[0], posted[1], posted[2].endsWith("}}")],
    [200, "application/json", true],
  );
  assert.deepEqual(asked, [
    {
      kind: "range",
      query: "x",
      start: 10n ** 9n,
      end: 2n * 10n ** 9n,
      stepMs: 1000,
      interval: 0n,
      limit: 100,
      direction: "backward",
    },
    { kind: "instant", query: "1+1", time: 5n * 10n ** 9n, limit: 7, direction: "forward" },
  ]);
});

test("errors before the querier have no newline, those behind it have one", async () => {
  const failing = (prepare: QueryService["prepare"]) => appOf({ query: testQuery({ prepare }) });
  const path = "/loki/api/v1/query_range?query=x";
  const parse = failing(() => {
    throw new BadRequest("parse error at line 1, col 2: nope");
  });
  assert.deepEqual(await ask(parse, path), [400, TEXT, "parse error at line 1, col 2: nope"]);
  assert.deepEqual(await ask(parse, "/loki/api/v1/query_range?limit=0"), [
    400,
    TEXT,
    "limit must be a positive value",
  ]);
  const run = failing(() => ({
    kind: "metric",
    run: () =>
      Promise.reject(
        new LimitExceeded("max_query_series", "maximum of series (500) reached for a single query"),
      ),
  }));
  assert.deepEqual(await ask(run, path), [
    400,
    TEXT,
    "maximum of series (500) reached for a single query\n",
  ]);
  const broken = failing(() => ({
    kind: "limited",
    run: () => Promise.reject(new Error("key=secret")),
  }));
  assert.deepEqual(await ask(broken, path), [
    500,
    TEXT,
    "internal error, see the log of this server\n",
  ]);
});

test("a query ends with its client, or with its time", async () => {
  const clock = new SimClock();
  let aborted = 0;
  const query = testQuery({
    prepare: () => ({
      kind: "limited",
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted++;
            reject(signal.reason);
          });
        }),
    }),
  });
  const limits = { of: () => ({ ...DEFAULT_LIMITS, queryTimeoutMs: 1000 }) };
  const app = appOf({ query, clock, limits });
  const late = ask(app, "/loki/api/v1/query?query=x");
  await settle();
  await clock.advance(1000);
  assert.match((await late)[2], /^Request timed out, decrease the duration/);
  const client = new AbortController();
  const left = ask(app, "/loki/api/v1/query?query=x", { signal: client.signal });
  await settle();
  client.abort();
  assert.deepEqual(await left, [499, TEXT, "The request was cancelled by the client.\n"]);
  assert.equal(aborted, 2);
  assert.equal(clock.sleepers, 0);
});

test("label endpoints leave out empty data; series do not", async () => {
  const seen: unknown[] = [];
  const full = testQuery({
    labelNames: async () => ["a<", "b"],
    labelValues: async (_, name, request) => {
      seen.push([name, request.matchers]);
      return ["v"];
    },
    series: async (_, request) => {
      seen.push(request.groups);
      return [labelsOf({ b: "2", a: "1" })];
    },
  });
  const [some, none] = [appOf({ query: full }), appOf()];
  const given = async (app: ReturnType<typeof appOf>, path: string, want: string) =>
    assert.deepEqual(await ask(app, path), [200, DATA, want], path);
  await given(some, "/loki/api/v1/labels", '{"status":"success","data":["a\\u003c","b"]}\n');
  await given(none, "/loki/api/v1/label", '{"status":"success"}\n');
  await given(
    some,
    "/loki/api/v1/label/app%20x/values?query=%7Bc%3D%22d%22%7D",
    '{"status":"success","data":["v"]}\n',
  );
  assert.deepEqual(seen.pop(), ["app x", [{ name: "c", op: "=", value: "d" }]]);
  await given(
    some,
    "/loki/api/v1/series?match[]=%7Bb%3D%22c%22%7D&match=%7Ba%3D%22b%22%7D&match=%7Ba%3D%22b%22%7D",
    '{"status":"success","data":[{"a":"1","b":"2"}]}\n',
  );
  assert.deepEqual(seen.pop(), [
    [{ name: "a", op: "=", value: "b" }],
    [{ name: "b", op: "=", value: "c" }],
  ]);
  await given(
    some,
    "/loki/api/v1/series?match[]=%7B%7D",
    '{"status":"success","data":[{"a":"1","b":"2"}]}\n',
  );
  assert.deepEqual(seen.pop(), []);
  await given(none, "/loki/api/v1/series", '{"status":"success","data":[]}\n');
  await given(some, "/api/prom/label", '{"values":["a\\u003c","b"]}\n');
  await given(none, "/api/prom/label/x/values", "{}\n");
  const bad = await ask(some, "/loki/api/v1/series?match[]=%7Bapp%3D");
  assert.deepEqual(bad, [
    400,
    TEXT,
    "parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING",
  ]);
});

test("index statistics and volumes", async () => {
  const seen: unknown[] = [];
  const query = testQuery({
    indexStats: async (_, { matchers }) => {
      seen.push(matchers);
      return { streams: 3, chunks: 3, bytes: 126976, entries: 1057 };
    },
    volume: async (_, request) => {
      seen.push(request);
      return answer({ kind: "vector", samples: [] });
    },
  });
  const app = appOf({ query, limits: { of: () => ({ ...DEFAULT_LIMITS, volumeEnabled: true }) } });
  const selector = "query=%7Ba%3D%22b%22%7D";
  assert.deepEqual(await ask(app, `/loki/api/v1/index/stats?${selector}`), [
    200,
    DATA,
    '{"streams":3,"chunks":3,"bytes":126976,"entries":1057}\n',
  ]);
  assert.deepEqual(await ask(app, "/loki/api/v1/index/stats"), [
    400,
    TEXT,
    "parse error : syntax error: unexpected $end",
  ]);
  seen.length = 0;
  const range = `/loki/api/v1/index/volume_range?${selector}&start=0&end=9&step=2s&targetLabels=x,y&limit=0`;
  assert.deepEqual((await ask(app, range)).slice(0, 2), [200, "application/json"]);
  assert.deepEqual(seen, [
    {
      start: 0n,
      end: 9n * 10n ** 9n,
      limit: 100,
      targetLabels: ["x", "y"],
      aggregateBy: "series",
      matchers: [{ name: "a", op: "=", value: "b" }],
      stepMs: 2000,
    },
  ]);
  assert.equal(
    (await ask(app, `/loki/api/v1/index/volume?${selector}&aggregateBy=x`))[2],
    "invalid aggregation option",
  );
  assert.deepEqual(await ask(appOf(), `/loki/api/v1/index/volume?${selector}`), [
    404,
    TEXT,
    "not found",
  ]);
});

test("the old query takes a regexp and returns lines only", async () => {
  const asked: string[] = [];
  const query = testQuery({
    prepare(_, request) {
      asked.push(request.query);
      return request.query.startsWith("rate")
        ? { kind: "metric", run: async () => answer({ kind: "vector", samples: [] }) }
        : { kind: "limited", run: async () => answer({ kind: "streams", streams: [] }) };
    },
  });
  const app = appOf({ query });
  const [status, , text] = await ask(app, '/api/prom/query?query={a="b"}&regexp=a"b');
  assert.deepEqual(
    [status, text.slice(0, 14), asked],
    [200, '{"streams":[],', ['{a="b"} |~ "a\\"b"']],
  );
  assert.deepEqual(await ask(app, "/api/prom/query?query=rate"), [
    400,
    TEXT,
    "legacy endpoints only support streams result type\n",
  ]);
});

test("a form that is too large is refused", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const body = `query=${"x".repeat(10 * 1024 * 1024)}`;
  const large = await ask(appOf(), "/loki/api/v1/query", { method: "POST", headers, body });
  assert.deepEqual(large, [400, TEXT, "http: POST too large"]);
  const settings = { queryBytesMax: 3 };
  const other = await ask(appOf({}, settings), "/loki/api/v1/query", {
    method: "POST",
    body: "long",
  });
  assert.deepEqual(other, [413, TEXT, "http: request body too large"]);
});

test("tail checks its parameters, then upgrades", async () => {
  const closes: string[] = [];
  const upgrade: Services["upgrade"] = (request, _, run) => {
    if (request.headers.get("upgrade") !== "websocket") return undefined;
    void run({
      gone: new AbortController().signal,
      send: async () => {},
      ping: () => {},
      close: (_code, reason) => void closes.push(reason),
    });
    return new Response(null);
  };
  const waiting = async function* (_: unknown, __: unknown, signal: AbortSignal) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield { entries: [] };
  };
  const limits = { of: () => ({ ...DEFAULT_LIMITS, maxConcurrentTailRequests: 1 }) };
  const app = appOf({ upgrade, limits, query: testQuery({ tail: waiting }) });
  const headers = { upgrade: "websocket" };
  const path = "/loki/api/v1/tail?query=x";
  assert.deepEqual(await ask(app, `${path}&delay_for=6`, { headers }), [
    400,
    TEXT,
    "delay_for can't be greater than 5\n",
  ]);
  assert.deepEqual(await ask(app, path), [400, TEXT, "Bad Request\n"]);
  assert.equal((await ask(app, path, { headers }))[0], 200);
  assert.equal((await ask(app, path, { headers }))[0], 200);
  await settle();
  assert.deepEqual(closes, ["max concurrent tail requests limit exceeded, count > limit (2 > 1)"]);
});
