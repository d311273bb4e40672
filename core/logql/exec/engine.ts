/** Runs a query: the one door to execution. */
import type { Limits } from "../../model/limits.ts";
import type { QueryResult } from "../../model/result.ts";
import type { QueryParams } from "../plan/params.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import type { Expr } from "../syntax/ast.ts";
import { Budget } from "./budget.ts";
import type { QueryContext } from "./context.ts";
import { runLogs } from "./logs.ts";
import { runMetrics } from "./metrics.ts";

/**
 * Rejects with BadRequest and LimitExceeded in Loki's words, with whatever the scanner throws, and
 * with the signal's reason.
 */
export async function evaluate(
  expr: Expr,
  params: QueryParams,
  context: QueryContext,
): Promise<QueryResult> {
  return await runPlan(makePlan(expr, params), params.limits, context);
}

/** As `evaluate`, of a query that is planned. */
export async function runPlan(
  plan: Plan,
  limits: Limits,
  context: QueryContext,
): Promise<QueryResult> {
  const budget = new Budget(limits.maxQueryMemoryBytes);
  return plan.kind === "log" ? runLogs(plan, context, budget) : runMetrics(plan, context, budget);
}
