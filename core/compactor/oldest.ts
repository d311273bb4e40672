/**
 * The first moment of what is kept, by tenant. Names of compacted files tell it; other files must be
 * read, of which only those of a tenant's oldest table are.
 */
import { type Table, tenantMatcher } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { fetchIndex, type IndexParts } from "./index-set.ts";
import type { TableFiles } from "./plan.ts";

export class OldestKept {
  readonly #ms = new Map<Tenant, number>();
  readonly #unread = new Map<Table, { readonly files: TableFiles; readonly tenants: Tenant[] }>();

  /** Something is kept from this moment on. */
  kept(tenant: Tenant, fromMs: number): void {
    if (fromMs < (this.#ms.get(tenant) ?? Infinity)) this.#ms.set(tenant, fromMs);
  }

  /** Everything in a table is kept, and nobody knows yet since when. */
  unread(table: Table, files: TableFiles, tenant: Tenant): void {
    const known = this.#unread.get(table);
    if (known === undefined) this.#unread.set(table, { files, tenants: [tenant] });
    else known.tenants.push(tenant);
  }

  /** Unix milliseconds. Reads what has to be read. */
  async all(parts: IndexParts): Promise<ReadonlyMap<Tenant, number>> {
    const unread = [...this.#unread].sort(([a], [b]) => a.fromMs - b.fromMs);
    for (const [table, { files, tenants }] of unread) {
      const wanted = tenants.filter((tenant) => table.fromMs < (this.#ms.get(tenant) ?? Infinity));
      try {
        await this.#read(files, wanted, parts);
      } catch (error) {
        if (!(error instanceof Corrupt)) throw error;
        // Retention had nothing to do there; whoever had to read the file has failed with it.
        parts.journal.log("error", "oldest line is not known", {
          ...{ "table-name": table.name, err: error.message },
        });
      }
    }
    return this.#ms;
  }

  async #read(
    { common, own }: TableFiles,
    tenants: readonly Tenant[],
    parts: IndexParts,
  ): Promise<void> {
    for (const key of tenants.length > 0 ? common : []) {
      const reader = await fetchIndex(key, parts);
      for (const tenant of tenants) {
        for (const { chunks } of reader.wholeSeries([tenantMatcher(tenant)])) {
          for (const { fromMs } of chunks) this.kept(tenant, fromMs);
        }
      }
    }
    for (const tenant of tenants) {
      for (const key of own.get(tenant) ?? []) {
        this.kept(tenant, (await fetchIndex(key, parts)).fromMs);
      }
    }
  }
}
