/** Lists the index files of a table: those directly in its folder are common, a folder below it is a tenant. */
import { parseFileName, tablePrefix } from "../index/table.ts";
import { BadRequest } from "../model/errors.ts";
import { checkTenant, type Tenant } from "../model/tenant.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";
import type { TableFiles } from "./plan.ts";
import { pooled } from "./pool.ts";

/** Listings that are asked for at a time. */
const LISTINGS = 8;

/** Objects that are not named like index files, and folders that are not named like tenants, are left alone. */
export async function listTable(
  store: ObjectStore,
  prefix: string,
  table: string,
  journal: Journal,
): Promise<TableFiles> {
  const base = tablePrefix(prefix, table);
  const warn = (key: string) =>
    journal.log("warn", "left alone what is no index file", { "table-name": table, key });
  const { folders, objects } = await store.folders(base);
  const tenants = folders.filter((folder) => isTenant(folder) || warn(`${base}${folder}/`));
  const listings = await pooled(tenants, LISTINGS, (tenant) => store.folders(`${base}${tenant}/`));

  const own = new Map<Tenant, string[]>();
  tenants.forEach((tenant, index) => {
    const keys = indexFiles(listings[index]!.objects, warn);
    if (keys.length > 0) own.set(tenant as Tenant, keys);
  });
  return { common: indexFiles(objects, warn), own };
}

function indexFiles(objects: readonly ObjectInfo[], warn: (key: string) => void): string[] {
  return objects
    .map(({ key }) => key)
    .filter((key) => parseFileName(key.slice(key.lastIndexOf("/") + 1)) !== undefined || warn(key));
}

function isTenant(folder: string): folder is Tenant {
  try {
    checkTenant(folder);
    return true;
  } catch (error) {
    if (error instanceof BadRequest) return false;
    throw error;
  }
}
