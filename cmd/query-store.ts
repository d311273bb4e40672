/** `query --store`: a bucket without a server. */
import { literalTenant, SINGLE_TENANT, type Tenant } from "../core/model/tenant.ts";
import { nsOf } from "../core/model/time.ts";
import { SILENT } from "../core/ports/journal.ts";
import type { Buckets } from "../core/store/buckets.ts";
import { type Flags, UsageError } from "./flags.ts";
import { askLocal } from "./query-local.ts";
import type { Answer, Question } from "./question.ts";
import { openBuckets } from "./wire/bucket.ts";
import { throughDeletes } from "./wire/bucket-deletes.ts";
import { configReader } from "./wire/remote-schema.ts";

export async function askStore(question: Question, flags: Flags): Promise<Answer> {
  const place = { store: flags.text("store"), config: flags.text("config.file") };
  const readConfig = await configReader(flags, place);
  const buckets = await openBuckets({ ...place, readConfig, journal: SILENT, existing: true });
  const tenant = await onlyTenant(buckets, flags.text("org-id"));
  const bounds = async () => {
    const { fromMs, throughMs } = await buckets.bounds(tenant);
    return { start: nsOf(fromMs), end: nsOf(throughMs + 1) };
  };
  return await askLocal({ ...question, tenant, sources: [throughDeletes(buckets)], bounds });
}

/** The tenant of that name. A bucket of one tenant needs no name for it; of several, UsageError. */
export async function onlyTenant(buckets: Buckets, name: string | undefined): Promise<Tenant> {
  if (name !== undefined) return literalTenant(name);
  const tenants = await buckets.tenants();
  if (tenants.length > 1) {
    throw new UsageError(
      `the bucket has ${tenants.length} tenants (${tenants.slice(0, 5).join(", ")}…): say which with --org-id`,
    );
  }
  return tenants[0] === undefined ? SINGLE_TENANT : literalTenant(tenants[0]);
}
