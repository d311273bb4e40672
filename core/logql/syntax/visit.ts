/** Going through the tree of a query. */
import type { Matcher } from "../../model/matcher.ts";
import type { Expr, LabelFilter, LogExpr, LogRange, MetricExpr, RangeAggregation } from "./ast.ts";

export function isLogExpr(expr: Expr): expr is LogExpr {
  return expr.kind === "log";
}

/** The metric queries that a metric query is made of, from left to right. */
export function childrenOf(expr: MetricExpr): readonly MetricExpr[] {
  switch (expr.kind) {
    case "vector-aggregation":
    case "label-replace":
      return [expr.inner];
    case "binary":
      return [expr.left, expr.right];
    case "variants":
      return expr.variants;
    case "range":
    case "literal":
    case "vector":
      return [];
  }
}

/** The query and all queries in it, each before its parts. */
export function* walk(expr: Expr): Generator<Expr> {
  const waiting: Expr[] = [expr];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    if (next.kind !== "log") waiting.push(...childrenOf(next).toReversed());
  }
}

/** The ranges of all range aggregations and of `variants`, from left to right. */
export function rangesOf(expr: Expr): LogRange[] {
  return [...walk(expr)].flatMap((part) =>
    part.kind === "range" ? [part.range] : part.kind === "variants" ? [part.of] : [],
  );
}

/** The log queries that the query reads, from left to right: itself when it is one. */
export function logsOf(expr: Expr): LogExpr[] {
  return isLogExpr(expr) ? [expr] : rangesOf(expr).map(({ log }) => log);
}

/** The stream selectors of all log queries in it. Empty when the query reads nothing, such as `1+1`. */
export function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  return logsOf(expr).map(({ matchers }) => matchers);
}

export function rangeAggregationsOf(expr: Expr): RangeAggregation[] {
  return [...walk(expr)].filter((part) => part.kind === "range");
}

/** The longest range in nanoseconds, 0 when there is none. */
export function longestRange(expr: Expr): bigint {
  return largest(rangesOf(expr).map(({ range }) => range));
}

/** How far before its end the query reads, in nanoseconds: the longest of range and offset together. */
export function longestLookback(expr: Expr): bigint {
  return largest(rangesOf(expr).map(({ range, offset }) => range + offset));
}

function largest(values: readonly bigint[]): bigint {
  let found = 0n;
  for (const value of values) if (value > found) found = value;
  return found;
}

/** How many filters or queries stand inside each other at most. Without recursion: this guards the others. */
export function depthOf(expr: Expr): number {
  type Part = MetricExpr | LabelFilter;
  let deepest = 1;
  const waiting: { part: Part; depth: number }[] = [];
  const push = (part: Part, depth: number) => waiting.push({ part, depth });
  for (const filter of filtersOf(expr)) push(filter, 1);
  if (expr.kind !== "log") push(expr, 1);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { part, depth } = next;
    deepest = Math.max(deepest, depth);
    for (const child of partsOf(part)) push(child, depth + 1);
  }
  return deepest;
}

function partsOf(part: MetricExpr | LabelFilter): readonly (MetricExpr | LabelFilter)[] {
  switch (part.kind) {
    case "and":
    case "or":
      return [part.left, part.right];
    case "string":
    case "number":
    case "duration":
    case "bytes":
    case "ip":
      return [];
    default:
      return childrenOf(part);
  }
}

/** The label filters of all stages and unwraps, each as written: not taken apart. */
export function filtersOf(expr: Expr): LabelFilter[] {
  const stages = logsOf(expr).flatMap((log) => log.stages);
  return [
    ...stages.flatMap((stage) => (stage.kind === "label-filter" ? [stage.filter] : [])),
    ...rangesOf(expr).flatMap(({ unwrap }) => unwrap?.filters ?? []),
  ];
}
