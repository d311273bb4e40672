/**
 * The sweep: chunks that were marked long enough ago are deleted, unless an index names them. That is
 * asked of the index files as they are now, since a mark is written before anything else happens: the
 * compactor may have been killed after it, a chunk that crosses midnight has two tables, and a chunk
 * that was written again is marked before it is put.
 */
import type { ChunkName } from "../chunk/keys.ts";
import { tableNumber, tenantMatcher } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Meter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ChunkStore } from "../store/chunks.ts";
import { fetchIndex, type IndexParts } from "./index-set.ts";
import { listTable } from "./list-table.ts";
import { decodeMarks, nameText } from "./marks.ts";
import { MARKS, stampOf } from "./places.ts";
import { pooled } from "./pool.ts";

export interface SweepOptions extends Omit<IndexParts, "store" | "prefix"> {
  /** Where the marks and the chunks lie. */
  readonly objects: ObjectStore;
  readonly chunks: ChunkStore;
  /** Every index that can name a chunk of this store. */
  readonly indexes: readonly Pick<IndexParts, "store" | "prefix">[];
  readonly meter: Meter;
  /** How long a chunk stays after it was marked: readers may still have the old index. */
  readonly delayMs: number;
  /** Chunks that are deleted at a time. */
  readonly workers: number;
}

export interface SweepReport {
  /** Objects with marks that were done, and that are left for later. */
  readonly markFiles: number;
  readonly left: number;
  readonly chunksDeleted: number;
  /** Chunks that an index names, and so stay. */
  readonly chunksNamed: number;
}

/** Marks that are held against the index at once. */
const MARKS_AT_ONCE = 200_000;
/** A chunk longer than that is looked for in every table. */
const DAYS_MAX = 400;

export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const { objects, meter } = options;
  const listed = await listDue(options);
  let { left } = listed;
  const report = { markFiles: 0, chunksDeleted: 0, chunksNamed: 0 };
  for await (const { keys, gone, named, damaged } of batchesOf(listed.due, options)) {
    left += damaged;
    await pooled(gone, options.workers, (name) => deleteChunk(name, options));
    for (const key of keys) await objects.delete(key);
    report.markFiles += keys.length;
    report.chunksDeleted += gone.length;
    report.chunksNamed += named;
  }
  meter.gauge("loki_boltdb_shipper_retention_sweeper_marker_files_current", left);
  return { ...report, left };
}

/** The chunks that a sweep would delete. */
export async function* dueChunks(options: SweepOptions): AsyncGenerator<ChunkName> {
  const { due } = await listDue(options);
  for await (const { gone } of batchesOf(due, options)) yield* gone;
}

/** Objects with marks that are old enough, and how many are not. */
async function listDue({
  objects,
  clock,
  delayMs,
}: SweepOptions): Promise<{ due: string[]; left: number }> {
  const dueMs = clock.nowMs() - delayMs;
  const due: string[] = [];
  let left = 0;
  for await (const { key } of objects.list(MARKS)) {
    const stampMs = stampOf(MARKS, key);
    if (stampMs === undefined) continue;
    if (stampMs <= dueMs) due.push(key);
    else left++;
  }
  return { due, left };
}

interface DueBatch {
  /** Objects with marks. */
  readonly keys: readonly string[];
  readonly gone: readonly ChunkName[];
  /** How many an index names, and how many objects with marks are damaged. */
  readonly named: number;
  readonly damaged: number;
}

async function* batchesOf(due: string[], options: SweepOptions): AsyncGenerator<DueBatch> {
  while (due.length > 0) {
    options.signal?.throwIfAborted();
    const { keys, chunks, damaged } = await nextBatch(due, options);
    const named = await namedAmong(chunks, options);
    const gone = [...chunks].filter(([text]) => !named.has(text)).map(([, name]) => name);
    yield { keys, gone, named: named.size, damaged };
  }
}

/** Whether there is anything to sweep: one listing tells, since marks are named in the order of time. */
export async function isSweepDue(objects: ObjectStore, dueMs: number): Promise<boolean> {
  for await (const { key } of objects.list(MARKS)) {
    const stampMs = stampOf(MARKS, key);
    if (stampMs !== undefined) return stampMs <= dueMs;
  }
  return false;
}

