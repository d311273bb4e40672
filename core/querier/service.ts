/**
 * Answers queries over a source of lines: holds them against the tenant's limits, runs them, counts
 * what they touched. One process with ingester and store, a bucket without a server and a file in a
 * CI job are all this, over different sources.
 */
import { printMatchers } from "../labels/matcher.ts";
import { distinctStreams } from "../labels/stream-numbers.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { runPlan } from "../logql/exec/engine.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import type { Expr, LogExpr } from "../logql/syntax/ast.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import type { StreamId } from "../model/block.ts";
import { BadRequest } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits, LimitsOf } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";
import type { QueryResult } from "../model/result.ts";
import { newScanStats, type ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogSource, Select } from "../ports/log-source.ts";
import type {
  ContextRequest,
  Explanation,
  IndexStats,
  LineEntry,
  LinesAnswer,
  LinesRequest,
  PreparedQuery,
  QueryAnswer,
  QueryRequest,
  QueryService,
  SelectorRequest,
  SeriesRequest,
  TailBatch,
  TailRequest,
  VolumeRequest,
  Warn,
} from "../ports/query-service.ts";
import { checkAround } from "./around.ts";
import { ContextRun } from "./context.ts";
import { parseCursor } from "./cursor.ts";
import { checkBytesRead, estimate, readingsOf } from "./estimate.ts";
import { explainQuery } from "./explain.ts";
import type { FetchBounds } from "./fetch-ahead.ts";
import { boundQuery, checkEnabled, checkQuery, kindOf, type QueryBounds } from "./limits.ts";
import { checkMatchers, checkText, planWithin } from "./limits-behind.ts";
import { checkCursor } from "./lines.ts";
import { readLines } from "./read-lines.ts";
import { type Scope, scopeOf } from "./scope.ts";
import { groupLines } from "./streams.ts";
import { type Follow, tail } from "./tail.ts";
import { TimeLimit } from "./time-limit.ts";
import { volumeAnswer } from "./volume.ts";

export interface QuerierParts {
  /** In the order in which data moves: an ingester before its store. */
  readonly sources: readonly LogSource[];
  /** Follows lines as they come in; without it there is no tail. */
  readonly follow?: Follow;
  readonly limits: LimitsOf;
  readonly search: ByteSearch;
  readonly clock: Clock;
  /** What one scan may fetch ahead; FETCH_BOUNDS when left out. */
  readonly fetch?: FetchBounds;
}

