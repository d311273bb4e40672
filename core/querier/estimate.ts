/** What a query would touch, from the index alone; and the limit on it. */
import { printBinarySize } from "../golang/bytes-size.ts";
import type { Plan } from "../logql/plan/plan.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Matcher } from "../model/matcher.ts";
import type { ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
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

/** Throws LimitExceeded when the readings weigh more than `max_query_bytes_read`; 0 is no limit. */
export async function checkBytesRead(
  readings: readonly Reading[],
  bytesMax: number,
  parts: EstimateParts,
): Promise<void> {
  if (bytesMax <= 0) return;
  let bytes = 0;
  for (const reading of readings) bytes += (await estimate(reading, parts)).bytes;
  checkBytes(bytes, bytesMax);
}

/** The same of an estimate that is there. */
export function checkBytes(bytes: number, bytesMax: number): void {
  if (bytesMax <= 0 || bytes <= bytesMax) return;
  const [query, limit] = [printBinarySize(bytes), printBinarySize(bytesMax)];
  throw new LimitExceeded(
    "max_query_bytes_read",
    `the query would read too many bytes (query: ${query}, limit: ${limit}); ` +
      "consider adding more specific stream selectors or reduce the time range of the query",
  );
}
