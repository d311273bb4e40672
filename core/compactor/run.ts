/**
 * Compaction: the index files that ingesters uploaded for a table become one file for each tenant.
 *
 * A kill at any moment loses nothing. All files are read and proven before anything is written; a
 * tenant's new file is in the store before its old ones go; the common files go last, when every
 * tenant has its new file. Until then a chunk may be named by an old file and a new one, which readers
 * and the next run take as one. What this rests on: a file that was uploaded never changes.
 */
import { named, openIndexFile } from "../index/open.ts";
import { IndexReader } from "../index/reader.ts";
import {
  compactedFileName,
  DELETE_REQUESTS,
  indexKey,
  type Table,
  tableNamed,
} from "../index/table.ts";
import { Unavailable } from "../model/errors.ts";
import { indexVersionOf, type Schema } from "../model/schema.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { listTable } from "./list-table.ts";
import { mergeTenant, tenantsOf } from "./merge-index.ts";
import { newestFirst, planTable, type TenantJob } from "./plan.ts";
import { pooled } from "./pool.ts";

export interface CompactOptions {
  readonly store: ObjectStore;
  readonly codecs: Codecs;
  /** Where the tables lie in the store, `index/`. */
  readonly prefix: string;
  readonly schema: Schema;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Reads and merges, but leaves the store as it is. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface CompactReport {
  /** Tables that were gone through without a failure. */
  readonly tables: number;
  /** Tenants whose files were merged. */
  readonly tenants: number;
  /** Files that were replaced, and files that replace them. */
  readonly filesIn: number;
  readonly filesOut: number;
  /** Bytes of the new files, compressed. */
  readonly bytes: number;
}

export interface CompactAllReport extends CompactReport {
  readonly failures: readonly { readonly table: string; readonly error: unknown }[];
}

/** Files that are fetched at a time, and tenants that are merged and uploaded at a time. */
const DOWNLOADS = 16;
const UPLOADS = 4;

const NOTHING: CompactReport = { tables: 0, tenants: 0, filesIn: 0, filesOut: 0, bytes: 0 };

/**
 * Compacts every table, newest first, or those that `tables` names. A failure ends its table and is
 * reported; the others go on.
 */
export async function compactAll(
  options: CompactOptions & { readonly tables?: readonly string[] },
): Promise<CompactAllReport> {
  const { store, prefix, schema, journal, signal } = options;
  const { folders } = await store.folders(prefix);
  const names = folders.filter((name) => name !== DELETE_REQUESTS);
  const wanted = names.filter((name) => options.tables?.includes(name) ?? true);
  const tables = newestFirst(wanted.flatMap((name) => tableNamed(schema, name) ?? []));

  const failures: { table: string; error: unknown }[] = [];
  let sum = NOTHING;
  for (const { name } of tables) {
    signal?.throwIfAborted();
    try {
      sum = add(sum, await compactTable({ ...options, table: name }));
    } catch (error) {
      if (signal?.aborted) throw error;
      const err = error instanceof Error ? error.message : String(error);
      journal.log("error", "failed to compact table", { "table-name": name, err });
      failures.push({ table: name, error });
    }
  }
  return { ...sum, failures };
}

/**
 * Compacts one table. A table that the schema does not know is left alone; so is one with a damaged
 * file, which is thrown as Corrupt with the file's key.
 */
export async function compactTable(
  options: CompactOptions & { readonly table: string },
): Promise<CompactReport> {
  const { store, prefix, schema, clock, journal } = options;
  const table = tableNamed(schema, options.table);
  if (table === undefined) return NOTHING;
  const startMs = clock.ticksMs();
  const files = await listTable(store, prefix, table.name, journal);
  const count = files.common.length + [...files.own.values()].flat().length;
  journal.log("info", "listed files", { "table-name": table.name, count });

  const run = new TableRun(table, options);
  const common = await run.open(files.common);
  const tenants = files.common.flatMap((key, index) =>
    blaming(key, () => tenantsOf(common[index]!)),
  );
  const jobs = planTable(files, tenants);
  const own = new Map<TenantJob, readonly IndexReader[]>();
  for (const job of jobs) own.set(job, await run.open(job.own));

  if (jobs.length > 0 && !options.dryRun)
    journal.log("info", "uploading tables", { "table-name": table.name });
  const reports = await pooled(jobs, UPLOADS, (job) => run.replace(job, common, own.get(job)!));
  await run.remove(files.common);

  const spentMs = clock.ticksMs() - startMs;
  journal.log("info", "finished compacting table", {
    "table-name": table.name,
    "duration-ms": spentMs,
  });
  return reports.reduce(add, { ...NOTHING, tables: 1, filesIn: files.common.length });
}

/** The steps of one table's compaction. */
class TableRun {
  readonly #table: Table;
  readonly #options: CompactOptions;

