/**
 * What moves in `/metrics`, and by how much, when one thing is done to a server (spec http-api §8). Of each step
 * every series that moved is told: what moves without a reason is as wrong as what does not move.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFolder, type RunningServer, startServer } from "./testing/process.ts";

const FLAGS = [
  "-distributor.max-line-size=100B",
  "-distributor.max-line-size-truncate=true",
  "-validation.max-label-names-per-series=2",
  "-validation.allow-structured-metadata=true",
  "-distributor.ingestion-rate-limit-mb=1",
  "-distributor.ingestion-burst-size-mb=1",
  "-compactor.retention-enabled=true",
  "-compactor.compaction-interval=1h",
];

/** Parts of histograms that depend on the clock; what the process, its log and its timers do meanwhile. */
const UNSTEADY =
  /_bucket\{|_bucket |_seconds_sum|per_seconds|^(process|go|lokits)_|rate_store|log_messages|oldest_|"metrics"|wal_logged_bytes|load_pending|tcp_connections|table|boltdb_shipper|message_bytes_sum|compression_ratio_sum|utilization_sum|size_bytes_sum|stored_bytes|chunk_bytes|age_seconds|bounds_hours_sum/;

type Series = Readonly<Record<string, number>>;

async function read({ url }: RunningServer): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line): [string, number] => {
      const cut = line.lastIndexOf(" ");
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

/** What is different, and by how much. */
async function moved(
  server: RunningServer,
  { doing, until }: { doing: () => Promise<unknown>; until?: string },
): Promise<Series> {
  const before = await read(server);
  await doing();
  let after = await read(server);
  const isStill = () => until !== undefined && after.get(until) === before.get(until);
  for (let tries = 0; tries < 200 && isStill(); tries++) {
    await Bun.sleep(25);
    after = await read(server);
  }
  const deltas: Record<string, number> = {};
  for (const [series, value] of after) {
    const by = value - (before.get(series) ?? 0);
    if (by !== 0 && !UNSTEADY.test(series)) deltas[series] = by;
  }
  return deltas;
}

const request = (method: string, route: string, status: number, ws = false): Series => ({
  [`loki_request_duration_seconds_count{method="${method}",route="${route}",status_code="${status}",ws="${ws}"}`]: 1,
  [`loki_response_message_bytes_count{method="${method}",route="${route}"}`]: 1,
  ...(method === "POST" && {
    [`loki_request_message_bytes_count{method="${method}",route="${route}"}`]: 1,
  }),
});
const received = (lines: number, bytes: number): Series => ({
  'loki_distributor_lines_received_total{tenant="fake"}': lines,
  'loki_distributor_bytes_received_total{tenant="fake",retention_hours="0"}': bytes,
  loki_bytes_per_line_count: lines,
  loki_bytes_per_line_sum: bytes,
});
const handedOn = (status: string): Series => ({
  'loki_distributor_ingester_appends_total{ingester="self"}': 1,
  [`loki_ingester_client_request_duration_seconds_count{operation="/logproto.Pusher/Push",status_code="${status === "success" ? "2xx" : `${status[0]}xx`}"}`]: 1,
  [`loki_request_duration_seconds_count{method="gRPC",route="/logproto.Pusher/Push",status_code="${status}",ws="false"}`]: 1,
});
const discarded = (reason: string, lines: number, bytes: number): Series => ({
  [`loki_discarded_samples_total{reason="${reason}",tenant="fake"}`]: lines,
  [`loki_discarded_bytes_total{reason="${reason}",tenant="fake"}`]: bytes,
});
const looked = (operation: string): Series => ({
  loki_chunk_store_index_lookups_per_query_count: 1,
  [`loki_index_request_duration_seconds_count{operation="${operation}",status_code="200",component="index-store"}`]: 1,
});
const queried = (type: string, { method = "query_range", status = 200 } = {}): Series => {
  const range = method === "query" ? "instant" : "range";
  return {
    ...request("GET", `loki_api_v1_${method}`, status),
    [`cortex_frontend_query_range_duration_seconds_count{method="${method}",status_code="${status}"}`]: 1,
    [`loki_logql_querystats_latency_seconds_count{type="${type}",range="${range}",status_code="${status}"}`]: 1,
    [`logql_query_duration_seconds_count{query_type="${type}"}`]: 1,
    cortex_query_frontend_retries_count: 1,
    loki_query_frontend_partitions_count: 1,
    loki_query_frontend_partitions_sum: 1,
  };
};

test("each thing that is done moves its metrics by what was done, and no others", async (t) => {
  await inFolder(async (cwd) => {
    const server = await startServer(FLAGS, { cwd });
    const now = BigInt(Date.now()) * 1_000_000n;
    const post = async (path: string, body: string) => {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(server.url + path, { method: "POST", headers, body });
      await response.text();
    };
    const push = (stream: Readonly<Record<string, string>>, ...values: unknown[]) =>
      post("/loki/api/v1/push", JSON.stringify({ streams: [{ stream, values }] }));
    const get = async (path: string, params: Readonly<Record<string, string>> = {}) => {
      await (await fetch(`${server.url}${path}?${new URLSearchParams(params)}`)).text();
    };
    const query = (text: string) => get("/loki/api/v1/query_range", { query: text });
    const step = async (
      name: string,
      doing: () => Promise<unknown>,
      want: Series,
      until?: string,
    ) =>
      await t.test(name, async () => {
        const found = await moved(server, { doing, ...(until !== undefined && { until }) });
        assert.deepEqual(found, { ...want });
      });
    const pushed = (status: number) => request("POST", "loki_api_v1_push", status);

    await step(
      "two lines of a new stream, one with metadata",
      () => push({ app: "a" }, [String(now), "one", { k: "vv" }], [String(now + 1n), "two"]),
      {
        ...{ ...pushed(204), ...received(2, 6), ...handedOn("success") },
        'loki_distributor_structured_metadata_bytes_received_total{tenant="fake",retention_hours="0"}': 3,
        'loki_ingester_streams_created_total{tenant="fake"}': 1,
        'loki_ingester_memory_streams{tenant="fake"}': 1,
        loki_ingester_memory_streams_labels_bytes: '{app="a"}'.length,
        loki_ingester_chunks_created_total: 1,
        loki_ingester_memory_chunks: 1,
        // The stream, and its lines.
        loki_ingester_wal_records_logged_total: 2,
      },
    );
    await step("one more line of it", () => push({ app: "a" }, [String(now + 2n), "three"]), {
      ...{ ...pushed(204), ...received(1, 5), ...handedOn("success") },
      loki_ingester_wal_records_logged_total: 1,
    });
    await step(
      "a line that is cut",
      () => push({ app: "a" }, [String(now + 3n), "x".repeat(150)]),
      {
        ...{ ...pushed(204), ...received(1, 150), ...handedOn("success") },
        'loki_mutated_samples_total{reason="line_too_long",truncated="fake"}': 1,
        'loki_mutated_bytes_total{reason="line_too_long",truncated="fake"}': 50,
        loki_ingester_wal_records_logged_total: 1,
      },
    );
    await step(
      "a stream with too many labels",
      () => push({ a: "1", b: "2", c: "3" }, [String(now), "refused"]),
      { ...pushed(400), ...received(1, 7), ...discarded("max_label_names_per_series", 1, 7) },
    );
    await step("a line that is too old for its stream", () => push({ app: "a" }, ["1", "old"]), {
      ...{ ...pushed(400), ...received(1, 3), ...handedOn("400") },
      ...discarded("too_far_behind", 1, 3),
    });
    await step(
      "more than the rate allows",
      () =>
        push(
          { app: "a" },
          ...Array.from({ length: 11_000 }, (_, i) => [String(now + BigInt(i)), "y".repeat(100)]),
        ),
      {
        ...pushed(429),
        ...received(11_000, 1_100_000),
        ...discarded("rate_limited", 11_000, 1_100_000),
      },
    );
    await step("a body that is none", () => post("/loki/api/v1/push", "{"), pushed(400));
    await step(
      "one over OTLP",
      () => post("/otlp/v1/logs", "{"),
      request("POST", "otlp_v1_logs", 400),
    );
    await step("a path that is no route", () => get("/no/route"), request("GET", "other", 404));

    await step("a query of lines in memory", () => query('{app="a"}'), {
      ...{ ...queried("limited"), ...looked("chunk_refs") },
      loki_chunk_store_chunks_per_query_count: 1,
      loki_logql_querystats_ingester_sent_lines_total: 4,
    });
    await step("one with a filter", () => query('{app="a"} |= "t"'), {
      ...{ ...queried("filter"), ...looked("chunk_refs") },
      loki_chunk_store_chunks_per_query_count: 1,
      loki_logql_querystats_ingester_sent_lines_total: 4,
    });
    await step(
      "a metric query",
      () => get("/loki/api/v1/query", { query: 'count_over_time({app="a"}[1h])' }),
      {
        ...{ ...queried("metric", { method: "query" }), ...looked("chunk_refs") },
        loki_chunk_store_chunks_per_query_count: 1,
        loki_logql_querystats_ingester_sent_lines_total: 4,
      },
    );
    await step(
      "a query that is none",
      () => query("{app="),
      request("GET", "loki_api_v1_query_range", 400),
    );
    await step("names of labels", () => get("/loki/api/v1/labels"), {
      ...{ ...request("GET", "loki_api_v1_labels", 200), ...looked("label_names") },
    });

    let socket: WebSocket | undefined;
    const watching = async () => {
      socket = new WebSocket(
        `${server.url.replace("http", "ws")}/loki/api/v1/tail?query={app="a"}`,
      );
      await new Promise((resolve) => {
        socket!.onmessage = resolve;
      });
    };
    await step("a tail", watching, {
      ...{ ...request("GET", "loki_api_v1_tail", 200, true), ...looked("chunk_refs") },
      loki_chunk_store_chunks_per_query_count: 1,
      loki_querier_tail_active: 1,
      // The line with metadata is of a stream of its own.
      loki_querier_tail_active_streams: 2,
      loki_querier_tail_bytes_total: 3 + 3 + 5 + 100,
    });
    await step(
      "its end",
      async () => socket!.close(),
      { loki_querier_tail_active: -1, loki_querier_tail_active_streams: -2 },
      "loki_querier_tail_active",
    );

    const each = [
      "blocks_per_chunk",
      "chunk_bounds_hours",
      "chunk_compression_ratio",
      "chunk_encode_time_seconds",
      "chunk_entries",
      "chunk_size_bytes",
      "chunk_utilization",
      "samples_per_chunk",
    ];
    await step(
      "a flush",
      () => fetch(`${server.url}/flush`, { method: "GET" }),
      {
        ...request("GET", "flush", 204),
        ...Object.fromEntries(each.map((name) => [`loki_ingester_${name}_count`, 1])),
        ...{
          loki_ingester_blocks_per_chunk_sum: 1,
          loki_ingester_chunk_entries_sum: 4,
          loki_ingester_samples_per_chunk_sum: 4,
        },
        'loki_ingester_chunks_flushed_total{reason="forced"}': 1,
        'loki_ingester_chunks_stored_total{tenant="fake"}': 1,
        'loki_chunk_store_stored_chunks_total{user="fake"}': 1,
        loki_chunk_store_index_entries_per_chunk_count: 1,
        loki_chunk_store_index_entries_per_chunk_sum: 1,
        'loki_tsdb_build_index_attempts_total{status="success"}': 1,
        'loki_ingester_streams_removed_total{tenant="fake"}': 1,
        'loki_ingester_memory_streams{tenant="fake"}': -1,
        loki_ingester_memory_streams_labels_bytes: -'{app="a"}'.length,
        loki_ingester_memory_chunks: -1,
        loki_ingester_checkpoint_creations_total: 1,
        loki_ingester_checkpoint_duration_seconds_count: 1,
      },
      "loki_ingester_checkpoint_duration_seconds_count",
    );
    await step("a query of lines in the store", () => query('{app="a"}'), {
      ...{ ...queried("limited"), ...looked("chunk_refs") },
      loki_chunk_store_index_lookups_per_query_sum: 1,
      loki_chunk_store_chunks_per_query_count: 1,
      loki_chunk_store_chunks_per_query_sum: 1,
      loki_logql_querystats_downloaded_chunk_total: 1,
      'loki_store_chunks_downloaded_total{status="success"}': 1,
      'loki_chunk_fetcher_fetched_size_bytes_count{source="store"}': 1,
    });

    const params = new URLSearchParams({ query: '{app="a"} |= "one"', start: "1700000000" });
    await step(
      "a request to delete",
      () => fetch(`${server.url}/loki/api/v1/delete?${params}`, { method: "PUT" }),
      {
        ...request("PUT", "loki_api_v1_delete", 204),
        'loki_compactor_delete_requests_received_total{user="fake"}': 1,
        loki_compactor_pending_delete_requests_count: 1,
      },
      "loki_compactor_pending_delete_requests_count",
    );
    await server.stop();
  });
});