export class Querier implements QueryService {
  readonly #parts: QuerierParts;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
  }

  prepare(tenants: readonly Tenant[], request: QueryRequest): PreparedQuery {
    const asked = this.#asked(tenants, request);
    const { expr } = asked;
    const kind = kindOf(expr);
    if (request.kind === "instant" || request.cursor === undefined || expr.kind !== "log") {
      return {
        kind,
        run: async (signal) => {
          checkText(expr, request.query, asked.scope.limits);
          return await this.#run(asked, signal);
        },
      };
    }
    const lines = this.#lines({ ...asked, expr }, request);
    return {
      kind,
      run: async (signal) => {
        checkText(expr, request.query, asked.scope.limits);
        return await this.#page(lines, signal);
      },
    };
  }

  lines(tenants: readonly Tenant[], request: LinesRequest, signal: AbortSignal): LinesAnswer {
    const asked = this.#asked(tenants, request, { entriesMax: 0 });
    const { expr } = asked;
    checkText(expr, request.query, asked.scope.limits);
    if (expr.kind !== "log") throw new BadRequest("only log queries have lines");
    return this.#lines({ ...asked, expr }, request)(signal);
  }

  async explain(
    tenants: readonly Tenant[],
    request: QueryRequest,
    { analyze, signal }: { analyze: boolean; signal: AbortSignal },
  ): Promise<Explanation> {
    const { expr, params, scope } = this.#asked(tenants, request);
    checkText(expr, request.query, scope.limits);
    const limit = this.#timeLimit(scope, signal);
    const context = this.#contextOf(scope, limit, newScanStats());
    const { source, tenant } = scope;
    return await limit.run(() =>
      explainQuery({ expr, params, context, analyze, source, tenant, signal: limit.signal }),
    );
  }

  async context(
    tenants: readonly Tenant[],
    request: ContextRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    checkAround(request);
    const scope = this.#scopeOf(tenants);
    const { matchers } = request;
    const text = printMatchers(matchers);
    const expr = { kind: "log", matchers, stages: [] } as const;
    checkQuery(expr, { limit: 0 }, scope.limits);
    checkEnabled(scope.limits);
    checkText(expr, text, scope.limits);
    const limit = this.#timeLimit(scope, signal);
    return await this.#answer(async (stats) => {
      const run = new ContextRun(request, scope.limits, this.#contextOf(scope, limit, stats));
      return { kind: "streams", streams: await limit.run(() => run.streams()) };
    });
  }

  async labelNames(tenants: readonly Tenant[], request: SelectorRequest, signal: AbortSignal) {
    const scope = this.#scopeOf(tenants);
    const bounds = this.#bound(scope, request);
    if (bounds === undefined) return [];
    return await warned(request, (stats) =>
      scope.source.labelNames(selectOf(scope, { ...request, ...bounds }, signal, stats)),
    );
  }

  async labelValues(
    tenants: readonly Tenant[],
    name: string,
    request: SelectorRequest,
    signal: AbortSignal,
  ) {
    const scope = this.#scopeOf(tenants);
    const bounds = this.#bound(scope, request);
    if (bounds === undefined) return [];
    return await warned(request, (stats) =>
      scope.source.labelValues(selectOf(scope, { ...request, ...bounds }, signal, stats), name),
    );
  }

  async series(
    tenants: readonly Tenant[],
    request: SeriesRequest,
    signal: AbortSignal,
  ): Promise<readonly Labels[]> {
    const scope = this.#scopeOf(tenants);
    const bounds = this.#bound(scope, request);
    if (bounds === undefined) return [];
    return await warned(request, async (stats) => {
      const found = (matchers: readonly Matcher[]) =>
        scope.source.series(selectOf(scope, { ...bounds, matchers }, signal, stats));
      const lists: StreamId[][] = [];
      for (const matchers of request.groups) lists.push(await found(matchers));
      // Fast path: what one group of matchers finds is there once.
      const streams = lists.length <= 1 ? (lists[0] ?? (await found([]))) : distinctStreams(lists);
      return streams.map(({ labels }) => labels);
    });
  }

  async indexStats(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<IndexStats> {
    const scope = this.#scopeOf(tenants);
    const { source, tenant } = scope;
    const bounds = this.#bound(scope, request);
    if (bounds === undefined) return { streams: 0, chunks: 0, bytes: 0, entries: 0 };
    const { start, end } = bounds;
    const { matchers } = request;
    const reading = { matchers, from: start, through: end + 1n };
    return await warned(request, (stats) => estimate(reading, { source, tenant, signal, stats }));
  }

  async volume(
    tenants: readonly Tenant[],
    request: VolumeRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const scope = this.#scopeOf(tenants);
    const bounds = this.#bound(scope, request);
    if (bounds === undefined) {
      return await this.#answer(async () => ({ kind: "vector", samples: [] }));
    }
    return await this.#answer((stats) =>
      volumeAnswer({ ...request, ...bounds }, scope.limits, ({ start, end }) =>
        scope.source.volume(selectOf(scope, { ...request, start, end }, signal, stats)),
      ),
    );
  }

  tail(tenant: Tenant, request: TailRequest, signal: AbortSignal): AsyncIterable<TailBatch> {
    const { follow, search, clock } = this.#parts;
    if (follow === undefined) throw new BadRequest("tailing needs an ingester in this process");
    const expr = parseQuery(request.query);
    if (expr.kind !== "log") throw new BadRequest("only log selector is supported");
    const scope = this.#scopeOf([tenant]);
    checkMatchers(expr, scope.limits);
    const history = async (from: bigint, end: bigint): Promise<QueryResult> => {
      const { start } = this.#bound(scope, { start: from, end }) ?? { start: end };
      const params: QueryParams = {
        ...{ start, end, interval: 0n, limit: request.limit, direction: "backward" },
        // Lines have no steps; one as long as the time asked for offends no rule.
        step: end - start > NS_PER_MS ? end - start : NS_PER_MS,
        ...{ instant: false, limits: scope.limits },
      };
      return (await this.#run({ expr, params, scope, outside: false }, signal)).result;
    };
    return tail({ tenant, expr, request, follow, history, search, clock, signal });
  }

  /** A request as this process will do it. Throws what Loki's frontend refuses. */
  #asked(
    tenants: readonly Tenant[],
    request: QueryRequest,
    bounds: { entriesMax?: number } = {},
  ): Asked {
    const scope = this.#scopeOf(tenants);
    const { limits } = scope;
    const { entriesMax = limits.maxEntriesLimitPerQuery } = bounds;
    const approxTopk = limits.shardAggregations.includes("approx_topk");
    const expr = parseQuery(request.query, { approxTopk });
    const params = paramsOf(request, limits);
    checkQuery(expr, params, { ...limits, maxEntriesLimitPerQuery: entriesMax });
    const window = this.#bound(scope, params);
    const outside = window === undefined;
    return { expr, params: { ...params, ...(window ?? NOTHING) }, scope, outside };
  }

  /** What of the time asked for may be looked at; undefined when nothing of it. */
  #bound({ limits }: Scope, bounds: QueryBounds): QueryBounds | undefined {
    const bound = boundQuery(bounds, limits, this.#parts.clock.now());
    checkEnabled(limits);
    return bound;
  }

  #scopeOf(tenants: readonly Tenant[]): Scope {
    return scopeOf(tenants, this.#parts);
  }

  #timeLimit({ limits }: Scope, signal: AbortSignal): TimeLimit {
    return new TimeLimit(limits.queryTimeoutMs, this.#parts.clock, signal);
  }

  #contextOf({ scanner }: Scope, { signal }: TimeLimit, stats: ScanStats): QueryContext {
    const { search, clock } = this.#parts;
    return { scanner, search, clock, stats, signal };
  }

  async #run({ expr, params, scope, outside }: Asked, signal: AbortSignal): Promise<QueryAnswer> {
    if (outside) return await this.#answer(async () => nothingOf(expr, params));
    const limit = this.#timeLimit(scope, signal);
    return await this.#answer((stats) =>
      limit.run(async () => {
        const plan = planWithin(expr, params, this.#parts.clock.now());
        const parts = { ...scope, signal: limit.signal };
        await checkBytesRead(readingsOf(plan), params.limits, parts);
        return await runPlan(plan, params.limits, this.#contextOf(scope, limit, stats));
      }),
    );
  }

  #lines({ expr, params, scope }: Asked<LogExpr>, request: LinesRequest): RunLines {
    if (request.cursor !== undefined) checkCursor(expr, request.interval);
    if (request.around !== undefined) checkAround(request.around, expr);
    const { cursor = "" } = request;
    const after = cursor === "" ? {} : { after: parseCursor(cursor, request) };
    return (signal) => {
      const limit = this.#timeLimit(scope, signal);
      const context = this.#contextOf(scope, limit, newScanStats());
      return readLines({ expr, params, scope, request, context, limit, ...after });
    };
  }

  async #page(lines: RunLines, signal: AbortSignal): Promise<QueryAnswer> {
    const { batches, scan, cursor } = lines(signal);
    const answer = await this.#answer(async () => {
      const found: LineEntry[] = [];
      for await (const batch of batches) found.push(...batch);
      return { kind: "streams", streams: groupLines(found) };
    }, scan);
    const next = cursor();
    return { ...answer, ...(next === undefined ? {} : { cursor: next }) };
  }

  async #answer(
    run: (stats: ScanStats) => Promise<QueryResult>,
    scan = newScanStats(),
  ): Promise<QueryAnswer> {
    const started = this.#parts.clock.ticksMs();
    const result = await run(scan);
    const execMs = this.#parts.clock.ticksMs() - started;
    const stats = { scan, execMs, queueMs: 0, subqueries: 0, splits: 0, shards: 0 };
    return { result, stats, warnings: scan.warnings };
  }
}

