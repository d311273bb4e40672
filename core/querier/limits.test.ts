/**
 * Limits end one query: each with its name, the numbers that came and those allowed, and the querier
 * answers the next one as if nothing had been.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START, type TestLine } from "../../fixtures/http/served.ts";
import { portableSearch } from "../bytes/search.ts";
import { LimitExceeded } from "../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import type { LogSource } from "../ports/log-source.ts";
import type { RangeRequest } from "../ports/query-service.ts";
import { Querier } from "./service.ts";

const SECOND = 10n ** 9n;

function range(query: string, limit = 100): RangeRequest {
  return {
    ...{ kind: "range", query, start: START, end: START + 3600n * SECOND, stepMs: 60_000 },
    ...{ interval: 0n, limit, direction: "forward" },
  };
}

async function given(limits: Partial<Limits>): Promise<Served> {
  const served = await new Served({ limits }).start();
  for (let app = 0; app < 8; app++) {
    const lines = Array.from(
      { length: 64 },
      (_, second): TestLine => [second, `user=${second} ${"x".repeat(200)}`],
    );
    await served.push({ app: `a${app}` }, lines);
  }
  await served.flush();
  return served;
}

const run = ({ querier }: Served, request: RangeRequest) =>
  querier.prepare([SINGLE_TENANT], request).run(new AbortController().signal);

/** Limit as it is configured, its value, a query that wants too much, and what it is told. */
const CASES: readonly (readonly [
  name: string,
  limits: Partial<Limits>,
  request: RangeRequest,
  message: RegExp,
])[] = [
  [
    "max_query_bytes_read",
    { maxQueryBytesRead: 50_000 },
    range('{app=~".+"}'),
    /^the query would read too many bytes \(query: \d+ KiB, limit: 49 KiB\); consider adding more specific stream selectors or reduce the time range of the query$/,
  ],
  [
    "max_query_bytes_read",
    { maxQueryBytesRead: 50_000 },
    range('sum(rate({app=~".+"}[1m]))'),
    /^the query would read too many bytes \(query: \d+ KiB, limit: 49 KiB\)/,
  ],
  [
    "max_entries_limit_per_query",
    { maxEntriesLimitPerQuery: 10 },
    range('{app="a1"}', 11),
    /^max entries limit per query exceeded, limit > max_entries_limit \(11 > 10\)$/,
  ],
  [
    "max_query_series",
    { maxQuerySeries: 5 },
    range('count_over_time({app=~".+"}[1m])'),
    /^maximum of series \(5\) reached for a single query$/,
  ],
  [
    "max_query_length",
    { maxQueryLengthMs: 60_000 },
    range('{app="a1"}'),
    /^the query time range exceeds the limit \(query length: 1h0m0s, limit: 1m\)$/,
  ],
  [
    "max_query_range",
    { maxQueryRangeMs: 60_000 },
    range('rate({app="a1"}[5m])'),
    /^\[interval\] value exceeds limit: \[5m\] > \[1m\]$/,
  ],
  [
    "max_chunks_per_query",
    { maxChunksPerQuery: 3 },
    range('{app=~".+"}'),
    /^the query would fetch too many chunks \(\d+ > max_chunks_per_query 3\): /,
  ],
  [
    "max_query_memory_bytes",
    { maxQueryMemoryBytes: 20_000 },
    range('{app=~".+"}', 5000),
    /^the query holds too much in memory: \d+ bytes wanted, max_query_memory_bytes allows 20000; /,
  ],
  [
    "max_query_memory_bytes",
    { maxQueryMemoryBytes: 20_000 },
    range('sum by (user) (count_over_time({app=~".+"} | logfmt [1m]))'),
    /^the query holds too much in memory: \d+ bytes wanted, max_query_memory_bytes allows 20000; /,
  ],
  [
    "max_query_memory_bytes",
    { maxQueryMemoryBytes: 3000 },
    range('{app=~".+"} | logfmt | distinct user, app | last 1'),
    /^the query holds too much in memory: \d+ bytes wanted, max_query_memory_bytes allows 3000; /,
  ],
  [
    "max_query_parallelism",
    { maxQueryParallelism: 0 },
    range('{app="a1"}'),
    /^querying is disabled, please contact your Loki operator$/,
  ],
  [
    "tsdb_max_query_parallelism",
    { tsdbMaxQueryParallelism: 0 },
    range('rate({app="a1"}[1m])'),
    /^querying is disabled, please contact your Loki operator$/,
  ],
  [
    "max_streams_matchers_per_query",
    { maxStreamsMatchersPerQuery: 1 },
    range('{app="a1", app=~"a.*"}'),
    /^max streams matchers per query exceeded, matchers-count > limit \(2 > 1\)$/,
  ],
  [
    "required_labels",
    { requiredLabels: ["zone"] },
    range('{app="a1"}'),
    /^stream selector is missing required matchers \[zone\], labels present in the query were \[app\]$/,
  ],
  [
    "minimum_labels_number",
    { minimumLabelsNumber: 2 },
    range('{app="a1"}'),
    /^stream selector has less label matchers than required: \(present: \[app\], number_present: 1, required_number_label_matchers: 2\)$/,
  ],
];

for (const [name, limits, request, message] of CASES) {
  test(`${name} ends ${request.query}`, async () => {
    const served = await given(limits);
    const error = await (async () => run(served, request))().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof LimitExceeded, String(error));
    assert.equal(error.limit, name);
    assert.match(error.message, message);
    assert.ok(error.status >= 400 && error.status < 500, `status ${error.status}`);
    const other = new Served().start();
    assert.equal((await run(await other, range('{app="a1"}'))).result.kind, "streams");
  });
}

