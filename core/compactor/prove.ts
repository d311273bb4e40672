/**
 * Proves index files that a compaction leaves as they are: a tenant's only file is nobody's to read
 * otherwise, and damaged it would be found by the query that misses its lines.
 */
import { tableNumber } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import { fetchIndex, type IndexParts } from "./index-set.ts";
import { listTable } from "./list-table.ts";
import type { TableFiles, TenantJob } from "./plan.ts";
import { pooled } from "./pool.ts";

/** Files that are in memory at a time. */
const PROVED_AT_ONCE = 2;

/** The files that are of no job. */
export function leftAlone(files: TableFiles, jobs: readonly TenantJob[]): string[] {
  const merged = new Set(jobs.map(({ tenant }) => tenant));
  return [...files.own].filter(([tenant]) => !merged.has(tenant)).flatMap(([, keys]) => keys);
}

/** Reads all of them, and throws Corrupt with the first damaged one when there are any; the log has the others. */
export async function proveIndexes(keys: readonly string[], parts: IndexParts): Promise<void> {
  const damaged: Corrupt[] = [];
  await pooled(keys, PROVED_AT_ONCE, async (key) => {
    try {
      await fetchIndex(key, parts);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      damaged.push(error);
    }
  });
  for (const { message } of damaged.slice(1)) {
    parts.journal.log("error", "index file is damaged", { err: message });
  }
  if (damaged.length > 0) throw damaged[0]!;
}

/**
 * Proves tables that the schema does not know. A schema that was read off a bucket has none for a table
 * whose files are all damaged, so they would pass for a table of somebody else.
 */
export async function proveUnknown(
  known: ReadonlySet<string>,
  parts: IndexParts,
): Promise<{ table: string; error: Corrupt }[]> {
  const { store, prefix, journal } = parts;
  const failures: { table: string; error: Corrupt }[] = [];
  for (const table of (await store.folders(prefix)).folders) {
    if (known.has(table) || tableNumber(table) === undefined) continue;
    const { common, own } = await listTable(store, prefix, table, journal);
    try {
      await proveIndexes([...common, ...[...own.values()].flat()], parts);
      journal.log("warn", "left alone a table that the schema does not know", {
        "table-name": table,
      });
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      journal.log("error", "failed to compact table", { "table-name": table, err: error.message });
      failures.push({ table, error });
    }
  }
  return failures;
}
