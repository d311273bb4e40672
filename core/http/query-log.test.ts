/** What is logged of a query, through a whole server in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served } from "../../fixtures/http/served.ts";
import type { Journal } from "../ports/journal.ts";
import { Metrics } from "./metrics.ts";
import { withTags } from "./query-log.ts";

type Fields = Readonly<Record<string, unknown>>;

async function given() {
  const logged: Fields[] = [];
  const metrics = new Metrics();
  const journal: Journal = {
    log: (level, message, fields = {}) => {
      if (message === "query") logged.push({ level, ...fields });
    },
  };
  const served = await new Served({ own: { journal, metrics } }).start();
  await served.push({ app: "x" }, [
    [1, "one"],
    [2, "two"],
  ]);
  const asked = async (
    path: string,
    params: Record<string, string>,
    tags?: string,
    traceparent?: string,
  ) => {
    const headers: Record<string, string> = tags === undefined ? {} : { "X-Query-Tags": tags };
    if (traceparent !== undefined) headers["traceparent"] = traceparent;
    await (await served.get(path, params, headers)).text();
    return logged.pop() ?? {};
  };
  return { asked, metrics };
}

test("a query is one line with Loki's keys", async () => {
  const { asked } = await given();
  const line = await asked("query_range", { query: '{app="x"}', step: "15s" }, "Source=logvolhist");
  assert.deepEqual(
    { ...line, query_hash: 0 },
    {
      level: "info",
      caller: "metrics.go",
      component: "querier",
      org_id: "fake",
      latency: "fast",
      query: '{app="x"}',
      query_hash: 0,
      range_type: "range",
      length: "1h0m0s",
      start_delta: "0s",
      end_delta: "-1h0m0s",
      step: "15s",
      limit: 100,
      query_type: "limited",
      duration: "0s",
      status: 200,
      returned_lines: 2,
      throughput: "0B",
      total_bytes: "6B",
      total_bytes_structured_metadata: "0B",
      lines_per_second: 0,
      total_lines: 2,
      post_filter_lines: 2,
      total_entries: 2,
      store_chunks_download_time: "0s",
      queue_time: "0s",
      splits: 0,
      shards: 0,
      chunk_refs: 0,
      store_chunks_downloaded: 0,
      ingester_chunk_refs: 1,
      duplicates: 0,
      warnings: 0,
      source: "logvolhist",
    },
  );
});

test("a query that is part of a trace names it; what is no trace is not told", async () => {
  const { asked } = await given();
  const traceOf = async (header: string) =>
    (await asked("query_range", { query: '{app="x"}' }, undefined, header))["traceID"];
  const id = "0af7651916cd43dd8448eb211c80319c";
  assert.equal(await traceOf(`00-${id}-b7ad6b7169203331-01`), id);
  for (const wrong of ["", id, `00-${"0".repeat(32)}-b7ad6b7169203331-01`, `00-${id}x-b7-01`]) {
    assert.equal(await traceOf(wrong), undefined, wrong);
  }
});

test("kinds of queries and how they end", async () => {
  const { asked, metrics } = await given();
  const of = async (path: string, query: string) => {
    const { query_type: type, range_type: range, status } = await asked(path, { query });
    return [type, range, status];
  };
  assert.deepEqual(await of("query_range", '{app="x"} |= "o"'), ["filter", "range", 200]);
  assert.deepEqual(await of("query", 'count_over_time({app="x"}[1m])'), ["metric", "instant", 200]);
  // What behind the frontend is refused has been a query; what does not parse has not.
  assert.deepEqual(await of("query_range", '{app="x"} | label_format'), [
    undefined,
    undefined,
    undefined,
  ]);
  const text = metrics.print();
  assert.match(text, /logql_query_duration_seconds_count\{query_type="metric"\} 1/);
  assert.match(
    text,
    /loki_logql_querystats_latency_seconds_count\{type="filter",range="range",status_code="200"\} 1/,
  );
});

test("tags become fields and hide none", () => {
  const fields = { query: "q" };
  const given = (header: string | null, want: Fields) =>
    assert.deepEqual(withTags(fields, header), { query: "q", ...want });
  given(null, {});
  given("Source=logvolhist,Feature=beta", { source: "logvolhist", feature: "beta" });
  given("query=mine,level=error,ts=1,msg=m", {});
  given("a=1,a=2", { a: "1" });
  given("novalue,=x, ,b=", { b: "" });
  given("x y=1=2", { x_y: "1=2" });
  given(`a=${"z".repeat(1000)}`, { a: "z".repeat(256) });
  assert.equal(
    Object.keys(withTags({}, Array.from({ length: 100 }, (_, i) => `t${i}=1`).join(","))).length,
    16,
  );
});
