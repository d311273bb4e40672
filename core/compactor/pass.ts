/**
 * One pass over everything that a configuration stores: compaction, then retention and deletes, then the
 * sweep of what was marked long ago. Delete requests are done when every table of every store was
 * visited, and not before.
 */
import type { LimitsOf } from "../model/limits.ts";
import type { Schema } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ChunkStore } from "../store/chunks.ts";
import { DeleteRun, type DeleteSettings, type FinishedRequest } from "./delete-run.ts";
import { isFull } from "./full-store.ts";
import type { IndexParts } from "./index-set.ts";
import { Losses } from "./losses.ts";
import { proveUnknown } from "./prove.ts";
import { applyRetention, type RetentionReport, type RetentionSettings } from "./retention.ts";
import {
  type CompactAllReport,
  compactAll,
  type OnTable,
  sumReports,
  type TableChoice,
  tablesOf,
} from "./run.ts";
import { type SweepOptions, type SweepReport, sweep } from "./sweep.ts";
import { tellOfFinished, tellOfRetention } from "./tell.ts";

/** One of the stores of a schema. Two may share their objects and keep their tables in different folders. */
export interface Site {
  /** Where the index lies: with the chunks, or in a store of its own. */
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly objects: ObjectStore;
  readonly chunks: ChunkStore;
}

export interface PassOptions {
  /** At least one; that of the oldest period first. */
  readonly sites: readonly Site[];
  readonly schema: Schema;
  readonly codecs: Codecs;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly tenantLimits: LimitsOf;
  readonly choice: TableChoice;
  readonly retention: RetentionSettings;
  readonly sweeping: { readonly delayMs: number; readonly workers: number };
  readonly deletes?: { readonly requests: DeleteRequests; readonly settings: DeleteSettings };
  readonly search?: ByteSearch;
  /** Says what would be done and changes nothing. */
  readonly dryRun?: boolean;
  /** Reads index files too that need no merging, to know that they are sound. */
  readonly provesAll?: boolean;
  readonly onTable?: OnTable;
  readonly signal?: AbortSignal;
}

export interface PassReport {
  readonly compaction: CompactAllReport;
  /** Undefined when there is nothing to keep to: no retention, no size, no deletes. */
  readonly retention: PassRetention | undefined;
  readonly sweep: SweepReport | undefined;
}

/** What became of all stores. */
export interface PassRetention extends RetentionReport {
  readonly losses: Losses;
  /** What would go if the rules were confirmed. */
  readonly withheld: Losses;
  readonly finished: readonly FinishedRequest[];
}

export async function runPass(options: PassOptions): Promise<PassReport> {
  if (options.dryRun) {
    const compaction = await runCompaction(options);
    return { compaction, retention: await runRetention(options), sweep: undefined };
  }
  const [compaction, retention] = await sweptWhenFull(options, async () => {
    return [await runCompaction(options), await runRetention(options)] as const;
  });
  return { compaction, retention, sweep: await runSweep(options) };
}

/** Work; when the store is too full for it what is marked goes all the same, so that the next try has room. */
export async function sweptWhenFull<T>(options: PassOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFull(error)) throw error;
    const { chunksDeleted } = await runSweep(options);
    options.journal.log("warn", "store is full, only the sweep was done", { chunksDeleted });
    throw error;
  }
}

export async function runCompaction(options: PassOptions): Promise<CompactAllReport> {
  const { meter, clock, sites, ...rest } = options;
  const name = "loki_boltdb_shipper_compact_tables_operation";
  const startMs = clock.ticksMs();
  const reports: CompactAllReport[] = [];
  for (const { store, prefix } of sites.toReversed()) {
    const site = { ...rest, clock, store, prefix };
    const report = await compactAll(site);
    reports.push(rest.provesAll ? await withUnknown(report, site) : report);
  }
  const report = reports.reduce(sumCompactions);
  const status = report.failures.length === 0 ? "success" : "failure";
  meter.count(`${name}_total`, 1, { status });
  if (status === "success") {
    meter.gauge(`${name}_duration_seconds`, (clock.ticksMs() - startMs) / 1000);
    meter.gauge(`${name}_last_successful_run_timestamp_seconds`, clock.nowMs() / 1000);
  }
  return report;
}

