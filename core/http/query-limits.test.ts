/**
 * Every limit of asking: a request just under it, one at it, one over it, over HTTP into a querier; the status and
 * Loki's words (spec http-api §4.10, logql-parse-errors §8). What its frontend refuses ends without a newline, what
 * is refused behind it with one (§1).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import type { Limits } from "../model/limits.ts";

const SECOND = 1_000_000_000n;
const STREAMS = 8;
const LINE = "x".repeat(512);

/** The end of a range of so many seconds. */
const until = (seconds: number) => ({ end: String(START + BigInt(seconds) * SECOND) });

interface Asked {
  readonly limits: Partial<Limits>;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

interface Case {
  readonly ask: (size: number) => Asked;
  /** The size that is let pass; one less is too. */
  readonly at: number;
  readonly status: number;
  readonly text: string;
  /** Whether what was pushed is in the bucket, not in memory. */
  readonly stored?: boolean;
}

/** Eight streams of one line of 512 bytes each, one a second. */
async function given(
  limits: Partial<Limits>,
  { stored = false, tenants = {} }: { stored?: boolean; tenants?: Record<string, Partial<Limits>> },
): Promise<Served> {
  const http = { authEnabled: true, multiTenantQueries: true };
  const served = await new Served({ limits, tenants, http }).start();
  for (const tenant of ["a", "b"]) {
    for (let at = 0; at < STREAMS; at++) {
      await served.push({ app: `a${at}`, zone: "z" }, [[at, LINE]], tenant);
    }
  }
  if (stored) await served.flush();
  return served;
}

const range = (query: string, limits: Partial<Limits>, params = {}): Asked => ({
  ...{ path: "query_range", limits },
  params: { query, step: "60", ...params },
});
const instant = (query: string, limits: Partial<Limits>): Asked => ({
  ...{ path: "query", limits },
  params: { query, time: String(START + 30n * SECOND) },
});

const TOO_LONG = "the query time range exceeds the limit (query length: 1h0m1s, limit: 1h)";
const HOUR_MAX = { maxQueryLengthMs: 3_600_000, volumeEnabled: true };
/** A route that is asked for a time of so many seconds. */
const ofLength = (path: string, params = {}): Case => ({
  ask: (seconds) => ({ path, limits: HOUR_MAX, params: { ...params, ...until(seconds) } }),
  ...{ at: 3600, status: 400, text: TOO_LONG },
});
const SIZE = STREAMS * LINE.length;
/** The names of so many apps. */
const apps = (count: number) => Array.from({ length: count }, (_, i) => `a${i}`).join("|");

const CASES: Readonly<Record<string, Case>> = {
  "max_query_length, query_range": ofLength("query_range", { query: '{app="a1"}' }),
  "max_query_length, a metric query": ofLength("query_range", {
    ...{ query: 'count_over_time({app="a1"}[1s])', step: "1" },
  }),
  "max_query_length, labels": ofLength("labels"),
  "max_query_length, label values": ofLength("label/app/values"),
  "max_query_length, series": ofLength("series", { match: '{app="a1"}' }),
  "max_query_length, index/stats": ofLength("index/stats", { query: '{app="a1"}' }),
  "max_query_length, index/volume": ofLength("index/volume", { query: '{app="a1"}' }),
  "max_query_length, index/volume_range": ofLength("index/volume_range", { query: '{app="a1"}' }),
  "max_query_length, of a range that reaches back": {
    ask: (seconds) => instant(`count_over_time({app="a1"}[${seconds}s])`, HOUR_MAX),
    ...{ at: 3600, status: 400, text: `${TOO_LONG}\n` },
  },
  "max_query_length, of the time asked for and a range together": {
    ask: (seconds) =>
      range(
        `count_over_time({app="a1"}[${seconds}s])`,
        { ...HOUR_MAX, splitQueriesByIntervalMs: 0 },
        // From and to a multiple of the step.
        { start: String(START - 20n * SECOND), end: String(START + 1780n * SECOND) },
      ),
    ...{ at: 1800, status: 400, text: `${TOO_LONG}\n` },
  },
  max_query_range: {
    ask: (seconds) => instant(`rate({app="a1"}[${seconds}s])`, { maxQueryRangeMs: 60_000 }),
    ...{ at: 60, status: 400, text: "[interval] value exceeds limit: [1m1s] > [1m]\n" },
  },
  "max_query_series, at once": {
    ask: (count) => instant(`count_over_time({app=~"${apps(count)}"}[1m])`, { maxQuerySeries: 5 }),
    ...{ at: 5, status: 400, text: "maximum of series (5) reached for a single query\n" },
  },
  "max_query_series, of all steps together": {
    ask: (count) =>
      range(
        `count_over_time({app=~"${apps(count)}"}[1s])`,
        { maxQuerySeries: 5 },
        { step: "1", ...until(60) },
      ),
    ...{ at: 5, status: 400, text: "maximum of series (5) reached for a single query\n" },
  },
  max_entries_limit_per_query: {
    ask: (limit) => range('{app="a1"}', { maxEntriesLimitPerQuery: 10 }, { limit: String(limit) }),
    ...{ at: 10, status: 400 },
    text: "max entries limit per query exceeded, limit > max_entries_limit (11 > 10)",
  },
  "max_entries_limit_per_query is for lines": {
    ask: (limit) =>
      limit > 10
        ? range('{app="a1"}', { maxEntriesLimitPerQuery: 10 }, { limit: String(limit) })
        : range('rate({app="a1"}[1m])', { maxEntriesLimitPerQuery: 10 }, { limit: "5000" }),
    ...{ at: 10, status: 400 },
    text: "max entries limit per query exceeded, limit > max_entries_limit (11 > 10)",
  },
  max_streams_matchers_per_query: {
    ask: (count) =>
      range(`{app="a1"${', zone="z"'.repeat(count - 1)}}`, { maxStreamsMatchersPerQuery: 3 }),
    ...{ at: 3, status: 400 },
    text: "max streams matchers per query exceeded, matchers-count > limit (4 > 3)\n",
  },
  "max_streams_matchers_per_query, of one of two selectors": {
    ask: (count) =>
      instant(`rate({app="a1"}[1m]) + rate({app="a1"${', zone="z"'.repeat(count - 1)}}[1m])`, {
        maxStreamsMatchersPerQuery: 3,
      }),
    ...{ at: 3, status: 400 },
    text: "max streams matchers per query exceeded, matchers-count > limit (4 > 3)\n",
  },
  max_chunks_per_query: {
    stored: true,
    ask: (count) => range(`{app=~"${apps(count)}"}`, { maxChunksPerQuery: 3 }),
    ...{ at: 3, status: 400 },
    text: "the query would fetch too many chunks (4 > max_chunks_per_query 3): narrow the time range or the selector\n",
  },
  "max_query_bytes_read, lines": {
    ask: (over) => range('{zone="z"}', { maxQueryBytesRead: SIZE - over }),
    ...{ at: 0, status: 400 },
    text: "the query would read too many bytes (query: 4.0 KiB, limit: 4.0 KiB); consider adding more specific stream selectors or reduce the time range of the query",
  },
  "max_query_bytes_read, numbers": {
    ask: (over) => instant('rate({zone="z"}[5m])', { maxQueryBytesRead: SIZE - over }),
    ...{ at: 0, status: 400 },
    text: "the query would read too many bytes (query: 4.0 KiB, limit: 4.0 KiB); consider adding more specific stream selectors or reduce the time range of the query",
  },
  max_querier_bytes_read: {
    ask: (over) => range('{zone="z"}', { maxQuerierBytesRead: SIZE - over }),
    ...{ at: 0, status: 400 },
    text: "query too large to execute on a single querier: (query: 4.0 KiB, limit: 4.0 KiB); consider adding more specific stream selectors, reduce the time range of the query, or adjust parallelization settings",
  },
  "max_querier_bytes_read, of one of the pieces of split_queries_by_interval": {
    // START is two and a half seconds into a piece of four: two lines, four, and two.
    ask: (over) =>
      range('{zone="z"}', {
        ...{ maxQuerierBytesRead: 4 * LINE.length - over, splitQueriesByIntervalMs: 4000 },
      }),
    ...{ at: 0, status: 400 },
    text: "query too large to execute on a single querier: (query: 2.0 KiB, limit: 2.0 KiB); consider adding more specific stream selectors, reduce the time range of the query, or adjust parallelization settings",
  },
  required_labels: {
    ask: (missing) =>
      range(['{app="a1", zone="z"}', '{app="a1"}'][missing]!, { requiredLabels: ["zone", "app"] }),
    ...{ at: 0, status: 400 },
    text: "stream selector is missing required matchers [zone], labels present in the query were [app]",
  },
  minimum_labels_number: {
    ask: (missing) =>
      instant(`rate({app="a1"${', zone="z"'.repeat(3 - missing)}}[1m])`, {
        minimumLabelsNumber: 3,
      }),
    ...{ at: 1, status: 400 },
    text: "stream selector has less label matchers than required: (present: [app, zone], number_present: 2, required_number_label_matchers: 3)",
  },
  max_query_parallelism: {
    ask: (less) => range('{app="a1"}', { maxQueryParallelism: 2 - less }),
    ...{ at: 1, status: 429, text: "querying is disabled, please contact your Loki operator" },
  },
  "max_query_parallelism, labels": {
    ask: (less) => ({ path: "labels", limits: { maxQueryParallelism: 2 - less }, params: {} }),
    ...{ at: 1, status: 429, text: "querying is disabled, please contact your Loki operator" },
  },
  "max_query_parallelism, series": {
    ask: (less) => ({ path: "series", limits: { maxQueryParallelism: 2 - less }, params: {} }),
    ...{ at: 1, status: 429, text: "querying is disabled, please contact your Loki operator" },
  },
  tsdb_max_query_parallelism: {
    ask: (less) => range('{app="a1"}', { tsdbMaxQueryParallelism: 2 - less }),
    ...{ at: 1, status: 429, text: "querying is disabled, please contact your Loki operator" },
  },
  volume_enabled: {
    ask: (off) => ({
      ...{ path: "index/volume", params: { query: '{zone="z"}' } },
      limits: { volumeEnabled: off === 0 },
    }),
    ...{ at: 0, status: 404, text: "not found" },
  },
  volume_max_series: {
    ask: (count) => ({
      ...{ path: "index/volume", params: { query: `{app=~"${apps(count)}"}` } },
      limits: { volumeEnabled: true, volumeMaxSeries: 3 },
    }),
    ...{
      at: 3,
      status: 500,
      text: "the query hit the max number of series limit (limit: 3 series)\n",
    },
  },
  "volume_max_series comes before the limit of the request": {
    ask: (count) => ({
      path: "index/volume_range",
      params: { query: `{app=~"${apps(count)}"}`, limit: "1", step: "60" },
      limits: { volumeEnabled: true, volumeMaxSeries: 3 },
    }),
    ...{
      at: 3,
      status: 500,
      text: "the query hit the max number of series limit (limit: 3 series)\n",
    },
  },
  enable_multi_variant_queries: {
    ask: (off) =>
      instant('variants(rate({app="a1"}[1m])) of ({app="a1"}[1m])', {
        enableMultiVariantQueries: off === 0,
      }),
    ...{ at: 0, status: 400, text: "multi variant queries are disabled for this instance\n" },
  },
};

for (const [name, { ask, at, status, text, stored = false }] of Object.entries(CASES)) {
  test(`${name}: under, at, over`, async () => {
    const answer = async (size: number) => {
      const { limits, path, params } = ask(size);
      return await (await given(limits, { stored })).answer(path, params);
    };
    for (const size of [at - 1, at].filter((each) => each >= 0)) {
      const passed = await answer(size);
      assert.equal(passed.status, 200, `of ${size}: ${passed.text}`);
    }
    assert.deepEqual(await answer(at + 1), { status, text });
  });
}

test("a limit of 0 is none", async () => {
  const none = {
    ...{ maxQueryLengthMs: 0, maxQueryRangeMs: 0, maxQuerySeries: 0, maxQueryLookbackMs: 0 },
    ...{ maxEntriesLimitPerQuery: 0, maxStreamsMatchersPerQuery: 0, maxChunksPerQuery: 0 },
    ...{ maxQueryBytesRead: 0, maxQuerierBytesRead: 0, volumeMaxSeries: 0, volumeEnabled: true },
    ...{ queryTimeoutMs: 0, splitQueriesByIntervalMs: 0, minimumLabelsNumber: 0 },
  };
  const served = await given(none, { stored: true });
  const year = { start: "0" };
  const asked: [string, Record<string, string>][] = [
    ["query_range", { query: '{zone="z"}', limit: "100000", ...year }],
    ["query", { query: 'rate({zone="z"}[10y])' }],
    ["series", year],
    ["index/volume", { query: '{zone="z"}', ...year }],
  ];
  for (const [path, params] of asked) {
    const { status, text } = await served.answer(path, params);
    assert.equal(status, 200, text);
  }
});
