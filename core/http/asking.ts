/** What every reading endpoint begins with: who asks, with which parameters, and for how long. */
import type { Tenant } from "../model/tenant.ts";
import type { QueryService } from "../ports/query-service.ts";
import { withDeadline } from "./deadline.ts";
import { BehindFrontend } from "./errors.ts";
import { type Form, readForm } from "./form.ts";
import type { Call } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";
import { TENANT_HEADER, tenantsOf } from "./tenant.ts";

export interface Asking {
  readonly tenants: readonly Tenant[];
  readonly form: Form;
  /** Unix nanoseconds. */
  readonly now: bigint;
  /** Runs what is behind the frontend, within the tenants' time limit. */
  behind<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface AskContext {
  readonly query: QueryService;
  readonly services: Services;
  readonly settings: HttpSettings;
}

export async function ask({ services, settings }: AskContext, call: Call): Promise<Asking> {
  const { clock, limits } = services;
  const tenants = tenantsOf(call.request.headers.get(TENANT_HEADER), settings);
  const form = await readForm(call.request, settings.queryBytesMax);
  const timeouts = tenants.map((tenant) => limits.of(tenant).queryTimeoutMs).filter((ms) => ms > 0);
  const ms = timeouts.length === 0 ? 0 : Math.min(...timeouts);
  return {
    tenants,
    form,
    now: clock.now(),
    async behind(work) {
      try {
        return await withDeadline(work, { clock, ms, signal: call.signal });
      } catch (error) {
        throw new BehindFrontend(error);
      }
    },
  };
}