/** A request that was parsed and held against the limits. */
interface Asked<E extends Expr = Expr> {
  readonly expr: E;
  readonly params: QueryParams;
  readonly scope: Scope;
  /** All of its time is before what may be looked back to. */
  readonly outside: boolean;
}

type RunLines = (signal: AbortSignal) => LinesAnswer;

/** Bounds in which there is nothing. */
const NOTHING = { start: 0n, end: 0n };

/** What a query gives that may not look at anything. */
function nothingOf(expr: Expr, { instant }: QueryParams): QueryResult {
  if (expr.kind === "log") return { kind: "streams", streams: [] };
  return instant ? { kind: "vector", samples: [] } : { kind: "matrix", series: [] };
}

function paramsOf(request: QueryRequest, limits: Limits): QueryParams {
  const { limit, direction } = request;
  if (request.kind === "instant") {
    const { time } = request;
    return {
      start: time,
      end: time,
      step: NS_PER_MS,
      interval: 0n,
      limit,
      direction,
      instant: true,
      limits,
    };
  }
  const { start, end, interval, stepMs } = request;
  return {
    start,
    end,
    step: BigInt(stepMs) * NS_PER_MS,
    interval,
    limit,
    direction,
    instant: false,
    limits,
  };
}

function selectOf(
  { tenant }: Scope,
  { matchers, start, end }: SelectorRequest,
  signal: AbortSignal,
  stats: ScanStats,
): Select {
  return { tenant, matchers, from: start, through: end + 1n, signal, stats };
}

/** Tells whoever asked of the objects that could not be looked at. */
async function warned<T>(
  { warn }: { readonly warn?: Warn },
  ask: (stats: ScanStats) => Promise<T>,
): Promise<T> {
  const stats = newScanStats();
  const answer = await ask(stats);
  for (const text of stats.warnings) warn?.(text);
  return answer;
}