export async function runRetention(options: PassOptions): Promise<PassRetention | undefined> {
  const { retention, sites, deletes: wanted, ...rest } = options;
  const isWanted = retention.enabled || retention.sizeBytes > 0 || wanted !== undefined;
  if (!isWanted) return undefined;
  const deletes = await beginDeletes(options);
  const tally = { losses: new Losses(), withheld: new Losses() };
  const reports: RetentionReport[] = [];
  for (const site of sites.toReversed()) {
    const own = { ...rest, ...site, ...tally, retention, ...(deletes && { deletes }) };
    reports.push(await applyRetention(own));
  }
  const sum = reports.reduce(sumRetentions);
  const finished = deletes === undefined || sum.failures.length > 0 ? [] : await deletes.finish();
  const report = { ...sum, ...tally, finished };
  tellOfRetention(report, options);
  tellOfFinished(finished, options);
  return report;
}

/** The sweep of every store: a chunk goes when no index of any site that shares the store names it. */
export async function runSweep(options: PassOptions): Promise<SweepReport> {
  const reports: SweepReport[] = [];
  const swept = new Set<ObjectStore>();
  for (const { objects, chunks } of options.sites) {
    if (swept.has(objects)) continue;
    swept.add(objects);
    reports.push(await sweep(sweepOf({ objects, chunks }, options)));
  }
  return reports.reduce((a, b) => ({
    markFiles: a.markFiles + b.markFiles,
    left: a.left + b.left,
    chunksDeleted: a.chunksDeleted + b.chunksDeleted,
    chunksNamed: a.chunksNamed + b.chunksNamed,
  }));
}

/** The sweep of one store, and of every index that can name its chunks. */
export function sweepOf(
  { objects, chunks }: Pick<Site, "objects" | "chunks">,
  options: PassOptions,
): SweepOptions {
  const indexes = options.sites.filter((site) => site.objects === objects);
  return { ...options, ...options.sweeping, objects, chunks, indexes };
}

/** What is under way is written down with the newest chunks. */
async function beginDeletes(options: PassOptions): Promise<DeleteRun | undefined> {
  const { deletes, tenantLimits: limits, sites } = options;
  if (deletes === undefined) return undefined;
  const { requests, settings } = deletes;
  return await DeleteRun.begin(
    { ...options, requests, limits, store: sites.at(-1)!.objects },
    settings,
  );
}

/** What a compaction says, with what is damaged among the tables that it did not know. */
async function withUnknown(
  report: CompactAllReport,
  options: IndexParts & { readonly schema: Schema },
): Promise<CompactAllReport> {
  const known = new Set((await tablesOf(options)).map(({ name }) => name));
  return { ...report, failures: [...report.failures, ...(await proveUnknown(known, options))] };
}

function sumCompactions(a: CompactAllReport, b: CompactAllReport): CompactAllReport {
  return { ...sumReports(a, b), failures: [...a.failures, ...b.failures] };
}

function sumRetentions(a: RetentionReport, b: RetentionReport): RetentionReport {
  const oldestMs = new Map<Tenant, number>(a.oldestMs);
  for (const [tenant, ms] of b.oldestMs) {
    oldestMs.set(tenant, Math.min(ms, oldestMs.get(tenant) ?? Infinity));
  }
  return {
    modified: a.modified + b.modified,
    deleted: a.deleted + b.deleted,
    isFirst: a.isFirst || b.isFirst,
    shrinkages: [...new Set([...a.shrinkages, ...b.shrinkages])],
    oldestMs,
    failures: [...a.failures, ...b.failures],
  };
}
