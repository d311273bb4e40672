/** A question to sources in this process: the querier without a server around it. */
import { jsonStats } from "../core/http/stats-json.ts";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { DEFAULT_LIMITS, type Limits, type LimitsOf } from "../core/model/limits.ts";
import type { Tenant } from "../core/model/tenant.ts";
import type { LogSource } from "../core/ports/log-source.ts";
import type {
  InstantRequest,
  LineEntry,
  QueryStats,
  RangeRequest,
} from "../core/ports/query-service.ts";
import { Querier } from "../core/querier/service.ts";
import type { OutputEntry } from "./output.ts";
import type { WireStats } from "./query-stats.ts";
import { type Answer, defaultStep, type Question, type Remarks } from "./question.ts";
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

const NEVER = new AbortController().signal;

export async function askLocal(question: LocalQuestion): Promise<Answer> {
  const { sources, explain } = question;
  const querier = new Querier({ sources, limits: ownLimits, ...runtime });
  const isLines = parseQuery(question.text).kind === "log";
  if (explain !== undefined) return await askPlan(querier, question, isLines);
  return isLines ? askLines(querier, question) : await askMetric(querier, question);
}

function askLines(querier: Querier, question: LocalQuestion): Answer {
  const { start = EVER.start, end = EVER.end, around } = question;
  const request = {
    ...linesBetween({ start, end }, question),
    ...(around === undefined ? {} : { around }),
  };
  const began = runtime.clock.ticksMs();
  const { batches, scan } = querier.lines([question.tenant], request, NEVER);
  const stats = () => {
    const execMs = runtime.clock.ticksMs() - began;
    return { scan, execMs, queueMs: 0, subqueries: 0, splits: 0, shards: 0 };
  };
  return { kind: "lines", lines: entriesOf(batches), remarks: remarksOf(scan.warnings, stats) };
}

async function askMetric(querier: Querier, question: LocalQuestion): Promise<Answer> {
  const prepared = querier.prepare([question.tenant], await metricRequest(question));
  const { result, stats, warnings } = await prepared.run(NEVER);
  if (result.kind === "streams") throw new Error("a metric query gave lines");
  return { kind: "metric", result, remarks: remarksOf(warnings, () => stats) };
}

async function askPlan(
  querier: Querier,
  question: LocalQuestion,
  isLines: boolean,
): Promise<Answer> {
  const request = isLines
    ? linesBetween(await boundsOf(question), question)
    : await metricRequest(question);
  const options = { analyze: question.explain === "analyze", signal: NEVER };
  const explanation = await querier.explain([question.tenant], request, options);
  return { kind: "explanation", explanation, remarks: { warnings: [], stats: () => [] } };
}

/** In the form that a server's answer has them. */
function remarksOf(warnings: readonly string[], stats: () => QueryStats): Remarks {
  return { warnings, stats: () => [JSON.parse(jsonStats(stats(), 0)) as WireStats] };
}

/** Lines have no steps: any will do. */
function linesBetween(
  { start, end }: { start: bigint; end: bigint },
  { text: query, limit, direction, interval }: Question,
): RangeRequest {
  const stepMs = Math.max(1, Number((end - start) / 1_000_000n));
  return { kind: "range", query, start, end, stepMs, interval, limit, direction };
}

async function metricRequest(question: LocalQuestion): Promise<RangeRequest | InstantRequest> {
  const { text: query, at, direction } = question;
  if (at !== undefined) return { kind: "instant", query, time: at, limit: 0, direction };
  const { start, end } = await boundsOf(question);
  const step = question.step ?? defaultStep(start, end);
  const stepMs = Math.max(1, Number(step / 1_000_000n));
  return { kind: "range", query, start, end, stepMs, interval: 0n, limit: 0, direction };
}

async function boundsOf({ start, end, bounds }: LocalQuestion) {
  if (start !== undefined && end !== undefined) return { start, end };
  const all = await bounds();
  return { start: start ?? all.start, end: end ?? all.end };
}

async function* entriesOf(
  batches: AsyncIterable<readonly LineEntry[]>,
): AsyncGenerator<readonly OutputEntry[]> {
  for await (const batch of batches) {
    yield batch.map((entry) => ({ ...entry, labels: entry.labels.labels }));
  }
}
