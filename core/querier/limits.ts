/** What a query may ask for, before it touches data: Loki's frontend limits, in its words. */
import { fnv1 } from "../bytes/fnv1.ts";
import { utf8 } from "../bytes/text.ts";
import { printGoDuration, printPromDuration } from "../golang/duration.ts";
import type { Expr } from "../logql/syntax/ast.ts";
import { selectorsOf } from "../logql/syntax/visit.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { BlockedQuery, Limits } from "../model/limits.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { QueryKind } from "../ports/query-service.ts";
import { compileRegex } from "../regex/regex.ts";

export interface QueryBounds {
  readonly start: bigint;
  readonly end: bigint;
}

/** Throws what Loki answers with 400 before a query runs. */
export function checkQuery(
  expr: Expr,
  text: string,
  request: { limit: number } & QueryBounds,
  limits: Limits,
): void {
  if (limits.maxQueryParallelism < 1 || limits.tsdbMaxQueryParallelism < 1) {
    throw new LimitExceeded(
      limits.maxQueryParallelism < 1 ? "max_query_parallelism" : "tsdb_max_query_parallelism",
      "querying is disabled, please contact your Loki operator",
      { status: 429 },
    );
  }
  const { maxEntriesLimitPerQuery: entriesMax } = limits;
  if (expr.kind === "log" && entriesMax > 0 && request.limit > entriesMax) {
    throw new LimitExceeded(
      "max_entries_limit_per_query",
      `max entries limit per query exceeded, limit > max_entries_limit (${request.limit} > ${entriesMax})`,
    );
  }
  checkMatchers(expr, limits);
  checkLabels(expr, limits);
  checkBlocked(expr, text, limits.blockedQueries);
}

/** Moves the start to what may be looked back to, and refuses what is too long. Undefined: nothing is left to ask. */
export function boundQuery(
  bounds: QueryBounds,
  limits: Limits,
  now: bigint,
): QueryBounds | undefined {
  let { start } = bounds;
  const { end } = bounds;
  if (limits.maxQueryLookbackMs > 0) {
    const oldest = now - BigInt(limits.maxQueryLookbackMs) * NS_PER_MS;
    if (end < oldest) return undefined;
    if (start < oldest) start = oldest;
  }
  const lengthMax = BigInt(limits.maxQueryLengthMs) * NS_PER_MS;
  if (lengthMax > 0n && end - start > lengthMax) {
    throw new LimitExceeded(
      "max_query_length",
      `the query time range exceeds the limit (query length: ${printGoDuration(end - start)}, ` +
        `limit: ${printPromDuration(lengthMax)})`,
    );
  }
  return { start, end };
}

function checkMatchers(expr: Expr, { maxStreamsMatchersPerQuery: most }: Limits): void {
  for (const { length } of selectorsOf(expr)) {
    if (most > 0 && length > most) {
      throw new LimitExceeded(
        "max_streams_matchers_per_query",
        `max streams matchers per query exceeded, matchers-count > limit (${length} > ${most})`,
      );
    }
  }
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

/** FNV-1 of the query text, as Loki prints it in its log for operators to copy. */
export function hashOf(text: string): number {
  return fnv1(utf8(text));
}
