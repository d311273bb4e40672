/** What every reading endpoint begins with: who asks, with which parameters, and for how long. */
import { addWarning } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import type { QueryService, Warn } from "../ports/query-service.ts";
import { withDeadline } from "./deadline.ts";
import { BehindFrontend } from "./errors.ts";
import { type Form, readForm } from "./form.ts";
import type { Call } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";
import { TENANT_HEADER, tenantsOf } from "./tenant.ts";
import { isStrict, refuseWarnings } from "./warnings.ts";

export interface Asking {
  readonly tenants: readonly Tenant[];
  readonly form: Form;
  /** Unix nanoseconds. */
  readonly now: bigint;
  /** Runs what is behind the frontend, within the tenants' time limit. */
  behind<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** The same for work that tells one by one what it had to do without; with `strict=true` that is an error. */
  warned<T>(work: (warn: Warn, signal: AbortSignal) => Promise<T>): Promise<Warned<T>>;
}

export interface Warned<T> {
  readonly found: T;
  readonly warnings: readonly string[];
}

export interface AskContext {
  readonly query: QueryService;
  readonly services: Pick<Services, "limits" | "clock" | "metrics">;
  readonly settings: HttpSettings;
}

export async function ask({ services, settings }: AskContext, call: Call): Promise<Asking> {
  const { clock, limits } = services;
  const tenants = tenantsOf(call.request.headers.get(TENANT_HEADER), settings);
  const form = await readForm(call.request, { clock, settings });
  const timeouts = tenants.map((tenant) => limits.of(tenant).queryTimeoutMs).filter((ms) => ms > 0);
  const ms = timeouts.length === 0 ? 0 : Math.min(...timeouts);
  async function behind<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, { clock, ms, signal: call.signal });
    } catch (error) {
      throw new BehindFrontend(error);
    }
  }
  return {
    tenants,
    form,
    now: clock.now(),
    behind,
    warned: (work) =>
      behind(async (signal) => {
        const told = { warnings: [] as string[] };
        const found = await work((text) => addWarning(told, text), signal);
        if (isStrict(form)) refuseWarnings(told.warnings);
        return { found, ...told };
      }),
  };
}
