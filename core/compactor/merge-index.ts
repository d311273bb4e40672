/**
 * Merges the index files of a table into one file for each tenant. Common files hold the series of all
 * tenants, with the tenant as a label; own files are of one tenant, without.
 */
import type { IndexReader } from "../index/reader.ts";
import { TENANT_LABEL, tenantMatcher, withoutTenant } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { compileMatcher } from "../labels/matcher.ts";
import { BadRequest, Corrupt } from "../model/errors.ts";
import { checkTenant, type Tenant } from "../model/tenant.ts";

const HAS_TENANT = compileMatcher({ name: TENANT_LABEL, op: "!=", value: "" });

/** The tenants of a common file. Corrupt when a series has none: it would be lost with the file. */
export function tenantsOf(common: IndexReader): Tenant[] {
  const strays = common.seriesCount() - common.seriesCount([HAS_TENANT]);
  if (strays > 0) throw new Corrupt(`${strays} series of a common file have no tenant`);
  return common.labelValues(TENANT_LABEL).map(asTenant);
}

/** One file with all series of a tenant, undefined when there are none. Chunks that several files name are named once. */
export function mergeTenant(sources: {
  readonly tenant: Tenant;
  readonly common: readonly IndexReader[];
  readonly own: readonly IndexReader[];
  readonly version: 2 | 3;
}): Uint8Array<ArrayBuffer> | undefined {
  const writer = new IndexWriter({ version: sources.version });
  const matchers = [tenantMatcher(sources.tenant)];
  for (const reader of sources.common) {
    for (const { labels, fingerprint, chunks } of reader.wholeSeries(matchers)) {
      writer.add(withoutTenant(labels), fingerprint, chunks);
    }
  }
  for (const reader of sources.own) {
    for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
      writer.add(labels, fingerprint, chunks);
    }
  }
  return writer.seriesCount === 0 ? undefined : writer.finish();
}

/** A tenant becomes part of a key, so what a file claims is checked like what a request claims. */
function asTenant(id: string): Tenant {
  try {
    return checkTenant(id);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new Corrupt(`a series is of tenant ${JSON.stringify(id)}`, { cause: error });
  }
}
