/**
 * One line of log a query, with what it asked, what it took and who says they asked (`X-Query-Tags`):
 * the line that Loki's operators search for as `metrics.go`, with its keys. And the same in metrics.
 */
import { printByteSize } from "../golang/bytes-size.ts";
import { printGoDuration } from "../golang/duration.ts";
import type { QueryResult } from "../model/result.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { QueryAnswer, QueryKind, QueryRequest } from "../ports/query-service.ts";
import { hashOf } from "../querier/limits.ts";
import { entriesOf } from "./encode-json.ts";
import { answerOf, BehindFrontend } from "./errors.ts";

/** Seconds from which a query is called slow. */
const SLOW_MS = 10_000;
/** Characters of a query that the log has room for. */
const QUERY_MAX = 8192;
const TAGS_MAX = 16;
const TAG_CHARS_MAX = 256;

export interface QueryLogParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
}

export interface AboutQuery {
  readonly http: Request;
  readonly tenants: readonly Tenant[];
  readonly request: QueryRequest;
  readonly kind: QueryKind;
}

/** Runs a query and tells of it, however it ends. */
export type QueryLog = (about: AboutQuery, run: () => Promise<QueryAnswer>) => Promise<QueryAnswer>;

export function makeQueryLog({ clock, journal, meter }: QueryLogParts): QueryLog {
  let running = 0;
  const count = (change: number) => {
    running += change;
    // The names of Loki's frontend, of its querier, and of the frontend of 3.x: here they are one.
    meter.gauge("cortex_query_frontend_queries_in_progress", running);
    meter.gauge("loki_query_frontend_queries_in_progress", running);
    meter.gauge("loki_querier_worker_inflight_queries", running);
  };
  return async ({ http, tenants, request, kind: type }, run) => {
    const startMs = clock.ticksMs();
    count(1);
    const tell = (status: number, answer?: QueryAnswer) => {
      const tookMs = clock.ticksMs() - startMs;
      const fields = {
        ...{ caller: "metrics.go", component: "querier", org_id: tenants.join("|") },
        ...traceField(http.headers.get("traceparent")),
        ...{ latency: tookMs >= SLOW_MS ? "slow" : "fast" },
        ...askedFields(request, clock.now()),
        ...{ query_type: type, duration: duration(tookMs), status },
        ...answerFields(answer, tookMs),
      };
      journal.log("info", "query", withTags(fields, http.headers.get("x-query-tags")));
      const range = request.kind;
      meter.observe("logql_query_duration_seconds", tookMs / 1000, { query_type: type });
      const labels = { type, range, status_code: String(status) };
      meter.observe("loki_logql_querystats_latency_seconds", tookMs / 1000, labels);
      const method = range === "range" ? "query_range" : "query";
      const asked = { method, status_code: String(status) };
      meter.observe("cortex_frontend_query_range_duration_seconds", tookMs / 1000, asked);
      // One process runs a query whole, and once.
      meter.observe("loki_query_frontend_partitions", 1);
      meter.observe("cortex_query_frontend_retries", 0);
      if (answer !== undefined) meterScan(meter, answer, { tookMs, labels });
    };
    try {
      const answer = await run();
      tell(200, answer);
      return answer;
    } catch (error) {
      tell(answerOf(error instanceof BehindFrontend ? error.cause : error).status);
      throw error;
    } finally {
      count(-1);
    }
  };
}

/** The trace that a query is part of, as W3C's header names it: Grafana goes from the one to the other. */
function traceField(traceparent: string | null): Record<string, unknown> {
  const [, traceID] = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-/.exec(traceparent ?? "") ?? [];
  return traceID === undefined || /^0+$/.test(traceID) ? {} : { traceID };
}

function meterScan(
  meter: Meter,
  { stats: { scan } }: QueryAnswer,
  { tookMs, labels }: { tookMs: number; labels: Readonly<Record<string, string>> },
): void {
  const name = "loki_logql_querystats";
  const bytes = scan.headBytes + scan.decompressedBytes;
  if (tookMs > 0) {
    const perSecond = (bytes * 1000) / tookMs;
    meter.observe(`${name}_bytes_processed_per_seconds`, perSecond, labels);
  }
  meter.count(`${name}_downloaded_chunk_total`, scan.chunksDownloaded);
  meter.count(`${name}_duplicates_total`, scan.duplicates);
  meter.count(`${name}_ingester_sent_lines_total`, scan.headLines);
}

function askedFields(request: QueryRequest, now: bigint): Record<string, unknown> {
  const { query, limit } = request;
  const isRange = request.kind === "range";
  const [start, end] = isRange ? [request.start, request.end] : [request.time, request.time];
  return {
    query: query.slice(0, QUERY_MAX),
    query_hash: hashOf(query),
    range_type: request.kind,
    length: printGoDuration(end - start),
    start_delta: printGoDuration(now - start),
    end_delta: printGoDuration(now - end),
    step: printGoDuration(isRange ? BigInt(request.stepMs) * NS_PER_MS : 0n),
    limit,
  };
}

function answerFields(answer: QueryAnswer | undefined, tookMs: number): Record<string, unknown> {
  if (answer === undefined) return {};
  const { scan, queueMs, splits, shards } = answer.stats;
  const bytes = scan.headBytes + scan.decompressedBytes;
  const lines = scan.headLines + scan.decompressedLines;
  const perSecond = (total: number) => (tookMs > 0 ? Math.trunc((total * 1000) / tookMs) : 0);
  return {
    returned_lines: linesOf(answer.result),
    throughput: printByteSize(perSecond(bytes)),
    total_bytes: printByteSize(bytes),
    total_bytes_structured_metadata: printByteSize(scan.decompressedMetadataBytes),
    lines_per_second: perSecond(lines),
    total_lines: lines,
    post_filter_lines: scan.postFilterLines,
    total_entries: entriesOf(answer.result),
    store_chunks_download_time: duration(scan.chunksDownloadMs),
    queue_time: duration(queueMs),
    splits,
    shards,
    chunk_refs: scan.chunksRef,
    store_chunks_downloaded: scan.chunksDownloaded,
    ingester_chunk_refs: scan.ingesterChunks,
    duplicates: scan.duplicates,
    warnings: answer.warnings.length,
  };
}

function linesOf(result: QueryResult): number {
  return result.kind === "streams" ? entriesOf(result) : 0;
}

/** `Source=logvolhist,Feature=beta` as `source=logvolhist feature=beta`. A tag never hides a field. */
export function withTags(
  fields: Readonly<Record<string, unknown>>,
  header: string | null,
): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = { ...fields };
  const taken = new Set([...Object.keys(fields), "level", "ts", "msg", "__proto__"]);
  for (const tag of (header ?? "").split(",").slice(0, TAGS_MAX)) {
    const cut = tag.indexOf("=");
    if (cut <= 0) continue;
    const name = tag.slice(0, cut).trim().toLowerCase().replace(/\W/g, "_");
    if (name === "" || taken.has(name)) continue;
    all[name] = tag.slice(cut + 1, cut + 1 + TAG_CHARS_MAX).trim();
    taken.add(name);
  }
  return all;
}

function duration(ms: number): string {
  return printGoDuration(BigInt(Math.round(ms * 1e6)));
}
