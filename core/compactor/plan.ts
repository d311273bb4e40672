/** What is to be done with the files of a table so that every tenant has one file and the table none. */
import type { Tenant } from "../model/tenant.ts";

/** The keys of the index files of a table. */
export interface TableFiles {
  /** Files with the series of all tenants. */
  readonly common: readonly string[];
  /** Files of one tenant each. */
  readonly own: ReadonlyMap<Tenant, readonly string[]>;
}

/** A tenant whose files become one: these, and what the common files have of it. */
export interface TenantJob {
  readonly tenant: Tenant;
  readonly own: readonly string[];
}

/** A tenant with a single file of its own and nothing in the common files is left alone. */
export function planTable(files: TableFiles, tenantsInCommon: Iterable<Tenant>): TenantJob[] {
  const touched = new Set(tenantsInCommon);
  for (const [tenant, own] of files.own) if (own.length > 1) touched.add(tenant);
  return [...touched].sort().map((tenant) => ({ tenant, own: files.own.get(tenant) ?? [] }));
}

/** Tables in the order of their numbers, newest first, without what is no table. */
export function newestFirst<T extends { readonly number: number }>(tables: readonly T[]): T[] {
  return tables.toSorted((a, b) => b.number - a.number);
}
