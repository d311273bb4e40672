/** What a query would touch, from the index alone; and the limit on it. */
import { printBinarySize } from "../golang/bytes-size.ts";
import { pieceOf } from "../logql/plan/pieces.ts";
import type { Plan } from "../logql/plan/plan.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Limits } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";
import type { ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import { nsOf } from "../model/time.ts";
import type { LogSource } from "../ports/log-source.ts";
import type { IndexStats } from "../ports/query-service.ts";

/** Lines that a plan reads in one go. */
export interface Reading {
  readonly matchers: readonly Matcher[];
  readonly from: bigint;
  readonly through: bigint;
}

/** In the order in which they are read. */
export function readingsOf(plan: Plan): readonly Reading[] {
  if (plan.kind === "log") return plan.from < plan.through ? [plan] : [];
  return plan.root.kind === "constant" ? [] : plan.scans;
}

export interface EstimateParts {
  readonly source: LogSource;
  readonly tenant: Tenant;
  readonly signal?: AbortSignal;
  /** Told of damage on the way. */
  readonly stats?: ScanStats;
}

export async function estimate(
  { matchers, from, through }: Reading,
  { source, tenant, signal, stats }: EstimateParts,
): Promise<IndexStats> {
  const select = {
    ...{ tenant, matchers, from, through },
    ...(signal !== undefined && { signal }),
    ...(stats !== undefined && { stats }),
  };
  const volumes = await source.volume(select);
  const sum = { streams: volumes.length, chunks: 0, bytes: 0, entries: 0 };
  for (const { chunks, bytes, entries } of volumes) {
    sum.chunks += chunks;
    sum.bytes += bytes;
    sum.entries += entries;
  }
  return sum;
}

/** Throws LimitExceeded when the readings weigh more than one query, or one querier at once, may read. */
export async function checkBytesRead(
  readings: readonly Reading[],
  limits: Limits,
  parts: EstimateParts,
): Promise<void> {
  const { maxQueryBytesRead, maxQuerierBytesRead } = limits;
  if (maxQueryBytesRead <= 0 && maxQuerierBytesRead <= 0) return;
  const sizes: number[] = [];
  for (const reading of readings) sizes.push((await estimate(reading, parts)).bytes);
  checkWhole(
    sizes.reduce((a, b) => a + b, 0),
    maxQueryBytesRead,
  );
  for (const [index, reading] of readings.entries()) {
    checkPiece(await heaviest(reading, sizes[index]!, limits, parts), maxQuerierBytesRead);
  }
}

/** 0 is no limit, here and below. */
function checkWhole(bytes: number, bytesMax: number): void {
  if (bytesMax <= 0 || bytes <= bytesMax) return;
  const [query, limit] = [printBinarySize(bytes), printBinarySize(bytesMax)];
  throw new LimitExceeded(
    "max_query_bytes_read",
    `the query would read too many bytes (query: ${query}, limit: ${limit}); ` +
      "consider adding more specific stream selectors or reduce the time range of the query",
    { atFrontend: true },
  );
}

function checkPiece(bytes: number, bytesMax: number): void {
  if (bytesMax <= 0 || bytes <= bytesMax) return;
  const [query, limit] = [printBinarySize(bytes), printBinarySize(bytesMax)];
  throw new LimitExceeded(
    "max_querier_bytes_read",
    `query too large to execute on a single querier: (query: ${query}, limit: ${limit}); consider adding more ` +
      "specific stream selectors, reduce the time range of the query, or adjust parallelization settings",
    { atFrontend: true },
  );
}

/**
 * What a piece of time weighs that is over the limit, or else something that is not. Loki gives a querier one piece
 * of `split_queries_by_interval` at once. Times are halved, so that of what is light enough nobody asks further.
 */
async function heaviest(
  reading: Reading,
  bytes: number,
  limits: Limits,
  parts: EstimateParts,
): Promise<number> {
  const { maxQuerierBytesRead, splitQueriesByIntervalMs: splitMs } = limits;
  const { from, through } = reading;
  const [first, last] = [pieceOf(from, splitMs), pieceOf(through - 1n, splitMs)];
  if (maxQuerierBytesRead <= 0 || bytes <= maxQuerierBytesRead || first >= last) return bytes;
  const middle = ((first + last + 1n) / 2n) * nsOf(splitMs);
  for (const half of [
    { ...reading, through: middle },
    { ...reading, from: middle },
  ]) {
    const own = (await estimate(half, parts)).bytes;
    const heavy = await heaviest(half, own, limits, parts);
    if (heavy > maxQuerierBytesRead) return heavy;
  }
  return 0;
}
