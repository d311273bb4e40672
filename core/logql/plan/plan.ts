/**
 * A plan is a query made into work: which streams are read once and over what time, what is taken
 * from their lines, and how the numbers are put together. It is a plain value, so tests and
 * `explain` can look at it; core/logql/exec runs it.
 */

import { printPromDuration } from "../../golang/duration.ts";
import { BadRequest, LimitExceeded } from "../../model/errors.ts";
import type { Matcher } from "../../model/matcher.ts";
import { nsOf } from "../../model/time.ts";
import type { Expr, LogExpr, MetricExpr, Stage } from "../syntax/ast.ts";
import { longestRange, rangesOf, walk } from "../syntax/visit.ts";
import { type Node, nodeOf } from "./nodes.ts";
import { checkParams, type Direction, type QueryParams } from "./params.ts";
import { stepsSpanPieces } from "./pieces.ts";
import { indexMatchers } from "./push-down.ts";
import { type Leaf, LeafSet, type Scan, withMatchers } from "./scans.ts";
import { type Steps, stepsOf } from "./steps.ts";

export type Plan = LogPlan | MetricPlan;

export interface LogPlan {
  readonly kind: "log";
  /** The selector, narrowed by what the stages ask of stream labels. */
  readonly matchers: readonly Matcher[];
  /** First nanosecond wanted, and the first that is not any more. */
  readonly from: bigint;
  readonly through: bigint;
  readonly log: LogExpr;
  readonly direction: Direction;
  readonly limit: number;
  /** Nanoseconds that entries must be apart. */
  readonly interval: bigint;
  /** Length of the pieces of time in which `interval` starts anew. */
  readonly splitMs: number;
}

export interface MetricPlan {
  readonly kind: "metric";
  readonly steps: Steps;
  readonly instant: boolean;
  readonly scans: readonly Scan[];
  readonly leaves: readonly Leaf[];
  readonly root: Node;
  /** Series of the answer by their labels, by the text of their labels, or as they come. */
  readonly order: "labels" | "text" | "evaluation";
  /** More series than this in the answer end the query; 0 is no limit. */
  readonly seriesMax: number;
}

/** Throws BadRequest and LimitExceeded in Loki's words for what can be refused before reading. */
export function makePlan(expr: Expr, params: QueryParams): Plan {
  checkParams(params);
  return expr.kind === "log" ? logPlan(expr, params) : metricPlan(expr, params);
}

function logPlan(log: LogExpr, params: QueryParams): LogPlan {
  if (params.instant) {
    throw new BadRequest(
      "log queries are not supported as an instant query type, please change your query to a range query type",
    );
  }
  return {
    kind: "log",
    matchers: withMatchers(log.matchers, indexMatchers(log.stages)),
    from: params.start,
    through: params.end,
    log,
    direction: params.direction,
    limit: params.limit,
    interval: params.interval,
    splitMs: params.limits.splitQueriesByIntervalMs,
  };
}

function metricPlan(expr: MetricExpr, params: QueryParams): MetricPlan {
  checkMetric(expr, params);
  const steps = stepsOf(params);
  const leaves = new LeafSet(steps);
  const root = nodeOf(expr, leaves);
  return {
    kind: "metric",
    steps,
    instant: params.instant,
    scans: leaves.scans(),
    leaves: leaves.leaves,
    root,
    order: orderOf(expr, { ...params, steps }),
    seriesMax: params.limits.maxQuerySeries,
  };
}

/** What the tenant's limits and the shape of the query forbid. */
function checkMetric(expr: MetricExpr, { limits }: QueryParams): void {
  if (expr.kind === "variants" && !limits.enableMultiVariantQueries) {
    throw new BadRequest("multi variant queries are disabled for this instance");
  }
  const allowed = nsOf(limits.maxQueryRangeMs);
  for (const { log, range } of rangesOf(expr)) {
    const beyond = log.stages.find(({ kind }) => LINE_ORDER.has(kind));
    if (beyond !== undefined) {
      throw new BadRequest(`${beyond.kind} is for log queries, it has no meaning in a range`);
    }
    if (allowed > 0n && range > allowed) {
      throw new LimitExceeded(
        "max_query_range",
        `[interval] value exceeds limit: [${printPromDuration(range)}] > [${printPromDuration(allowed)}]`,
      );
    }
  }
}

/** Stages that look at the whole sequence of a log query's lines. */
const LINE_ORDER: ReadonlySet<Stage["kind"]> = new Set(["distinct", "sort", "first", "last"]);

/** An instant answer that is sorted anywhere keeps its order; what Loki merges of pieces it orders as text. */
function orderOf(
  expr: MetricExpr,
  { instant, steps, limits }: QueryParams & { steps: Steps },
): MetricPlan["order"] {
  if (instant) return [...walk(expr)].some(sorts) ? "evaluation" : "labels";
  const longest = longestRange(expr);
  return stepsSpanPieces(steps, limits.splitQueriesByIntervalMs, longest) ? "text" : "labels";
}

function sorts(part: Expr): boolean {
  return part.kind === "vector-aggregation" && (part.op === "sort" || part.op === "sort_desc");
}
