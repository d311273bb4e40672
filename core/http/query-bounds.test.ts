/**
 * Limits of asking that do more than refuse by a number: what may be looked back to, what operators block, how long
 * a query may take, how many follow at once; what holds for several tenants asked as one, and that a limit that
 * changes while we run holds from the next request on (spec http-api §4.9, §4.10, config §6.7).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testQuery, testServices } from "../../fixtures/http/fakes.ts";
import { Served, START } from "../../fixtures/http/served.ts";
import { portableSearch } from "../bytes/search.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import { hashOf } from "../querier/limits.ts";
import { Querier } from "../querier/service.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { makeApp } from "./app.ts";
import type { Services } from "./services.ts";

const SECOND = 1_000_000_000n;
const http = { authEnabled: true, multiTenantQueries: true };
type PerTenant = Record<string, Partial<Limits>>;

const at = (second: number) => String(START + BigInt(second) * SECOND);

/** Ten lines a tenant, one every ten seconds, each in a stream of its own. The clock stands at 100 s. */
async function given(limits: Partial<Limits>, tenants: PerTenant = {}): Promise<Served> {
  const served = await new Served({ limits, tenants, http }).start();
  for (const tenant of ["a", "b"]) {
    for (let line = 0; line < 10; line++) {
      await served.push({ app: `a${line}`, all: "yes" }, [[line * 10, `line ${line}`]], tenant);
    }
  }
  await served.clock.advance(100_000);
  return served;
}

const LINES = { query: '{all="yes"}', end: at(100), direction: "forward" };

/** Lookback in seconds, what is asked, and which of the ten lines the answer is about. */
const SEEN: readonly (readonly [
  name: string,
  path: string,
  params: Readonly<Record<string, string>>,
  read: (body: never) => unknown,
  want: (lines: number) => unknown,
])[] = [
  [
    "lines",
    "query_range",
    LINES,
    ({ data }: { data: { result: { values: unknown[] }[] } }) =>
      data.result.flatMap(({ values }) => values).length,
    (lines) => lines,
  ],
  [
    "numbers, however far their range reaches",
    "query",
    { query: 'sum(count_over_time({all="yes"}[1h]))', time: at(100) },
    ({ data }: { data: { result: { value: [number, string] }[] } }) => data.result[0]?.value[1],
    (lines) => (lines === 0 ? undefined : String(lines)),
  ],
  [
    "label values",
    "label/app/values",
    { end: at(100) },
    ({ data = [] }: { data?: string[] }) => data.length,
    (lines) => lines,
  ],
  [
    "label names",
    "labels",
    { end: at(100) },
    ({ data = [] }: { data?: string[] }) => data,
    (lines) => (lines === 0 ? [] : ["all", "app"]),
  ],
  ["series", "series", { end: at(100) }, ({ data }: { data: unknown[] }) => data.length, (n) => n],
  [
    "index/stats",
    "index/stats",
    { ...LINES },
    ({ streams }: { streams: number }) => streams,
    (lines) => lines,
  ],
  [
    "index/volume",
    "index/volume",
    { ...LINES, targetLabels: "app" },
    ({ data }: { data: { result: unknown[] } }) => data.result.length,
    (lines) => lines,
  ],
];

for (const [name, path, params, read, want] of SEEN) {
  test(`max_query_lookback: ${name}`, async () => {
    for (const [lookbackMs, lines] of [
      [0, 10],
      [100_000, 10],
      [99_999, 9],
      [50_000, 5],
      [49_999, 4],
      [10_000, 1],
    ] as const) {
      const served = await given({ maxQueryLookbackMs: lookbackMs, volumeEnabled: true });
      const { status, text } = await served.answer(path, params);
      assert.equal(status, 200, text);
      assert.deepEqual(read(JSON.parse(text) as never), want(lines), `of ${lookbackMs} ms`);
    }
  });

  test(`max_query_lookback: ${name} from before it are an empty success`, async () => {
    const served = await given({ maxQueryLookbackMs: 40_000, volumeEnabled: true });
    const before = { ...params, end: at(59), time: at(59) };
    const { status, text } = await served.answer(path, before);
    assert.equal(status, 200, text);
    assert.deepEqual(read(JSON.parse(text) as never), want(0));
  });
}

test("max_query_lookback: an offset to before it finds nothing any more, and says so", async () => {
  const ask = async (offset: number) => {
    const served = await given({ maxQueryLookbackMs: 40_000 });
    const query = `sum(count_over_time({all="yes"}[10s] offset ${offset}s))`;
    return await served.answer("query", { query, time: at(100) });
  };
  assert.equal((await ask(39)).status, 200);
  assert.equal((await ask(40)).status, 200);
  assert.deepEqual(await ask(41), {
    status: 400,
    text: "this data is no longer available, it is past now - max_query_lookback (40s)\n",
  });
});

