/** What a query may ask for, before it touches data: Loki's frontend limits, in its words. */
import { fnv1 } from "../bytes/fnv1.ts";
import { utf8 } from "../bytes/text.ts";
import { printGoDuration, printPromDuration } from "../golang/duration.ts";
import type { Expr } from "../logql/syntax/ast.ts";
import { selectorsOf } from "../logql/syntax/visit.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Limits } from "../model/limits.ts";
import { nsOf } from "../model/time.ts";
import type { QueryKind } from "../ports/query-service.ts";

export interface QueryBounds {
  readonly start: bigint;
  readonly end: bigint;
}

/** Throws what Loki answers with 400 before a query runs. */
export function checkQuery(expr: Expr, request: { limit: number }, limits: Limits): void {
  const { maxEntriesLimitPerQuery: entriesMax } = limits;
  if (expr.kind === "log" && entriesMax > 0 && request.limit > entriesMax) {
    throw new LimitExceeded(
      "max_entries_limit_per_query",
      `max entries limit per query exceeded, limit > max_entries_limit (${request.limit} > ${entriesMax})`,
    );
  }
  checkLabels(expr, limits);
}

/** Throws for a tenant that may not ask for anything. */
export function checkEnabled(limits: Limits): void {
  if (limits.maxQueryParallelism < 1 || limits.tsdbMaxQueryParallelism < 1) {
    throw new LimitExceeded(
      limits.maxQueryParallelism < 1 ? "max_query_parallelism" : "tsdb_max_query_parallelism",
      "querying is disabled, please contact your Loki operator",
      { status: 429, atFrontend: true },
    );
  }
}

/** Moves the start to what may be looked back to, and refuses what is too long. Undefined: nothing is left to ask. */
export function boundQuery(
  bounds: QueryBounds,
  limits: Limits,
  now: bigint,
): QueryBounds | undefined {
  let { start } = bounds;
  const { end } = bounds;
  const oldest = oldestOf(limits, now);
  if (oldest !== undefined) {
    if (end < oldest) return undefined;
    if (start < oldest) start = oldest;
  }
  checkLength(end - start, limits, { atFrontend: true });
  return { start, end };
}

/** The first moment that a tenant may look back to; undefined when it is any. */
export function oldestOf({ maxQueryLookbackMs }: Limits, now: bigint): bigint | undefined {
  return maxQueryLookbackMs > 0 ? now - nsOf(maxQueryLookbackMs) : undefined;
}

/** Throws when so many nanoseconds are too long for one query; 0 is no limit. */
export function checkLength(
  length: bigint,
  { maxQueryLengthMs }: Limits,
  options: { atFrontend: boolean },
): void {
  const most = nsOf(maxQueryLengthMs);
  if (most <= 0n || length <= most) return;
  throw new LimitExceeded(
    "max_query_length",
    `the query time range exceeds the limit (query length: ${printGoDuration(length)}, ` +
      `limit: ${printPromDuration(most)})`,
    options,
  );
}

function checkLabels(expr: Expr, { requiredLabels, minimumLabelsNumber }: Limits): void {
  if (requiredLabels.length === 0 && minimumLabelsNumber === 0) return;
  for (const matchers of selectorsOf(expr)) {
    const present = matchers.map(({ name }) => name);
    const missing = requiredLabels.filter((name) => !present.includes(name));
    if (missing.length > 0) {
      throw new LimitExceeded(
        "required_labels",
        `stream selector is missing required matchers [${missing.join(", ")}], ` +
          `labels present in the query were [${present.join(", ")}]`,
      );
    }
    if (present.length < minimumLabelsNumber) {
      throw new LimitExceeded(
        "minimum_labels_number",
        `stream selector has less label matchers than required: (present: [${present.join(", ")}], ` +
          `number_present: ${present.length}, required_number_label_matchers: ${minimumLabelsNumber})`,
      );
    }
  }
}

/** What operators block queries by, and find them by in the log. */
export function kindOf(expr: Expr): QueryKind {
  if (expr.kind !== "log") return "metric";
  return expr.stages.length > 0 ? "filter" : "limited";
}

/** FNV-1 of the query text, as Loki prints it in its log for operators to copy. */
export function hashOf(text: string): number {
  return fnv1(utf8(text));
}
