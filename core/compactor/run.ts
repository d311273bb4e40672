/**
 * Compaction: the index files that ingesters uploaded for a table become one file for each tenant.
 *
 * A kill at any moment loses nothing. All files are read and proven before anything is written; a
 * tenant's new file is in the store before its old ones go; the common files go last, when every
 * tenant has its new file. Until then a chunk may be named by an old file and a new one, which readers
 * and the next run take as one. What this rests on: a file that was uploaded never changes.
 */
import type { IndexReader } from "../index/reader.ts";
import { DELETE_REQUESTS, type Table, tableNamed } from "../index/table.ts";
import { indexVersionOf, type Schema } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import {
  blaming,
  fetchIndex,
  INDEX_LANES,
  type IndexParts,
  removeIndex,
  uploadIndex,
} from "./index-set.ts";
import { listTable } from "./list-table.ts";
import { mergeTenant, tenantsOf } from "./merge-index.ts";
import { newestFirst, planTable, type TenantJob } from "./plan.ts";
import { pooled } from "./pool.ts";

export interface CompactOptions extends IndexParts {
  readonly schema: Schema;
  /** Reads and merges, but leaves the store as it is. */
  readonly dryRun?: boolean;
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

/** Tenants that are merged and uploaded at a time. */
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
  return { ...reports.reduce(add, NOTHING), failures };
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
    const { journal, clock } = this.#options;
    return pooled(keys, INDEX_LANES, async (key) => {
      const startMs = clock.ticksMs();
      const reader = await fetchIndex(key, this.#options);
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
    const { signal, dryRun } = this.#options;
    signal?.throwIfAborted();
    const table = this.#table;
    const version = indexVersionOf(table.period);
    const merged = mergeTenant({ tenant, common, own: ownReaders, version });
    const [only] = ownReaders;
    if (merged === undefined) {
      await this.remove(own, tenant);
      return { ...NOTHING, tenants: 1, filesIn: own.length };
    }
    // Fast path: a run that ended before the common files went has done this tenant already.
    if (ownReaders.length === 1 && sameBytes(merged, only!.bytes))
      return { ...NOTHING, tenants: 1 };
    const report = { tables: 0, tenants: 1, filesIn: own.length, filesOut: 1 };
    if (dryRun) return { ...report, bytes: 0 };
    const { size } = await uploadIndex({ table, tenant, own, merged }, this.#options);
    await this.remove(own, tenant);
    return { ...report, bytes: size };
  }

  async remove(keys: readonly string[], tenant?: Tenant): Promise<void> {
    if (this.#options.dryRun) return;
    const owner = tenant === undefined ? {} : { tenant };
    await removeIndex({ table: this.#table, keys, ...owner }, this.#options);
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
