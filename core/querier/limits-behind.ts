/**
 * What Loki's queriers refuse, behind its frontend: how many matchers there are, what operators block, and what
 * of the time that is read lies beyond what a tenant may look at.
 */
import { printPromDuration } from "../golang/duration.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import { type MetricPlan, makePlan, type Plan } from "../logql/plan/plan.ts";
import { lastStep } from "../logql/plan/steps.ts";
import type { Expr, MetricExpr } from "../logql/syntax/ast.ts";
import { longestRange, selectorsOf } from "../logql/syntax/visit.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { BlockedQuery, Limits } from "../model/limits.ts";
import { nsOf } from "../model/time.ts";
import { compileRegex } from "../regex/regex.ts";
import { checkLength, hashOf, kindOf, oldestOf } from "./limits.ts";

/** Throws when the query's selectors or its text are not for this tenant. */
export function checkText(expr: Expr, text: string, limits: Limits): void {
  checkMatchers(expr, limits);
  checkBlocked(expr, text, limits.blockedQueries);
}

export function checkMatchers(expr: Expr, { maxStreamsMatchersPerQuery: most }: Limits): void {
  for (const { length } of selectorsOf(expr)) {
    if (most > 0 && length > most) {
      throw new LimitExceeded(
        "max_streams_matchers_per_query",
        `max streams matchers per query exceeded, matchers-count > limit (${length} > ${most})`,
      );
    }
  }
}

function checkBlocked(expr: Expr, text: string, blocked: readonly BlockedQuery[]): void {
  const kind = kindOf(expr);
  for (const { pattern, regex, types, hash } of blocked) {
    if (types.length > 0 && !types.includes(kind)) continue;
    const matches =
      hash !== 0
        ? hash === hashOf(text)
        : regex
          ? compileRegex(pattern).test(text)
          : pattern === text;
    if (matches) throw new BadRequest("query blocked by policy");
  }
}

/** The plan of a query, which reads only what is young enough, and not too much time at once. */
export function planWithin(expr: Expr, params: QueryParams, now: bigint): Plan {
  const plan = makePlan(expr, params);
  if (plan.kind === "log" || expr.kind === "log" || plan.scans.length === 0) return plan;
  checkDataLength(expr, plan, params.limits);
  return youngEnough(plan, params.limits, now);
}

/** A range reaches back from each step, so more time is read than was asked for. */
function checkDataLength(expr: MetricExpr, { steps }: MetricPlan, limits: Limits): void {
  const range = longestRange(expr);
  const whole = lastStep(steps) - steps.first;
  // Loki's querier sees a piece of the time at once, which is not shorter than a range or a step.
  const split = nsOf(limits.splitQueriesByIntervalMs);
  const piece = [split, range, steps.step].reduce((a, b) => (a > b ? a : b));
  const length = (split > 0n && piece < whole ? piece : whole) + range;
  checkLength(length, limits, { atFrontend: false });
}

/** Ranges and offsets reach back, too, but not beyond what may be looked at. */
function youngEnough(plan: MetricPlan, limits: Limits, now: bigint): MetricPlan {
  const oldest = oldestOf(limits, now);
  if (oldest === undefined) return plan;
  const from = (time: bigint) => (time < oldest ? oldest : time);
  const scans = plan.scans.map((scan) => ({
    ...scan,
    from: from(scan.from),
    reads: scan.reads.map((read) => {
      if (read.through <= oldest) {
        const lookback = printPromDuration(nsOf(limits.maxQueryLookbackMs));
        throw new LimitExceeded(
          "max_query_lookback",
          `this data is no longer available, it is past now - max_query_lookback (${lookback})`,
        );
      }
      return { ...read, from: from(read.from) };
    }),
  }));
  return { ...plan, scans };
}
