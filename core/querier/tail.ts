/**
 * Follows a log query: first the newest lines of the past, then what comes in. Live lines are held
 * back for a moment when asked to, so that slow senders come out in order.
 */
import { labelsKey } from "../labels/labels.ts";
import { compilePipeline, type Pipeline } from "../logql/stages/pipeline.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import type { StreamBlock, StreamId } from "../model/block.ts";
import type { Matcher } from "../model/matcher.ts";
import type { QueryResult } from "../model/result.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock } from "../ports/clock.ts";
import type { TailBatch, TailEntry, TailRequest } from "../ports/query-service.ts";

/** Somebody who hands out lines as they come in. */
export type Follow = (tenant: Tenant, matchers: readonly Matcher[]) => Follower;

export interface Follower {
  take(): { rows: StreamBlock[]; dropped: { stream: StreamId; time: bigint }[] };
  wait(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface TailParts {
  readonly tenant: Tenant;
  readonly expr: LogExpr;
  readonly request: TailRequest;
  readonly follow: Follow;
  /** The lines of the past, as a backward query gives them. */
  readonly history: (start: bigint, end: bigint) => Promise<QueryResult>;
  readonly search: ByteSearch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function* tail(parts: TailParts): AsyncGenerator<TailBatch> {
  const { tenant, expr, request, follow, clock, signal } = parts;
  const pipeline = compilePipeline(expr, { search: parts.search });
  // Following starts before the past is read, so nothing falls between the two.
  const follower = follow(tenant, expr.matchers);
  try {
    const now = clock.now();
    const past = entriesOf(await parts.history(request.start, now));
    const shown = new Set(past.map(keyOf));
    if (past.length > 0) yield { entries: past };
    while (!signal.aborted) {
      await follower.wait(signal);
      if (request.delayMs > 0) await clock.sleep(request.delayMs, signal);
      if (signal.aborted) return;
      const { rows, dropped } = follower.take();
      const entries = rows
        .flatMap((block) => run(pipeline, block))
        .filter((entry) => entry.time > now || !shown.has(keyOf(entry)))
        .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      // After one round nothing of the past can come again.
      if (clock.now() > now + SHOWN_FOR) shown.clear();
      if (entries.length === 0 && dropped.length === 0) continue;
      yield {
        entries,
        ...(dropped.length > 0 && {
          dropped: dropped.map(({ stream, time }) => ({ time, labels: stream.labels })),
        }),
      };
    }
  } finally {
    follower.close();
  }
}

/** How long a line that was shown as past may still come out of the follower. */
const SHOWN_FOR = 60_000n * NS_PER_MS;

function run(pipeline: Pipeline, { stream, block }: StreamBlock): TailEntry[] {
  const survivors = pipeline.forStream(stream).run(block, { first: 0, end: block.rows });
  return Array.from({ length: survivors.count }, (_, index) => {
    const set = survivors.labelsOf(index);
    return {
      time: block.times[survivors.rows[index]!]!,
      line: survivors.line(index),
      labels: set.labels,
      metadata: set.metadata,
      parsed: set.parsed,
    };
  });
}

/** Of a backward answer: turned round, so that lines of one moment stand as they came in. */
function entriesOf(result: QueryResult): TailEntry[] {
  if (result.kind !== "streams") return [];
  return result.streams
    .flatMap(({ labels, entries }) => entries.toReversed().map((entry) => ({ labels, ...entry })))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function keyOf({ time, labels, line }: TailEntry): string {
  return `${time} ${labelsKey(labels)} ${line}`;
}
