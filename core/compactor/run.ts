/**
 * Compaction: the index files that ingesters uploaded for a table become one file for each tenant.
 *
 * A kill at any moment loses nothing. All files are read and proven before anything is written; a
 * tenant's new file is in the store before its old ones go; the common files go last, when every
 * tenant has its new file. Until then a chunk may be named by an old file and a new one, which readers
 * and the next run take as one. What this rests on: a file that was uploaded never changes.
 */
import { release } from "../bytes/release.ts";
import { printByteSize } from "../golang/bytes-size.ts";
import { printGoDuration } from "../golang/duration.ts";
import { DELETE_REQUESTS, type Table, tableNamed } from "../index/table.ts";
import { indexVersionOf, type Schema } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import {
  blaming,
  fetchBytes,
  type IndexParts,
  packMerged,
  removeIndex,
  uploadIndex,
} from "./index-set.ts";
import { listTable } from "./list-table.ts";
import { type AddedFile, IndexMerge } from "./merge-index.ts";
import { newestFirst, planTable, type TenantJob } from "./plan.ts";
import { pooled } from "./pool.ts";
import { leftAlone, proveIndexes } from "./prove.ts";
import type { WrittenIndex } from "./write-index.ts";

export interface CompactOptions extends IndexParts {
  readonly schema: Schema;
  /** Reads and merges, but leaves the store as it is. */
  readonly dryRun?: boolean;
  /** Reads files too that need no merging, to know that they are sound. */
  readonly provesAll?: boolean;
  readonly choice?: TableChoice;
  readonly onTable?: OnTable;
}

/** Told of every table that was gone through: how many of how many, and what was done. */
export type OnTable = (done: number, total: number, what: "compacted" | "retention") => void;

/** Which tables are compacted, and how many at a time. */
export interface TableChoice {
  /** So many of the newest tables are left alone. */
  readonly skipLatestTables: number;
  /** No more tables than that, newest first; 0 for all. */
  readonly tablesMax: number;
  readonly parallelism: number;
}

export interface CompactReport {
  /** Tables that were gone through without a failure. */
  readonly tables: number;
  /** Tenants whose files were merged. */
  readonly tenants: number;
  /** Files that were replaced, and files that replace them. */
  readonly filesIn: number;
  readonly filesOut: number;
  /** Bytes of the new files, compressed; 0 when none were made. */
  readonly bytes: number;
}

export interface CompactAllReport extends CompactReport {
  readonly failures: readonly { readonly table: string; readonly error: unknown }[];
}

/** Files that are fetched at a time, and tenants that are written and uploaded at a time. */
const DOWNLOADS = 4;
const UPLOADS = 4;

const ALL_TABLES: TableChoice = { skipLatestTables: 0, tablesMax: 0, parallelism: 1 };

const NOTHING: CompactReport = { tables: 0, tenants: 0, filesIn: 0, filesOut: 0, bytes: 0 };

/**
 * Compacts every table, newest first, or those that `tables` names. A failure ends its table and is
 * reported; the others go on.
 */
export async function compactAll(
  options: CompactOptions & { readonly tables?: readonly string[] },
): Promise<CompactAllReport> {
  const { journal, signal, choice = ALL_TABLES } = options;
  const all = await tablesOf(options);
  const wanted = all
    .filter(({ name }) => options.tables?.includes(name) ?? true)
    .slice(
      choice.skipLatestTables,
      choice.tablesMax > 0 ? choice.skipLatestTables + choice.tablesMax : undefined,
    );

  const failures: { table: string; error: unknown }[] = [];
  let done = 0;
  const reports = await pooled(wanted, choice.parallelism, async ({ name }) => {
    signal?.throwIfAborted();
    try {
      return await compactTable({ ...options, table: name });
    } catch (error) {
      if (signal?.aborted) throw error;
      const err = error instanceof Error ? error.message : String(error);
      journal.log("error", "failed to compact table", { "table-name": name, err });
      failures.push({ table: name, error });
      return NOTHING;
    } finally {
      options.onTable?.(++done, wanted.length, "compacted");
    }
  });
  return { ...reports.reduce(sumReports, NOTHING), failures };
}

