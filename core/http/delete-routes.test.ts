/** The delete API (spec http-api §5): codes, texts, and what a list shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, DATA, TEXT } from "../../fixtures/http/asking.ts";
import { testServices } from "../../fixtures/http/fakes.ts";
import { BucketDeleteRequests } from "../deletes/bucket-home.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { makeApp } from "./app.ts";
import { deleteRoutes } from "./delete-routes.ts";
import { Metrics } from "./metrics.ts";
import { DEFAULT_HTTP_SETTINGS } from "./services.ts";

const PATH = "/loki/api/v1/delete";
const NOW = 1_700_000_000;
const T = "t" as Tenant;
const RECEIPT = {
  ...{ processedMs: 1_700_000_100_500, linesMatched: 5, linesRemoved: 4 },
  ...{ chunksRemoved: 1, chunksRewritten: 2 },
};

function given(options: { intervalMaxMs?: number } = {}) {
  const clock = new SimClock(BigInt(NOW) * 1_000_000_000n + 815_000_000n);
  const metrics = new Metrics();
  const limits = {
    of: (tenant: Tenant) => ({
      ...DEFAULT_LIMITS,
      deletionMode: tenant === "off" ? ("disabled" as const) : ("filter-only" as const),
    }),
  };
  const requests = new BucketDeleteRequests({
    ...{ objects: new MemoryObjectStore(), clock, journal: SILENT },
  });
  let changes = 0;
  const services = testServices({ limits, clock, metrics });
  const routes = deleteRoutes({
    ...{ requests, services, settings: DEFAULT_HTTP_SETTINGS },
    active: async (tenant) => (await requests.list(tenant)).slice(0, 1),
    changed: () => changes++,
    intervalMaxMs: options.intervalMaxMs ?? 0,
  });
  const app = makeApp(services, DEFAULT_HTTP_SETTINGS, routes);
  const send = (
    method: string,
    params: Readonly<Record<string, string>> = {},
    tenant: string | undefined = "t",
  ) => {
    const headers = tenant === "" ? {} : { "X-Scope-OrgID": tenant };
    return ask(app, `${PATH}?${new URLSearchParams(params)}`, { method, headers });
  };
  const idOf = async () => (await requests.list(T))[0]!.id;
  return { app, send, requests, metrics, clock, idOf, changes: () => changes };
}

const WISH = { query: '{app="x"} |= "<a>"', start: "1699990000" };

test("POST and PUT keep a request, GET lists it", async () => {
  const { send, idOf, changes, metrics, clock } = given();
  assert.deepEqual(await send("GET"), [200, DATA, "[]\n"]);
  assert.deepEqual(await send("POST", WISH), [204, null, ""]);
  await clock.advance(1000);
  assert.deepEqual(await send("PUT", { ...WISH, end: "1699999999" }), [204, null, ""]);
  const [first, second] = JSON.parse((await send("GET"))[2]);
  assert.deepEqual(first, {
    ...{ request_id: await idOf(), start_time: 1699990000, end_time: 1700000000.815 },
    ...{ query: WISH.query, status: "received", created_at: 1700000000.815 },
  });
  assert.equal(second.end_time, 1699999999);
  assert.match((await send("GET"))[2], /"query":"\{app=\\"x\\"\} \|= \\"\\u003ca\\u003e\\""/);
  assert.deepEqual(await send("GET", {}, "other"), [200, DATA, "[]\n"]);
  assert.equal(changes(), 2);
  assert.match(metrics.print(), /loki_compactor_delete_requests_received_total\{user="t"\} 2\n/);
});

test("what is wrong with a request is told in Loki's words", async () => {
  const { send, requests } = given({ intervalMaxMs: 3_600_000 });
  const f = async (params: object, text: string) =>
    assert.deepEqual(await send("POST", { ...WISH, ...params }), [400, TEXT, `${text}\n`]);
  await f({ query: "" }, "query not set");
  await f({ query: "x" }, "invalid query expression");
  await f({ start: "" }, "start time not set");
  await f({ start: "x" }, "invalid start time: require unix seconds or RFC3339 format");
  await f({ end: "x" }, "invalid end time: require unix seconds or RFC3339 format");
  await f({ end: "1700000002" }, "deletes in the future are not allowed");
  await f({ end: "1699980000" }, "start time can't be greater than end time");
  await f({ max_interval: "1d" }, "invalid max_interval: valid time units are 's', 'm', 'h'");
  await f({ max_interval: "2h" }, "max_interval can't be greater than 1h0m0s");
  assert.deepEqual(await requests.list(), []);
  // The body of a request is not looked at.
  const body = new URLSearchParams(WISH);
  const headers = { "X-Scope-OrgID": "t" };
  const { app } = given();
  assert.deepEqual(await ask(app, PATH, { method: "POST", headers, body }), [
    ...[400, TEXT, "query not set\n"],
  ]);
});

test("who may not: no tenant 401, several 400 or a tenant of that name, a tenant without deletes 403", async () => {
  const { app, send } = given();
  for (const method of ["GET", "POST", "PUT", "DELETE"]) {
    assert.deepEqual(await send(method, {}, ""), [401, TEXT, "no org id\n"]);
    assert.deepEqual(await send(method, {}, "off"), [
      ...[403, TEXT, "deletion is not available for this tenant\n"],
    ]);
  }
  assert.equal((await send("PATCH"))[0], 405);
  const generation = "/loki/api/v1/cache/generation_numbers";
  assert.equal((await ask(app, generation))[0], 401);
  assert.equal((await ask(app, generation, { method: "POST" }))[0], 405);
  const bare = makeApp(testServices(), DEFAULT_HTTP_SETTINGS);
  assert.deepEqual(await ask(bare, PATH), [404, TEXT, "404 page not found\n"]);
});

test("a request in parts is one in the list: how far it is, and what it has removed", async () => {
  const { send, requests, idOf } = given({ intervalMaxMs: 3_600_000 });
  await send("POST", { ...WISH, end: "1700000000" });
  assert.equal((await requests.list()).length, 3);
  const shown = async () => JSON.parse((await send("GET"))[2])[0];
  assert.equal((await shown()).status, "received");
  assert.equal((await shown()).receipt, undefined);
  await requests.process(T, await idOf(), 1, RECEIPT);
  assert.equal((await shown()).status, "33% Complete");
  await requests.process(T, await idOf(), 0, { ...RECEIPT, processedMs: 1_700_000_000_000 });
  assert.equal((await shown()).status, "66% Complete");
  await requests.process(T, await idOf(), 2, RECEIPT);
  assert.deepEqual(await shown(), {
    ...{ request_id: await idOf(), start_time: 1699990000, end_time: 1700000000 },
    ...{ query: WISH.query, status: "processed", created_at: 1700000000.815 },
    receipt: {
      ...{ processed_at: 1700000100.5, lines_matched: 15, lines_removed: 12 },
      ...{ chunks_removed: 3, chunks_rewritten: 6 },
    },
  });
});

test("DELETE cancels what waits", async () => {
  const { send, idOf, requests } = given();
  const f = async (params: Record<string, string>, status: number, text: string) =>
    assert.deepEqual(await send("DELETE", params), [status, TEXT, `${text}\n`]);
  await f({}, 400, "request_id not set");
  await f({ request_id: "0000000a" }, 404, "could not find delete request with given id");
  await send("POST", WISH);
  const request_id = await idOf();
  assert.equal((await send("DELETE", { request_id }, "other"))[0], 404);
  assert.deepEqual(await send("DELETE", { request_id }), [204, null, ""]);
  assert.deepEqual(await requests.list(), []);
  await f({ request_id }, 404, "could not find delete request with given id");
});

test("DELETE of what is processed is refused, in part unless it is forced", async () => {
  const { send, idOf, requests } = given({ intervalMaxMs: 3_600_000 });
  await send("POST", { ...WISH, end: "1700000000" });
  const request_id = await idOf();
  await requests.process(T, request_id, 0, RECEIPT);
  const f = async (params: Record<string, string>, want: unknown) =>
    assert.deepEqual(await send("DELETE", params), want);
  await f({ request_id }, [
    ...[400, TEXT],
    "Unable to cancel partially completed delete request. To force, use the ?force query parameter\n",
  ]);
  await f({ request_id, force: "true" }, [204, null, ""]);
  assert.equal(JSON.parse((await send("GET"))[2])[0].status, "processed");
  await f({ request_id, force: "true" }, [
    ...[400, TEXT],
    "deletion of request which is in process or already processed is not allowed\n",
  ]);
});

test("the generation is a JSON string, empty before the first request", async () => {
  const { app, send } = given();
  const generation = () =>
    ask(app, "/loki/api/v1/cache/generation_numbers", { headers: { "X-Scope-OrgID": "t" } });
  assert.deepEqual(await generation(), [200, DATA, '""\n']);
  await send("POST", WISH);
  assert.deepEqual(await generation(), [200, DATA, '"1700000000815000000"\n']);
});

test("for_querytime_filtering shows what queries look through; an id that is taken is made anew", async () => {
  const { send } = given();
  await send("POST", WISH);
  await send("POST", WISH);
  const all = JSON.parse((await send("GET"))[2]);
  assert.equal(new Set(all.map((one: { request_id: string }) => one.request_id)).size, 2);
  assert.equal(JSON.parse((await send("GET", { for_querytime_filtering: "true" }))[2]).length, 1);
});

test("too many parts that wait are refused", async () => {
  const { send } = given({ intervalMaxMs: 1000 });
  // A thousand parts each.
  const wish = { ...WISH, end: "1699990999" };
  for (let turn = 0; turn < 5; turn++) assert.equal((await send("POST", wish))[0], 204);
  assert.deepEqual(await send("POST", wish), [
    ...[429, TEXT],
    "5000 parts of delete requests are pending, 1000 more would pass 5000\n",
  ]);
});
