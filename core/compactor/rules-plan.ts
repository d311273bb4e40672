/** Which rules of retention are kept to in this run: those that are configured, unless they keep less than before. */
import type { LimitsOf } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { bothOf, type Cutoffs, cutoffsOf, KEEP_ALL, rulesOf } from "./cutoffs.ts";
import { type AppliedRules, readRules, sameRules, shrinkages, writeRules } from "./rules-record.ts";

export interface RulesPlan {
  /** What may go. */
  of(tenant: Tenant): Cutoffs;
  /** What would go if the rules were confirmed, when they have to be. */
  withheld(tenant: Tenant): Cutoffs | undefined;
  /** The size to keep to, bytes; 0 for any. */
  readonly sizeBytes: number;
  /** The size that would be kept to if the rules were confirmed; 0 when they have not to be, or for any. */
  readonly withheldSizeBytes: number;
  /** No rules were ever applied to this bucket before. */
  readonly isFirst: boolean;
  /** Why the rules have to be confirmed, a sentence for each change; none when they have not. */
  readonly shrinkages: readonly string[];
}

export interface RulesParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly tenantLimits: LimitsOf;
  readonly dryRun?: boolean;
}

export interface WantedRules {
  readonly enabled: boolean;
  readonly sizeBytes: number;
  readonly confirmed: boolean;
}

const NOTHING_GOES: RulesPlan = {
  of: () => KEEP_ALL,
  withheld: () => undefined,
  sizeBytes: 0,
  withheldSizeBytes: 0,
  isFirst: false,
  shrinkages: [],
};

/** Reads what was applied last and, when the new rules may be, writes them down before they are. */
export async function planRules(
  tenants: ReadonlySet<Tenant>,
  wanted: WantedRules,
  parts: RulesParts,
): Promise<RulesPlan> {
  if (!wanted.enabled && wanted.sizeBytes <= 0) return NOTHING_GOES;
  const { store, clock, tenantLimits, dryRun } = parts;
  const forEver = { periodMs: 0, streams: [] };
  const rules = (tenant: Tenant) => (wanted.enabled ? rulesOf(tenantLimits.of(tenant)) : forEver);
  const nowMs = clock.nowMs();
  const old = await readRules(store);
  // A tenant whose lines are nowhere to be seen now may have some again.
  const known = new Set([...(old?.tenants.keys() ?? []), ...tenants]);
  const now: AppliedRules = {
    tenants: new Map([...known].map((tenant) => [tenant, rules(tenant)])),
    sizeBytes: Math.max(0, wanted.sizeBytes),
  };
  const found = old === undefined || wanted.confirmed ? [] : shrinkages(old, now);
  if (found.length === 0) {
    if (!dryRun && (old === undefined || !sameRules(old, now))) await writeRules(store, now);
    return {
      of: (tenant) => cutoffsOf(rules(tenant), nowMs),
      withheld: () => undefined,
      sizeBytes: now.sizeBytes,
      withheldSizeBytes: 0,
      isFirst: old === undefined,
      shrinkages: [],
    };
  }
  // Until somebody says so, only what both the old rules and the new ones let go goes.
  const before = (tenant: Tenant) => old!.tenants.get(tenant) ?? rules(tenant);
  const fresh = (tenant: Tenant) => cutoffsOf(rules(tenant), nowMs);
  return {
    of: (tenant) => bothOf(fresh(tenant), cutoffsOf(before(tenant), nowMs)),
    withheld: fresh,
    sizeBytes:
      old!.sizeBytes === 0 || now.sizeBytes === 0 ? 0 : Math.max(old!.sizeBytes, now.sizeBytes),
    withheldSizeBytes: now.sizeBytes,
    isFirst: false,
    shrinkages: found,
  };
}