test("max_query_lookback leaves max_query_length what is left of the time", async () => {
  const limits = { maxQueryLookbackMs: 60_000, maxQueryLengthMs: 60_000 };
  const year = { ...LINES, start: "0" };
  assert.equal((await (await given(limits)).answer("query_range", year)).status, 200);
  assert.equal(
    (await (await given(limits)).answer("series", { start: "0", end: at(100) })).status,
    200,
  );
  const shorter = { ...limits, maxQueryLengthMs: 59_000 };
  assert.deepEqual(await (await given(shorter)).answer("query_range", year), {
    status: 400,
    text: "the query time range exceeds the limit (query length: 1m0s, limit: 59s)",
  });
});

test("blocked_queries: by text, by pattern, by hash, and by kind", async () => {
  const rule = { pattern: "", regex: false, types: [], hash: 0 } as const;
  const [limited, filter, metric] = ['{app="a1"}', '{app="a1"} |= "x"', 'rate({app="a1"}[1m])'];
  const blocked = async (own: Partial<Limits["blockedQueries"][number]>) => {
    const served = await given({ blockedQueries: [{ ...rule, ...own }] });
    const found: string[] = [];
    for (const query of [limited, filter, metric]) {
      const { status, text } = await served.answer("query_range", { query, end: at(100) });
      if (status === 200) continue;
      assert.deepEqual({ status, text }, { status: 400, text: "query blocked by policy\n" });
      found.push(query);
    }
    return found;
  };
  const all = { pattern: ".*", regex: true };
  assert.deepEqual(await blocked(all), [limited, filter, metric]);
  assert.deepEqual(await blocked({ ...all, types: ["metric"] }), [metric]);
  assert.deepEqual(await blocked({ ...all, types: ["filter", "limited"] }), [limited, filter]);
  assert.deepEqual(await blocked({ pattern: limited }), [limited]);
  assert.deepEqual(await blocked({ pattern: '{app="a1"' }), []);
  assert.deepEqual(await blocked({ pattern: "^rate", regex: true }), [metric]);
  assert.deepEqual(await blocked({ hash: hashOf(filter) }), [filter]);
  assert.deepEqual(await blocked({ hash: hashOf(filter), types: ["metric"] }), []);
});

/** Two tenants' values of a limit, and what is right for a query of both, found by what it refuses. */
test("several tenants asked as one: the smallest limit that is one", async () => {
  const both = async (tenants: PerTenant, path: string, params: Record<string, string>) =>
    await (await given({}, tenants)).answer(path, params, "a|b");
  const series = { query: 'count_over_time({app="a9"}[1m])', time: at(100) };
  const answers = [
    [5, 0, 200],
    [0, 1, 400],
    [1, 5, 400],
    [2, 5, 200],
    [0, 0, 200],
  ] as const;
  for (const [a, b, status] of answers) {
    const tenants = { a: { maxQuerySeries: a }, b: { maxQuerySeries: b } };
    assert.equal((await both(tenants, "query", series)).status, status, `${a} and ${b}`);
  }
  const entries = { a: { maxEntriesLimitPerQuery: 0 }, b: { maxEntriesLimitPerQuery: 7 } };
  assert.equal((await both(entries, "query_range", { ...LINES, limit: "7" })).status, 200);
  assert.deepEqual(await both(entries, "query_range", { ...LINES, limit: "8" }), {
    status: 400,
    text: "max entries limit per query exceeded, limit > max_entries_limit (8 > 7)",
  });
  const length = { a: { maxQueryLengthMs: 3_600_000 }, b: { maxQueryLengthMs: 60_000 } };
  assert.match((await both(length, "labels", { end: at(61) })).text, /length: 1m1s, limit: 1m\)$/);
  assert.equal((await both(length, "labels", { end: at(60) })).status, 200);
  const lookback = { a: { maxQueryLookbackMs: 0 }, b: { maxQueryLookbackMs: 15_000 } };
  const { text } = await both(lookback, "label/app/values", { end: at(100) });
  assert.deepEqual(JSON.parse(text).data, ["a9"]);
  const required = { a: { requiredLabels: ["zone"] }, b: { requiredLabels: ["all"] } };
  assert.match((await both(required, "query_range", LINES)).text, /missing .* \[zone\]/);
  const fewest = { a: { minimumLabelsNumber: 0 }, b: { minimumLabelsNumber: 2 } };
  assert.match((await both(fewest, "query_range", LINES)).text, /number_present: 1, /);
  const volumes = { a: { volumeEnabled: true }, b: { volumeEnabled: false } };
  assert.equal((await both(volumes, "index/volume", LINES)).status, 404);
  const pattern = { pattern: ".*", regex: true, types: [], hash: 0 };
  const blocked = { b: { blockedQueries: [pattern] } };
  assert.equal((await both(blocked, "query_range", LINES)).text, "query blocked by policy\n");
});

