/** Whose request it is: the header `X-Scope-OrgID` (spec http-api §1.1). */
import { BadRequest } from "../model/errors.ts";
import { checkTenant, literalTenant, SINGLE_TENANT, type Tenant } from "../model/tenant.ts";

export const TENANT_HEADER = "X-Scope-OrgID";

export interface TenantSettings {
  readonly authEnabled: boolean;
  readonly multiTenantQueries: boolean;
}

/** The tenants that a read may ask: one, or with multi-tenant queries the parts of `a|b`, sorted. */
export function tenantsOf(header: string | null, settings: TenantSettings): readonly Tenant[] {
  if (!settings.authEnabled) return [SINGLE_TENANT];
  if (header === null || header === "") throw new BadRequest("no org id", { status: 401 });
  if (!settings.multiTenantQueries) return [literalTenant(header)];
  return [...new Set(header.split("|").map(checkTenant))].sort();
}

/** The tenant of whatever concerns exactly one: pushes, tails, deletes. */
export function tenantOf(header: string | null, settings: TenantSettings): Tenant {
  const [tenant, ...others] = tenantsOf(header, settings);
  if (others.length > 0) throw new BadRequest("multiple org IDs present");
  return tenant!;
}
