/** A question to sources in this process: the querier without a server around it. */

import { evaluate } from "../core/logql/exec/engine.ts";
import type { QueryParams } from "../core/logql/plan/params.ts";
import type { LogExpr, MetricExpr } from "../core/logql/syntax/ast.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { DEFAULT_LIMITS, type Limits, type LimitsOf } from "../core/model/limits.ts";
import { newScanStats } from "../core/model/stats.ts";
import type { Tenant } from "../core/model/tenant.ts";
import type { LogSource } from "../core/ports/log-source.ts";
import { orderedEntries } from "../core/querier/ordered.ts";
import { SourceScanner } from "../core/querier/scan.ts";
import type { OutputEntry } from "./output.ts";
import { type Answer, defaultStep, type Question } from "./question.ts";
import { runtime } from "./wire/runtime.ts";

/** The user's own machine and time: only memory and the number of points are bounded. */
const OWN_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  maxEntriesLimitPerQuery: 0,
  maxQueryLengthMs: 0,
  maxQuerySeries: 0,
  maxChunksPerQuery: 0,
  queryTimeoutMs: 0,
};

export const ownLimits: LimitsOf = { of: () => OWN_LIMITS };

export interface LocalQuestion extends Question {
  readonly tenant: Tenant;
  readonly sources: readonly LogSource[];
  /** First and last moment of what the sources have, for questions without bounds. */
  readonly bounds: () => Promise<{ start: bigint; end: bigint }>;
}

/** Wider than any bucket, narrower than 64 bits with room to subtract. */
const EVER = { start: -(2n ** 62n), end: 2n ** 62n };

export async function askLocal(question: LocalQuestion): Promise<Answer> {
  const expr = parseQuery(question.text);
  return expr.kind === "log" ? askLines(expr, question) : await askMetric(expr, question);
}

function askLines(expr: LogExpr, question: LocalQuestion): Answer {
  const stats = newScanStats();
  const { limit, direction, tenant, sources } = question;
  const entries = orderedEntries(expr, new SourceScanner(tenant, sources), {
    from: question.start ?? EVER.start,
    through: question.end ?? EVER.end,
    direction,
    stats,
    search: runtime.search,
  });
  return {
    kind: "lines",
    lines: upTo(entries, limit),
    remarks: { warnings: stats.warnings, stats },
  };
}

async function askMetric(expr: MetricExpr, question: LocalQuestion): Promise<Answer> {
  const stats = newScanStats();
  const { tenant, sources, direction } = question;
  const bounds =
    question.start === undefined || question.end === undefined ? await question.bounds() : EVER;
  const at = question.at;
  const start = at ?? question.start ?? bounds.start;
  const end = at ?? question.end ?? bounds.end;
  const params: QueryParams = {
    ...{
      start,
      end,
      step: question.step ?? defaultStep(start, end),
      interval: 0n,
      limit: 0,
      direction,
    },
    ...{ instant: at !== undefined, limits: OWN_LIMITS },
  };
  const scanner = new SourceScanner(tenant, sources);
  const result = await evaluate(expr, params, {
    scanner,
    search: runtime.search,
    stats,
    clock: runtime.clock,
  });
  if (result.kind === "streams") throw new Error("a metric query gave lines");
  return { kind: "metric", result, remarks: { warnings: stats.warnings, stats } };
}

async function* upTo(
  batches: AsyncIterable<readonly OutputEntry[]>,
  limit: number,
): AsyncGenerator<readonly OutputEntry[]> {
  let left = limit;
  for await (const batch of batches) {
    yield batch.length <= left ? batch : batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return;
  }
}
