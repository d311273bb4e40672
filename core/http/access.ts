/** What each route lets one do, by its path: the one table that sign-in goes by. */
import type { Access } from "../auth/grants.ts";

export type RouteAccess =
  /** Of one or more tenants. */
  | Access
  /** Shows how the process is. */
  | "page"
  /** Changes or tells of the whole process. */
  | "operate";

const PAGES: readonly RegExp[] = [
  /^\/(ready|metrics|services|memberlist|log_level|analytics)$/,
  /^(\/[\w-]+)?\/ring$/,
  /^\/partition-ring$/,
  /^\/loki\/api\/v1\/(status\/buildinfo|format_query)$/,
  /^\/openapi\.json$/,
];

const WRITES: readonly RegExp[] = [/^\/(loki\/api\/v1|api\/prom)\/push$/, /^\/otlp\//];

/** Asked for with GET they are read. */
const ADMINISTERED: readonly RegExp[] = [
  /^\/loki\/api\/v1\/(delete|rules)(\/|$)/,
  /^\/api\/prom\/rules(\/|$)/,
];

const READS: readonly RegExp[] = [
  /^\/(loki|api\/prom|prometheus|lokits)\//,
  /^\/config\/tenant\/v1\/limits$/,
];

/** Paths are those of routes, without the prefix. What nobody knows is for operators only. */
export function accessOf(path: string, method: string): RouteAccess {
  const asks = method === "GET" || method === "HEAD";
  const isIn = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(path));
  if (isIn(PAGES)) return asks || path.endsWith("/format_query") ? "page" : "operate";
  if (isIn(WRITES)) return "write";
  if (isIn(ADMINISTERED)) return asks ? "read" : "admin";
  return isIn(READS) ? "read" : "operate";
}
