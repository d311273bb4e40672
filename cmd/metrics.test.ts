/** `/metrics` as Prometheus and Loki's dashboards see it, after a push, a flush, a query and a tail (spec http-api §8). */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

/** Metrics of the spec's table by its rows, with the labels that dashboards group by. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  loki_request_duration_seconds: ["method", "route", "status_code", "ws"],
  loki_inflight_requests: ["method", "route"],
  loki_request_message_bytes: ["method", "route"],
  loki_response_message_bytes: ["method", "route"],
  loki_tcp_connections: ["protocol"],
  loki_tcp_connections_limit: ["protocol"],
  loki_build_info: ["version", "revision", "branch", "goversion", "goos", "goarch", "tags"],
  loki_panic_total: [],
  loki_internal_log_messages_total: ["level"],
  loki_log_messages_total: ["level"],
  loki_distributor_bytes_received_total: ["tenant", "retention_hours"],
  loki_distributor_structured_metadata_bytes_received_total: ["tenant", "retention_hours"],
  loki_distributor_lines_received_total: ["tenant"],
  loki_distributor_ingester_appends_total: ["ingester"],
  loki_distributor_ingester_append_failures_total: ["ingester"],
  loki_distributor_replication_factor: [],
  loki_discarded_samples_total: ["reason", "tenant"],
  loki_discarded_bytes_total: ["reason", "tenant"],
  loki_mutated_samples_total: ["reason"],
  loki_mutated_bytes_total: ["reason"],
  loki_bytes_per_line: [],
  loki_ingester_memory_streams: ["tenant"],
  loki_ingester_memory_chunks: [],
  loki_ingester_memory_streams_labels_bytes: [],
  loki_ingester_streams_created_total: ["tenant"],
  loki_ingester_streams_removed_total: ["tenant"],
  loki_ingester_chunks_created_total: [],
  loki_ingester_chunks_flushed_total: ["reason"],
  loki_ingester_chunks_stored_total: ["tenant"],
  loki_ingester_chunk_stored_bytes_total: ["tenant"],
  loki_ingester_chunk_age_seconds: [],
  loki_ingester_chunk_size_bytes: [],
  loki_ingester_chunk_utilization: [],
  loki_ingester_chunk_entries: [],
  loki_ingester_chunk_compression_ratio: [],
  loki_ingester_chunk_bounds_hours: [],
  loki_ingester_chunk_encode_time_seconds: [],
  loki_ingester_blocks_per_chunk: [],
  loki_ingester_samples_per_chunk: [],
  loki_ingester_wal_bytes_in_use: [],
  loki_ingester_wal_logged_bytes_total: [],
  loki_ingester_wal_records_logged_total: [],
  loki_ingester_wal_replay_active: [],
  loki_ingester_wal_replay_duration_seconds: [],
  loki_ingester_wal_replay_flushing: [],
  loki_ingester_wal_recovered_bytes_total: [],
  loki_ingester_wal_recovered_chunks_total: [],
  loki_ingester_wal_recovered_entries_total: [],
  loki_ingester_wal_recovered_streams_total: [],
  loki_ingester_wal_duplicate_entries_total: [],
  loki_ingester_wal_disk_full_failures_total: [],
  loki_ingester_wal_corruptions_total: [],
  loki_ingester_checkpoint_creations_total: [],
  loki_ingester_shutdown_marker: [],
  loki_ingester_limiter_enabled: [],
  cortex_ingester_flush_queue_length: [],
  cortex_query_frontend_queries_in_progress: [],
  loki_querier_worker_concurrency: [],
  loki_querier_worker_inflight_queries: [],
  loki_querier_tail_active: [],
  loki_querier_tail_active_streams: [],
  loki_querier_tail_bytes_total: [],
  logql_query_duration_seconds: ["query_type"],
  loki_logql_querystats_latency_seconds: ["type", "range", "status_code"],
  loki_logql_querystats_bytes_processed_per_seconds: ["type", "range", "status_code"],
  loki_logql_querystats_downloaded_chunk_total: [],
  loki_logql_querystats_duplicates_total: [],
  loki_logql_querystats_ingester_sent_lines_total: [],
  cortex_frontend_query_range_duration_seconds: ["method", "status_code"],
  cortex_query_frontend_retries: [],
  loki_query_frontend_partitions: [],
  cortex_ring_members: ["name", "state"],
  cortex_ring_tokens_total: ["name"],
  cortex_ring_member_tokens_owned: ["name", "member"],
  cortex_ring_oldest_member_timestamp: ["name", "state"],
  loki_ingester_client_request_duration_seconds: ["operation", "status_code"],
  loki_ingester_autoforget_unhealthy_ingesters_total: [],
  cortex_query_frontend_connected_schedulers: [],
  cortex_query_scheduler_connected_querier_clients: [],
  cortex_query_scheduler_connected_frontend_clients: [],
  cortex_query_scheduler_running: [],
  cortex_query_scheduler_queue_duration_seconds: [],
  loki_query_frontend_log_result_cache_hit_total: [],
  loki_query_frontend_log_result_cache_miss_total: [],
  loki_chunk_store_deduped_bytes_total: [],
  loki_tsdb_wal_truncation_attempts_total: ["status"],
  loki_index_request_duration_seconds: ["operation", "status_code", "component"],
  loki_chunk_store_chunks_per_query: [],
  loki_chunk_store_index_lookups_per_query: [],
  loki_chunk_store_index_entries_per_chunk: [],
  loki_chunk_store_deduped_chunks_total: [],
  loki_chunk_store_stored_chunks_total: ["user"],
  loki_chunk_store_stored_chunk_bytes_total: ["user"],
  loki_chunk_fetcher_fetched_size_bytes: ["source"],
  loki_store_chunks_downloaded_total: ["status"],
  loki_boltdb_shipper_request_duration_seconds: ["operation", "status_code"],
  loki_boltdb_shipper_compactor_running: [],
  loki_boltdb_shipper_compact_tables_operation_total: ["status"],
  loki_boltdb_shipper_compact_tables_operation_duration_seconds: [],
  loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds: [],
  loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds: [],
  loki_boltdb_shipper_retention_sweeper_marker_files_current: [],
  loki_tsdb_shipper_tables_upload_operation_total: ["status"],
  loki_tsdb_shipper_tables_sync_operation_total: ["status"],
  loki_tsdb_shipper_tables_download_operation_duration_seconds: [],
  loki_tsdb_build_index_attempts_total: ["status"],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
  go_memstats_heap_inuse_bytes: [],
};

/** Buckets that dashboards take quantiles of. */
const BUCKETS: Readonly<Record<string, string>> = {
  loki_request_duration_seconds: "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 25 50 100 +Inf",
  loki_bytes_per_line: "1 8 64 512 4096 32768 262144 2097152 +Inf",
  loki_ingester_chunk_age_seconds: "60 300 600 1800 3600 7200 14400 36000 43200 57600 +Inf",
  loki_ingester_chunk_utilization: "0 0.2 0.4 0.6 0.8 1 +Inf",
  loki_ingester_chunk_bounds_hours: "1 2 3 4 5 6 7 8 +Inf",
};