test("the same limits hold for lines without end, except that of their number", async () => {
  const lines = async (limits: Partial<Limits>, query: string) => {
    const { querier } = await given(limits);
    const request = range(query, Number.POSITIVE_INFINITY);
    const { signal } = new AbortController();
    const { batches } = querier.lines([SINGLE_TENANT], request, signal);
    let count = 0;
    for await (const batch of batches) count += batch.length;
    return count;
  };
  const all = '{app=~".+"}';
  assert.equal(await lines({ maxEntriesLimitPerQuery: 10 }, all), 8 * 64);
  await assert.rejects(lines({ maxQueryBytesRead: 50_000 }, all), /would read too many bytes/);
  await assert.rejects(lines({ maxQueryLengthMs: 60_000 }, all), /query length: 1h0m0s, limit: 1m/);
  await assert.rejects(lines({ maxQueryMemoryBytes: 1000 }, all), /allows 1000;/);
  // What is held does not grow with the number of lines: this is a fifth of them.
  assert.equal(await lines({ maxQueryMemoryBytes: 20_000 }, all), 8 * 64);
  await assert.rejects(
    lines({ maxQueryMemoryBytes: 20_000 }, `${all} | logfmt | sort by user`),
    /allows 20000;/,
  );
});

test("neither context nor explain is a way around them", async () => {
  const { signal } = new AbortController();
  const context = async (limits: Partial<Limits>) => {
    const { querier } = await given(limits);
    const matchers = [{ name: "app", op: "=", value: "a1" }] as const;
    const request = { matchers, time: START + 9n * SECOND, before: 20, after: 1 };
    const { result } = await querier.context([SINGLE_TENANT], request, signal);
    return result.kind === "streams" ? result.streams[0]!.entries.length : -1;
  };
  assert.equal(await context({}), 11);
  assert.equal(await context({ maxQueryLengthMs: 6000 }), 5);
  // The clock stands at the start, so all that is left to see is from four seconds before it on.
  assert.equal(await context({ maxQueryLookbackMs: 4000 }), 11);
  await assert.rejects(context({ requiredLabels: ["zone"] }), /missing required matchers \[zone\]/);

  const explain = async (analyze: boolean, query = '{app=~".+"}', bytes = 50_000) => {
    const { querier } = await given({ maxQueryBytesRead: bytes });
    return await querier.explain([SINGLE_TENANT], range(query), { analyze, signal });
  };
  assert.match((await explain(false)).text, /would read 8 streams/);
  await assert.rejects(explain(true), /would read too many bytes/);
  const filters = (count: number) => `{app=~".+"} ${'|= "a" '.repeat(count)}`;
  await assert.rejects(explain(true, filters(101), 0), /explain_stages: 101, limit: 100/);
  assert.match((await explain(true, filters(100), 0)).text, /would read 8 streams/);
  assert.match((await explain(false, filters(101))).text, /would read 8 streams/);
});

test("lines older than max_query_lookback have no context", async () => {
  const served = await given({ maxQueryLookbackMs: 4000 });
  await served.clock.advance(12_000);
  const ask = async (second: bigint) => {
    const matchers = [{ name: "app", op: "=", value: "a1" }] as const;
    const request = { matchers, time: START + second * SECOND, before: 20, after: 0 };
    const { signal } = new AbortController();
    const { result } = await served.querier.context([SINGLE_TENANT], request, signal);
    return result.kind === "streams" ? result.streams[0]!.entries.length : -1;
  };
  assert.equal(await ask(10n), 3);
  await assert.rejects(ask(7n), /no such line at/);
});

test("query_timeout ends a query that takes too long by the clock", async () => {
  const served = await given({ queryTimeoutMs: 5000 });
  const { querier, clock } = served;
  const { sleepers } = clock;
  const { batches } = querier.lines(
    [SINGLE_TENANT],
    range('{app=~".+"}', Number.POSITIVE_INFINITY),
    new AbortController().signal,
  );
  const iterator = batches[Symbol.asyncIterator]();
  // A reader that takes its time does not use up that of the query.
  await iterator.next();
  await clock.advance(60_000);
  assert.equal(clock.sleepers, sleepers);
  await iterator.return?.();

  const slow = new Querier({
    sources: [{ ...NOTHING, streams: () => clock.sleep(6000).then(() => []) }],
    ...{ limits: { of: () => ({ ...DEFAULT_LIMITS, queryTimeoutMs: 5000 }) }, clock },
    search: portableSearch,
  });
  const { signal } = new AbortController();
  for (const query of ['{app="a"}', 'rate({app="a"}[1m])']) {
    const running = slow
      .prepare([SINGLE_TENANT], range(query))
      .run(signal)
      .catch((thrown) => thrown);
    await clock.advance(6000);
    const error = await running;
    assert.ok(error instanceof LimitExceeded, String(error));
    assert.deepEqual([error.limit, error.status], ["query_timeout", 504]);
    assert.match(error.message, /^Request timed out, decrease the duration of the request /);
  }
});

/** A source that knows no stream. */
const NOTHING: LogSource = {
  streams: async () => [],
  labelNames: async () => [],
  labelValues: async () => [],
  series: async () => [],
  volume: async () => [],
};