test("limits are a tenant's own, and one that changes holds from the next request on", async () => {
  const tenants: PerTenant = { a: { maxEntriesLimitPerQuery: 5 } };
  const served = await given({}, tenants);
  const ask = async (tenant: string) =>
    (await served.answer("query_range", { ...LINES, limit: "6" }, tenant)).status;
  assert.deepEqual([await ask("a"), await ask("b")], [400, 200]);
  tenants["a"] = { maxEntriesLimitPerQuery: 6 };
  tenants["b"] = { maxEntriesLimitPerQuery: 5 };
  assert.deepEqual([await ask("a"), await ask("b")], [200, 400]);
});

test("query_timeout: under, at, over", async () => {
  const took = async (ms: number, limits: Partial<Limits> = { queryTimeoutMs: 5000 }) => {
    const clock = new SimClock(START);
    const query = testQuery({ labelNames: () => clock.sleep(ms).then(() => ["app"]) });
    const own = { of: () => ({ ...DEFAULT_LIMITS, ...limits }) };
    const app = makeApp(testServices({ clock, query, limits: own }));
    const answer = Promise.resolve(app.request("/loki/api/v1/labels", TENANT));
    await settle();
    await clock.advance(ms + 1);
    const response = await answer;
    return { status: response.status, text: await response.text() };
  };
  assert.equal((await took(4999)).status, 200);
  // What takes all of the time has none left.
  for (const ms of [5000, 5001]) {
    assert.deepEqual(await took(ms), {
      status: 504,
      text: "Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed.\n",
    });
  }
  assert.equal((await took(86_400_000, { queryTimeoutMs: 0 })).status, 200);
});

const TENANT = { headers: { "X-Scope-OrgID": "a", upgrade: "websocket" } };

/** Follows over a socket that never gives anything back; gives why each was closed. */
function tails(own: Partial<Services>, limits: Partial<Limits>) {
  const closes: string[] = [];
  const gone: AbortController[] = [];
  const upgrade: Services["upgrade"] = (_request, _env, run) => {
    const client = new AbortController();
    gone.push(client);
    void run({
      gone: client.signal,
      send: async () => {},
      ping: () => {},
      close: (code, reason) => void closes.push(`${code} ${reason}`),
    });
    return new Response(null);
  };
  const waiting = async function* (_: unknown, __: unknown, signal: AbortSignal) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield { entries: [] };
  };
  const of = (tenant: string) => ({ ...DEFAULT_LIMITS, ...(tenant === "a" ? limits : {}) });
  const query = testQuery({ tail: waiting });
  const app = makeApp(testServices({ query, upgrade, limits: { of }, ...own }));
  const follow = async (tenant = "a", text = '{app="a1"}') => {
    const headers = { ...TENANT.headers, "X-Scope-OrgID": tenant };
    const path = `/loki/api/v1/tail?${new URLSearchParams({ query: text })}`;
    assert.equal((await app.request(path, { headers })).status, 200);
    await settle();
  };
  return { follow, closes, gone };
}

test("max_concurrent_tail_requests: under, at, over, and free again when one goes", async () => {
  const { follow, closes, gone } = tails({}, { maxConcurrentTailRequests: 2 });
  for (let tail = 0; tail < 2; tail++) await follow();
  await follow("b");
  assert.deepEqual(closes, []);
  await follow();
  const full = "1011 max concurrent tail requests limit exceeded, count > limit (3 > 2)";
  assert.deepEqual(closes, [full]);
  gone[0]!.abort();
  await settle();
  await follow();
  assert.deepEqual(closes, [full]);
  const { follow: unbounded, closes: none } = tails({}, { maxConcurrentTailRequests: 0 });
  for (let tail = 0; tail < 20; tail++) await unbounded();
  assert.deepEqual(none, []);
});

test("a tail is no way around the limits of selectors and of time", async () => {
  const served = await given({});
  const limits = { maxStreamsMatchersPerQuery: 1 };
  const of = () => ({ ...DEFAULT_LIMITS, ...limits });
  const follow = () => ({
    take: () => ({ rows: [], dropped: [] }),
    wait: (signal: AbortSignal) => served.clock.sleep(3_600_000, signal),
    close: () => {},
  });
  const parts = { sources: [], follow, search: portableSearch, clock: served.clock };
  const query = new Querier({ ...parts, limits: { of } });
  const { follow: ask, closes } = tails({ query, clock: served.clock }, limits);
  await ask("a", '{app="a1"}');
  assert.deepEqual(closes, []);
  await ask("a", '{app="a1", all="yes"}');
  assert.deepEqual(closes, [
    "1011 max streams matchers per query exceeded, matchers-count > limit (2 > 1)",
  ]);
});
