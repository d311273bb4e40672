/** What Loki refuses in a query that its grammar lets pass, in its words (spec logql-parse-errors §5). */
import { compileMatcher } from "../../labels/matcher.ts";
import type { Matcher } from "../../model/matcher.ts";
import type {
  Expr,
  MetricExpr,
  RangeAggregation,
  RangeOp,
  VectorAggregation,
  VectorOp,
} from "./ast.ts";
import { checkReplacePattern } from "./check-text.ts";
import { ParseError } from "./errors.ts";
import { readNumber } from "./values.ts";
import { childrenOf, selectorsOf } from "./visit.ts";

export const NO_REAL_MATCHER =
  "queries require at least one regexp or equality matcher that does not have an empty-compatible " +
  'value. For instance, app=~".*" does not meet this requirement, but app=~".+" will';

/** Whether a range aggregation takes the value of an unwrapped label. */
const UNWRAP: Readonly<Record<RangeOp, "needed" | "allowed" | "forbidden">> = {
  rate: "allowed",
  rate_counter: "needed",
  count_over_time: "forbidden",
  bytes_rate: "forbidden",
  bytes_over_time: "forbidden",
  avg_over_time: "needed",
  sum_over_time: "needed",
  min_over_time: "needed",
  max_over_time: "needed",
  stdvar_over_time: "needed",
  stddev_over_time: "needed",
  quantile_over_time: "needed",
  first_over_time: "needed",
  last_over_time: "needed",
  absent_over_time: "allowed",
};

const GROUPED: ReadonlySet<RangeOp> = new Set<RangeOp>([
  "avg_over_time",
  "min_over_time",
  "max_over_time",
  "stdvar_over_time",
  "stddev_over_time",
  "quantile_over_time",
  "first_over_time",
  "last_over_time",
]);

const COUNTED: ReadonlySet<VectorOp> = new Set<VectorOp>(["topk", "bottomk", "approx_topk"]);

/** Refuses the tree from the outside in, then its selectors from left to right. */
export function checkExpr(expr: Expr): void {
  if (expr.kind !== "log") checkMetric(expr);
  for (const matchers of selectorsOf(expr)) checkSelector(matchers);
}

/** Refuses a selector that every stream may satisfy. */
export function checkSelector(matchers: readonly Matcher[]): void {
  if (matchers.every((matcher) => compileMatcher(matcher).matchesEmpty)) {
    throw new ParseError(NO_REAL_MATCHER);
  }
}

function checkMetric(expr: MetricExpr): void {
  if (expr.kind === "range") checkRangeAggregation(expr);
  else if (expr.kind === "vector-aggregation") checkVectorAggregation(expr);
  else if (expr.kind === "label-replace") checkReplacePattern(expr.pattern);
  for (const child of childrenOf(expr)) checkMetric(child);
}

function checkRangeAggregation({ op, range, grouping }: RangeAggregation): void {
  if (grouping !== undefined && !GROUPED.has(op)) {
    throw new ParseError(`grouping not allowed for ${op} aggregation`);
  }
  if (range.unwrap !== undefined && UNWRAP[op] === "forbidden") {
    throw new ParseError(`invalid aggregation ${op} with unwrap`);
  }
  if (range.unwrap === undefined && UNWRAP[op] === "needed") {
    throw new ParseError(`invalid aggregation ${op} without unwrap`);
  }
}

function checkVectorAggregation({ op, grouping }: VectorAggregation): void {
  if (grouping === undefined) return;
  if ((op === "sort" || op === "sort_desc") && grouping.names.length > 0) {
    throw new ParseError("sort and sort_desc doesn't allow grouping by ");
  }
  if (op === "approx_topk") throw new ParseError(`grouping not allowed for ${op} aggregation`);
}

/** φ of quantile_over_time; no other range aggregation has a parameter. `text` is as written. */
export function rangeParameter(op: RangeOp, text: string | undefined): { parameter?: number } {
  if (op !== "quantile_over_time") {
    if (text === undefined) return {};
    throw new ParseError(`parameter ${text} not supported for operation ${op}`);
  }
  if (text === undefined) throw new ParseError(`parameter required for operation ${op}`);
  return { parameter: readNumber(text, "float") };
}

/** k of topk and its like. */
export function vectorParameter(op: VectorOp, text: string | undefined): { parameter?: number } {
  if (!COUNTED.has(op)) {
    if (text === undefined) return {};
    throw new ParseError(`unsupported parameter for operation ${op}(${text},`);
  }
  if (text === undefined) throw new ParseError(`parameter required for operation ${op}`);
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw new ParseError(`invalid parameter ${op}(${text},`);
  if (count === 0) {
    throw new ParseError(`invalid parameter (must be greater than 0) ${op}(${text}`);
  }
  return { parameter: count };
}