/** promtool's advice on names: those of Loki are what dashboards ask for and cannot be other ones. */
const LOKIS_NAMES = /^(loki|cortex|logql)_\w+ (?!no help text)/;

async function busyServer(run: (text: string, url: string) => void | Promise<void>): Promise<void> {
  await inFolder(async (cwd) => {
    const args = ["-distributor.max-line-size=100B", "-distributor.max-line-size-truncate=true"];
    const server = await startServer([...args, "-validation.max-label-names-per-series=2"], {
      cwd,
    });
    const now = BigInt(Date.now()) * 1_000_000n;
    await pushLines(server.url, { app: "a" }, [
      [now, "one"],
      [now + 1n, "x".repeat(200)],
    ]);
    await pushLines(server.url, { a: "1", b: "2", c: "3" }, [[now, "refused"]]).catch(() => {});
    const socket = new WebSocket(
      `${server.url.replace("http", "ws")}/loki/api/v1/tail?query={app="a"}`,
    );
    await new Promise((resolve) => {
      socket.onmessage = resolve;
    });
    await lokits(["query", '{app="a"}', "--addr", server.url]);
    await fetch(`${server.url}/flush`, { method: "POST" });
    const read = async () => await (await fetch(`${server.url}/metrics`)).text();
    for (let tries = 0; tries < 100; tries++) {
      if (/^loki_ingester_streams_removed_total\{/m.test(await read())) break;
      await Bun.sleep(50);
    }
    // Now from the store.
    await lokits(["query", '{app="a"}', "--addr", server.url]);
    try {
      await run(await read(), server.url);
    } finally {
      socket.close();
      await server.stop();
    }
  });
}

test("the metrics of dashboards and alerts are there with their labels and buckets, and promtool takes them", async (t) => {
  await busyServer(async (text, url) => {
    for (const [name, labels] of Object.entries(WANTED)) {
      const line = text.match(new RegExp(`^${name}(_bucket)?(\\{.*\\})? .*$`, "m"))?.[0];
      assert.ok(line !== undefined, `${name} is not printed`);
      for (const label of labels) assert.ok(line.includes(`${label}="`), `${line} has no ${label}`);
    }
    for (const [name, bounds] of Object.entries(BUCKETS)) {
      const [, series] = text.match(new RegExp(`^${name}_bucket\\{(.*)le="`, "m")) ?? [];
      const lines = [...text.matchAll(new RegExp(`^${name}_bucket\\{(.*)le="(.*?)"\\}`, "gm"))];
      const own = lines.filter(([, labels]) => labels === series).map(([, , bound]) => bound);
      assert.equal(own.join(" "), bounds, name);
    }
    const value = (series: string) =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${series} `))
          ?.slice(series.length),
      );
    assert.equal(value('loki_distributor_lines_received_total{tenant="fake"}'), 3);
    assert.equal(value('loki_ingester_chunks_flushed_total{reason="forced"}'), 1);
    assert.equal(value('loki_ingester_chunks_flushed_total{reason="idle"}'), 0);
    assert.equal(value('loki_ingester_chunks_stored_total{tenant="fake"}'), 1);
    assert.equal(value("loki_ingester_chunk_entries_sum"), 2);
    assert.equal(value("loki_bytes_per_line_sum"), 210);
    assert.equal(value("loki_querier_tail_active"), 1);
    assert.equal(value("loki_querier_tail_bytes_total"), 103);
    assert.equal(value("loki_panic_total"), 0);
    assert.equal(value('cortex_ring_members{name="ingester",state="ACTIVE"}'), 1);
    assert.equal(value('cortex_ring_members{name="ingester",state="LEAVING"}'), 0);
    assert.equal(value('loki_tsdb_build_index_attempts_total{status="success"}'), 1);
    assert.equal(value("loki_chunk_store_index_entries_per_chunk_sum"), 1);
    assert.equal(value('loki_chunk_fetcher_fetched_size_bytes_count{source="store"}'), 1);
    assert.equal(value("loki_boltdb_shipper_compactor_running"), 0);
    assert.ok(value("process_resident_memory_bytes") > 1e6);
    assert.ok(value("loki_ingester_wal_records_logged_total") >= 2);

    const { status, stdout, stderr, error } = spawnSync("promtool", ["check", "metrics"], {
      input: text,
    });
    if (error !== undefined) return t.diagnostic("promtool (Debian: prometheus) is not installed");
    const remarks = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    assert.deepEqual(
      remarks.filter((line) => !LOKIS_NAMES.test(line)),
      [],
    );
    assert.ok(status === 0 || status === 3, `promtool leaves with ${status}`);

    const accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    const open = await (await fetch(`${url}/metrics`, { headers: { Accept: accept } })).text();
    await inFolder(async (cwd) => {
      // promtool reads OpenMetrics only for blocks, whose samples have times.
      await Bun.write(`${cwd}/in.txt`, open.replace(/^[^#].*$/gm, "$& 1700000000"));
      const blocks = ["tsdb", "create-blocks-from", "openmetrics", "in.txt", "blocks"];
      const { status, stderr } = spawnSync("promtool", blocks, { cwd });
      assert.equal(status, 0, String(stderr));
    });
  });
});