/** Takes keys off the front of `due`. A damaged object stays where it is, and what it marks with it. */
async function nextBatch(
  due: string[],
  { objects, journal, meter }: SweepOptions,
): Promise<{ keys: string[]; chunks: Map<string, ChunkName>; damaged: number }> {
  const keys: string[] = [];
  const chunks = new Map<string, ChunkName>();
  let damaged = 0;
  while (due.length > 0 && chunks.size < MARKS_AT_ONCE) {
    const key = due.shift()!;
    const bytes = await objects.get(key);
    if (bytes === undefined) continue;
    const stampMs = stampOf(MARKS, key)!;
    meter.gauge(
      "loki_boltdb_shipper_retention_sweeper_marker_file_processing_current_time",
      stampMs / 1000,
    );
    try {
      for (const name of decodeMarks(bytes)) chunks.set(nameText(name), name);
      keys.push(key);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      damaged++;
      journal.log("error", "marks are damaged", { key, err: error.message });
    }
  }
  return { keys, chunks, damaged };
}

export async function deleteChunk(
  name: ChunkName,
  { chunks, clock, meter }: SweepOptions,
): Promise<void> {
  const startMs = clock.ticksMs();
  const observe = (status: string) => {
    const seconds = (clock.ticksMs() - startMs) / 1000;
    meter.observe("loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds", seconds, {
      status,
    });
  };
  try {
    const { tenant, fingerprint } = name;
    await chunks.remove({ tenant, fingerprint, ref: { ...name, kb: 0, entries: 0 } });
  } catch (error) {
    observe("failure");
    throw error;
  }
  observe("success");
}

/** Those that an index file names. Throws when a file that could name one cannot be read: then nobody knows. */
async function namedAmong(
  chunks: ReadonlyMap<string, ChunkName>,
  options: SweepOptions,
): Promise<Set<string>> {
  const named = new Set<string>();
  if (chunks.size === 0) return named;
  const wanted = wantedDays(chunks.values());
  const tenants = new Set([...chunks.values()].map(({ tenant }) => tenant as Tenant));
  const see = (text: string) => chunks.has(text) && named.add(text);
  for (const index of options.indexes) {
    const parts = { ...options, ...index };
    const { folders } = await index.store.folders(index.prefix);
    for (const table of folders) {
      const number = tableNumber(table);
      if (number === undefined || !(wanted?.has(number) ?? true)) continue;
      const files = await listTable(index.store, index.prefix, table, options.journal);
      for (const tenant of tenants) {
        for (const key of files.own.get(tenant) ?? []) await eachNamed(key, tenant, parts, see);
      }
      for (const key of files.common) await eachNamed(key, tenants, parts, see);
    }
  }
  return named;
}

/** Days whose tables can name one of the chunks; undefined for all. */
function wantedDays(chunks: Iterable<ChunkName>): Set<number> | undefined {
  const days = new Set<number>();
  for (const { fromMs, throughMs } of chunks) {
    const [first, final] = [Math.floor(fromMs / DAY_MS), Math.floor(throughMs / DAY_MS)];
    if (final - first > DAYS_MAX) return undefined;
    for (let day = first; day <= final; day++) days.add(day);
  }
  return days;
}

async function eachNamed(
  key: string,
  of: Tenant | ReadonlySet<Tenant>,
  parts: IndexParts,
  visit: (text: string) => void,
): Promise<void> {
  const reader = await fetchIndex(key, parts);
  const visitAll = (tenant: Tenant, matchers: Parameters<typeof reader.wholeSeries>[0]) => {
    for (const { fingerprint, chunks } of reader.wholeSeries(matchers)) {
      for (const ref of chunks) visit(nameText({ tenant, fingerprint, ...ref }));
    }
  };
  if (typeof of === "string") visitAll(of, []);
  else for (const tenant of of) visitAll(tenant, [tenantMatcher(tenant)]);
}
