/** A query as this process will run it: parsed, its tenants known, held against what Loki's frontend refuses. */
import type { QueryParams } from "../logql/plan/params.ts";
import type { Expr } from "../logql/syntax/ast.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import type { Limits } from "../model/limits.ts";
import type { QueryResult } from "../model/result.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { QueryRequest } from "../ports/query-service.ts";
import { boundQuery, checkEnabled, checkQuery, type QueryBounds } from "./limits.ts";
import type { Scope } from "./scope.ts";

export interface Asked<E extends Expr = Expr> {
  readonly expr: E;
  readonly params: QueryParams;
  readonly scope: Scope;
  /** All of its time is before what may be looked back to. */
  readonly outside: boolean;
}

export interface AskedBounds {
  /** In place of the tenants' own. */
  readonly entriesMax?: number;
  /** ns since 1970. */
  readonly now: bigint;
}

/** Bounds in which there is nothing. */
const NOTHING = { start: 0n, end: 0n };

export function askedOf(
  scope: Scope,
  request: QueryRequest,
  { entriesMax, now }: AskedBounds,
): Asked {
  const { limits } = scope;
  const approxTopk = limits.shardAggregations.includes("approx_topk");
  const expr = parseQuery(request.query, { approxTopk });
  const params = paramsOf(request, limits);
  checkQuery(
    expr,
    params,
    entriesMax === undefined ? limits : { ...limits, maxEntriesLimitPerQuery: entriesMax },
  );
  const window = windowOf(scope, params, now);
  const outside = window === undefined;
  return { expr, params: { ...params, ...(window ?? NOTHING) }, scope, outside };
}

/** What of the time asked for may be looked at; undefined when nothing of it. */
export function windowOf(
  { limits }: Scope,
  bounds: QueryBounds,
  now: bigint,
): QueryBounds | undefined {
  const bound = boundQuery(bounds, limits, now);
  checkEnabled(limits);
  return bound;
}

/** What a query gives that may not look at anything. */
export function nothingOf({ expr, params }: Asked): QueryResult {
  if (expr.kind === "log") return { kind: "streams", streams: [] };
  return params.instant ? { kind: "vector", samples: [] } : { kind: "matrix", series: [] };
}

function paramsOf(request: QueryRequest, limits: Limits): QueryParams {
  const { limit, direction } = request;
  if (request.kind === "instant") {
    const { time } = request;
    const at = { start: time, end: time, step: NS_PER_MS, interval: 0n };
    return { ...at, limit, direction, instant: true, limits };
  }
  const { start, end, interval, stepMs } = request;
  const step = BigInt(stepMs) * NS_PER_MS;
  return { start, end, step, interval, limit, direction, instant: false, limits };
}
