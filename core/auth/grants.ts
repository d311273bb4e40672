/** What a credential may do: for each kind of access the tenants it holds for. */

/** `admin` is deleting a tenant's lines and its rules; for all tenants it also opens the process's own routes. */
export type Access = "read" | "write" | "admin";

/** Tenant ids, or `*` for every tenant. */
export interface Grants extends Readonly<Record<Access, readonly string[]>> {
  /** Who is meant when a request names no tenant; undefined leaves such a request without one. */
  readonly defaultTenant: string | undefined;
}

export const EVERY_TENANT = "*";

export function permits(
  grants: Grants,
  { access, tenants }: { access: Access; tenants: readonly string[] },
): boolean {
  const list = grants[access];
  return list.includes(EVERY_TENANT) || tenants.every((tenant) => list.includes(tenant));
}

/** Whether the routes that concern the whole process are open: they touch every tenant. */
export function administersAll(grants: Grants): boolean {
  return grants.admin.includes(EVERY_TENANT);
}

/** Grants with the default tenant that follows when only one tenant is named at all. */
export function grantsOf(lists: {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly admin: readonly string[];
  readonly defaultTenant?: string | undefined;
}): Grants {
  const { read, write, admin } = lists;
  const named = new Set([...read, ...write, ...admin]);
  const [only] = named;
  const single = named.size === 1 && only !== EVERY_TENANT ? only : undefined;
  return { read, write, admin, defaultTenant: lists.defaultTenant ?? single };
}
