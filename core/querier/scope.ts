/** Whom a query is about: one tenant or several, what they have, and what they allow. */
import { BadRequest } from "../model/errors.ts";
import type { Limits, LimitsOf } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { LogSource } from "../ports/log-source.ts";
import { JoinedSource } from "../store/joined-source.ts";
import type { FetchBounds } from "./fetch-ahead.ts";
import { SourceScanner } from "./scan.ts";
import { strictest, TenantSource } from "./tenants.ts";

export interface Scope {
  /** For selects; where there are several tenants, their sources put in their own. */
  readonly tenant: Tenant;
  readonly source: LogSource;
  readonly scanner: SourceScanner;
  readonly limits: Limits;
}

export interface ScopeParts {
  /** In the order in which data moves: an ingester before its store. */
  readonly sources: readonly LogSource[];
  readonly limits: LimitsOf;
  /** What one scan may fetch ahead; FETCH_BOUNDS when left out. */
  readonly fetch?: FetchBounds;
}

export function scopeOf(tenants: readonly Tenant[], { sources, limits, fetch }: ScopeParts): Scope {
  const [tenant] = tenants;
  if (tenant === undefined) throw new BadRequest("no org id", { status: 401 });
  const own =
    tenants.length === 1
      ? sources
      : tenants.flatMap((each) => sources.map((source) => new TenantSource(source, each)));
  return {
    tenant,
    source: new JoinedSource(own),
    scanner: new SourceScanner(tenant, own, fetch),
    limits: strictest(tenants.map((each) => limits.of(each))),
  };
}
