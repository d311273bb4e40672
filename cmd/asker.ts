/**
 * What the commands on names, series and sizes ask: a server over HTTP, or a bucket through the same
 * routes in this process.
 */
import type { ArgsDef } from "citty";
import { detectedRoutes } from "../core/http/detected-routes.ts";
import { indexRoutes } from "../core/http/index-routes.ts";
import { labelRoutes } from "../core/http/label-routes.ts";
import { Metrics } from "../core/http/metrics.ts";
import { mount } from "../core/http/router.ts";
import { DEFAULT_HTTP_SETTINGS } from "../core/http/services.ts";
import { TENANT_HEADER } from "../core/http/tenant.ts";
import { SILENT } from "../core/ports/journal.ts";
import { Querier } from "../core/querier/service.ts";
import { Client } from "./client.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE, GLOBAL_ARGS } from "./client-flags.ts";
import { type Flags, type FlagsOptions, parseFlags, UsageError } from "./flags.ts";
import { OUTPUT_ARG, STORE_ARGS, WINDOW_ARGS } from "./query-flags.ts";
import { ownLimits } from "./query-local.ts";
import { onlyTenant } from "./query-store.ts";
import { remark } from "./remarks.ts";
import { lastHour, windowOf } from "./times.ts";
import { openBuckets } from "./wire/bucket.ts";
import { throughDeletes } from "./wire/bucket-deletes.ts";
import { configReader } from "./wire/remote-schema.ts";
import { runtime } from "./wire/runtime.ts";

export interface Asker {
  /** The JSON of an answer. Throws with the words of a refusal. */
  get(path: string, params: URLSearchParams): Promise<unknown>;
  /** The bounds that the flags set, as parameters. */
  window(): URLSearchParams;
}

/** Options of every such command beside its own. */
export const ASKER_ARGS: ArgsDef = {
  ...CLIENT_ARGS,
  ...STORE_ARGS,
  ...WINDOW_ARGS,
  output: OUTPUT_ARG,
  ...GLOBAL_ARGS,
};

export function askerFlags(
  rawArgs: readonly string[],
  { args, repeatable = [] }: Omit<FlagsOptions, "environment">,
): Flags {
  const all = [...repeatable, ...CLIENT_REPEATABLE];
  return parseFlags(rawArgs, { args, repeatable: all, environment: CLIENT_ENVIRONMENT });
}

export async function askerOf(flags: Flags): Promise<Asker> {
  if (flags.on("stdin")) throw new UsageError("--stdin is not supported here, only by query");
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  const isLocal = store !== undefined || config !== undefined;
  return isLocal ? await bucketAsker(flags, { store, config }) : serverAsker(flags);
}

function serverAsker(flags: Flags): Asker {
  const client = new Client(flags);
  return {
    get: async (path, params) => {
      if (!flags.on("quiet")) remark(client.url(path, params));
      return await client.get(path, params);
    },
    window: () => {
      const now = runtime.clock.now();
      const { start, end } = lastHour(windowOf(flags, now), now);
      return params(start, end);
    },
  };
}

async function bucketAsker(
  flags: Flags,
  place: { store: string | undefined; config: string | undefined },
): Promise<Asker> {
  const readConfig = await configReader(flags, place);
  const buckets = await openBuckets({ ...place, readConfig, journal: SILENT, existing: true });
  const tenant = await onlyTenant(buckets, flags.text("org-id"));
  const limits = { of: () => ({ ...ownLimits.of(tenant), volumeEnabled: true }) };
  const query = new Querier({ sources: [throughDeletes(buckets)], limits, ...runtime });
  const services = { limits, clock: runtime.clock, metrics: new Metrics() };
  const context = { query, services, settings: DEFAULT_HTTP_SETTINGS };
  const routes = [...labelRoutes(context), ...indexRoutes(context), ...detectedRoutes(context)];
  const app = mount(routes, { prefix: "", observer: { begin: () => () => {} } });
  const bounds = await buckets.bounds(tenant);
  return {
    get: async (path, query) => {
      const request = new Request(`http://bucket${path}?${query}`, {
        headers: { [TENANT_HEADER]: tenant },
      });
      const response = await app.fetch(request);
      if (!response.ok) throw new Error((await response.text()).trim());
      return await response.json();
    },
    window: () => {
      const { start, end } = windowOf(flags, runtime.clock.now());
      const [first, last] = [BigInt(bounds.fromMs), BigInt(bounds.throughMs + 1)];
      return params(start ?? first * 1_000_000n, end ?? last * 1_000_000n);
    },
  };
}

function params(start: bigint, end: bigint): URLSearchParams {
  return new URLSearchParams({ start: String(start), end: String(end) });
}

/** Warnings of an answer: lines or names may be missing. */
export function printWarnings(body: unknown): void {
  for (const warning of (body as { warnings?: string[] }).warnings ?? [])
    console.error(`warning: ${warning}`);
}