/** The tables of a bucket that its schema knows, newest first. */
export async function tablesOf({
  store,
  prefix,
  schema,
}: Pick<CompactOptions, "store" | "prefix" | "schema">): Promise<Table[]> {
  const { folders } = await store.folders(prefix);
  const names = folders.filter((name) => name !== DELETE_REQUESTS);
  return newestFirst(names.flatMap((name) => tableNamed(schema, name) ?? []));
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
  await run.addCommon(files.common);
  const jobs = planTable(files, run.tenants);
  for (const job of jobs) await run.addOwn(job);

  if (jobs.length > 0 && !options.dryRun)
    journal.log("info", "uploading tables", { "table-name": table.name });
  const reports = await pooled(jobs, UPLOADS, (job) => run.replace(job));
  await run.remove(files.common);
  // Last: what is damaged there keeps nothing here from being merged.
  if (options.provesAll) await proveIndexes(leftAlone(files, jobs), options);

  const spentMs = clock.ticksMs() - startMs;
  journal.log("info", "finished compacting table", {
    "table-name": table.name,
    "duration-ms": Math.round(spentMs),
  });
  return reports.reduce(sumReports, { ...NOTHING, tables: 1, filesIn: files.common.length });
}

/** The steps of one table's compaction. */
class TableRun {
  readonly #table: Table;
  readonly #options: CompactOptions;
  readonly #merge = new IndexMerge();
  /** What the only own file of a tenant brought. */
  readonly #only = new Map<Tenant, AddedFile>();

  constructor(table: Table, options: CompactOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Those that common files have series of. */
  get tenants(): Iterable<Tenant> {
    return [...this.#merge.tenants.keys()];
  }

  async addCommon(keys: readonly string[]): Promise<void> {
    await this.#each(keys, (bytes) => this.#merge.addCommon(bytes));
  }

  async addOwn({ tenant, own }: TenantJob): Promise<void> {
    await this.#each(own, (bytes) => {
      const added = this.#merge.addOwn(bytes, tenant);
      if (own.length === 1) this.#only.set(tenant, added);
    });
  }

  /** Puts one file in the place of a tenant's own files and its part of the common ones. */
  async replace({ tenant, own }: TenantJob): Promise<CompactReport> {
    const { signal, dryRun, codecs } = this.#options;
    signal?.throwIfAborted();
    const table = this.#table;
    const version = indexVersionOf(table.period);
    const merged = this.#merge.tenants.get(tenant);
    if (merged === undefined || merged.seriesCount === 0) {
      await this.remove(own, tenant);
      return { ...NOTHING, tenants: 1, filesIn: own.length };
    }
    const packed = await packMerged(merged, version, codecs);
    // It takes much memory, and nobody asks again.
    this.#merge.forget(tenant);
    // Fast path: a run that ended before the common files went has done this tenant already.
    if (isAll(this.#only.get(tenant), packed.written, version)) return { ...NOTHING, tenants: 1 };
    const report = { tables: 0, tenants: 1, filesIn: own.length, filesOut: 1 };
    if (dryRun) return { ...report, bytes: 0 };
    await uploadIndex({ table, tenant, own, packed }, this.#options);
    await this.remove(own, tenant);
    return { ...report, bytes: packed.stored.length };
  }

  /** Fetches files and adds them one by one; a few are under way at a time. */
  async #each(keys: readonly string[], add: (bytes: Uint8Array) => unknown): Promise<void> {
    const { journal, clock } = this.#options;
    await pooled(keys, DOWNLOADS, async (key) => {
      const startMs = clock.ticksMs();
      const bytes = await fetchBytes(key, this.#options);
      // `13 kB`, as Loki says it.
      const size = printByteSize(bytes.length).replace(/(?=[A-Za-z]+$)(?<=\d)/, " ");
      blaming(key, () => add(bytes));
      // What is kept of it are copies.
      release(bytes);
      journal.log("info", "downloaded file", {
        "table-name": this.#table.name,
        "file-name": key.slice(key.lastIndexOf("/") + 1),
        size,
        total_time: printGoDuration(BigInt(Math.round((clock.ticksMs() - startMs) * 1e6))),
      });
    });
  }

  async remove(keys: readonly string[], tenant?: Tenant): Promise<void> {
    if (this.#options.dryRun) return;
    const owner = tenant === undefined ? {} : { tenant };
    await removeIndex({ table: this.#table, keys, ...owner }, this.#options);
  }
}

/** Whether a file has everything that was merged: it is a part of it, so it is all when it has as much. */
function isAll(file: AddedFile | undefined, all: WrittenIndex, version: 2 | 3): boolean {
  return file?.version === version && file.series === all.series && file.chunks === all.chunks;
}

/** What two tables or two stores came to together. */
export function sumReports(a: CompactReport, b: CompactReport): CompactReport {
  return {
    tables: a.tables + b.tables,
    tenants: a.tenants + b.tenants,
    filesIn: a.filesIn + b.filesIn,
    filesOut: a.filesOut + b.filesOut,
    bytes: a.bytes + b.bytes,
  };
}