  constructor(table: Table, options: CompactOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Fetches files and proves every byte of them that a merge will read. */
  open(keys: readonly string[]): Promise<IndexReader[]> {
    const { store, codecs, journal, clock, signal } = this.#options;
    return pooled(keys, DOWNLOADS, async (key) => {
      signal?.throwIfAborted();
      const startMs = clock.ticksMs();
      const stored = await store.get(key, signal && { signal });
      if (stored === undefined) throw new Unavailable(`index file ${key} went away meanwhile`);
      const reader = await openIndexFile(key, stored, codecs);
      blaming(key, () => reader.prove());
      journal.log("info", "downloaded file", {
        "table-name": this.#table.name,
        file: key,
        "duration-ms": clock.ticksMs() - startMs,
      });
      return reader;
    });
  }

  /** Puts one file in the place of a tenant's own files and its part of the common ones. */
  async replace(
    { tenant, own }: TenantJob,
    common: readonly IndexReader[],
    ownReaders: readonly IndexReader[],
  ): Promise<CompactReport> {
    const { codecs, signal } = this.#options;
    signal?.throwIfAborted();
    const version = indexVersionOf(this.#table.period);
    const merged = mergeTenant({ tenant, common, own: ownReaders, version });
    const [only] = ownReaders;
    if (merged === undefined) {
      await this.remove(own, tenant);
      return { ...NOTHING, tenants: 1, filesIn: own.length };
    }
    // Fast path: a run that ended before the common files went has done this tenant already.
    if (ownReaders.length === 1 && sameBytes(merged, only!.bytes))
      return { ...NOTHING, tenants: 1 };
    const stored = await codecs.compress(ENCODINGS.gzip, merged);
    await this.#upload(this.#keyFor(merged, tenant, own), stored);
    await this.remove(own, tenant);
    return { tables: 0, tenants: 1, filesIn: own.length, filesOut: 1, bytes: stored.length };
  }

  async remove(keys: readonly string[], tenant?: string): Promise<void> {
    const { store, journal, dryRun } = this.#options;
    if (keys.length === 0 || dryRun) return;
    journal.log("info", "removing source db files from storage", {
      "table-name": this.#table.name,
      ...(tenant === undefined ? {} : { "user-id": tenant }),
      count: keys.length,
    });
    await pooled(keys, DOWNLOADS, (key) => store.delete(key));
  }

  /** A key that none of the files to be replaced has: readers keep files by their name. */
  #keyFor(merged: Uint8Array, tenant: string, own: readonly string[]): string {
    // Opening what was written is the other half of proving what was read.
    const reader = IndexReader.open(merged);
    let seconds = Math.floor(this.#options.clock.nowMs() / 1000);
    for (;;) {
      const file = compactedFileName(seconds, reader);
      const key = indexKey(this.#options.prefix, this.#table.name, file, tenant);
      if (!own.includes(key)) return key;
      seconds++;
    }
  }

  async #upload(key: string, stored: Uint8Array): Promise<void> {
    const { store, signal, dryRun } = this.#options;
    if (!dryRun) await store.put(key, stored, signal && { signal });
  }
}

/** Runs `read`, and says of which file it is when that file is damaged. */
function blaming<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw named(key, error);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function add(a: CompactReport, b: CompactReport): CompactReport {
  return {
    tables: a.tables + b.tables,
    tenants: a.tenants + b.tenants,
    filesIn: a.filesIn + b.filesIn,
    filesOut: a.filesOut + b.filesOut,
    bytes: a.bytes + b.bytes,
  };
}
