/**
 * Answers queries over a source of lines: holds them against the tenant's limits, runs them, counts
 * what they touched. One process with ingester and store, a bucket without a server and a file in a
 * CI job are all this, over different sources.
 */
import { printMatchers } from "../labels/matcher.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { runPlan } from "../logql/exec/engine.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import type { QueryResult } from "../model/result.ts";
import { newScanStats, type ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock } from "../ports/clock.ts";
import type {
  ContextRequest,
  Explanation,
  LineEntry,
  LinesAnswer,
  LinesRequest,
  PreparedQuery,
  QueryAnswer,
  QueryRequest,
  QueryService,
  TailBatch,
  TailRequest,
} from "../ports/query-service.ts";
import { answerOf } from "./answer.ts";
import { checkAround } from "./around.ts";
import { type Asked, askedOf, nothingOf, windowOf } from "./asked.ts";
import { ContextRun } from "./context.ts";
import { parseCursor } from "./cursor.ts";
import { checkBytesRead, readingsOf } from "./estimate.ts";
import { explainQuery } from "./explain.ts";
import { IndexAnswers } from "./index-answers.ts";
import { checkEnabled, checkQuery, kindOf } from "./limits.ts";
import { checkMatchers, checkText, planWithin } from "./limits-behind.ts";
import { checkCursor } from "./lines.ts";
import { readLines } from "./read-lines.ts";
import { type Scope, type ScopeParts, scopeOf } from "./scope.ts";
import { groupLines } from "./streams.ts";
import { type Follow, tail } from "./tail.ts";
import { TimeLimit } from "./time-limit.ts";

export interface QuerierParts extends ScopeParts {
  /** Follows lines as they come in; without it there is no tail. */
  readonly follow?: Follow;
  readonly search: ByteSearch;
  readonly clock: Clock;
}

export class Querier implements QueryService {
  readonly #parts: QuerierParts;
  readonly #index: IndexAnswers;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
    this.#index = new IndexAnswers(parts);
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
    return await answerOf(this.#parts.clock, async (stats) => {
      const run = new ContextRun(request, scope.limits, this.#contextOf(scope, limit, stats));
      return { kind: "streams", streams: await limit.run(() => run.streams()) };
    });
  }

  labelNames(...asked: Parameters<QueryService["labelNames"]>) {
    return this.#index.labelNames(...asked);
  }

  labelValues(...asked: Parameters<QueryService["labelValues"]>) {
    return this.#index.labelValues(...asked);
  }

  series(...asked: Parameters<QueryService["series"]>) {
    return this.#index.series(...asked);
  }

  indexStats(...asked: Parameters<QueryService["indexStats"]>) {
    return this.#index.stats(...asked);
  }

  volume(...asked: Parameters<QueryService["volume"]>) {
    return this.#index.volume(...asked);
  }

  tail(tenant: Tenant, request: TailRequest, signal: AbortSignal): AsyncIterable<TailBatch> {
    const { follow, search, clock } = this.#parts;
    if (follow === undefined) throw new BadRequest("tailing needs an ingester in this process");
    const expr = parseQuery(request.query);
    if (expr.kind !== "log") throw new BadRequest("only log selector is supported");
    const scope = this.#scopeOf([tenant]);
    checkMatchers(expr, scope.limits);
    const history = async (from: bigint, end: bigint): Promise<QueryResult> => {
      const { start } = windowOf(scope, { start: from, end }, clock.now()) ?? { start: end };
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

  #asked(
    tenants: readonly Tenant[],
    request: QueryRequest,
    bounds: { readonly entriesMax?: number } = {},
  ): Asked {
    return askedOf(this.#scopeOf(tenants), request, { ...bounds, now: this.#parts.clock.now() });
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

  async #run(asked: Asked, signal: AbortSignal): Promise<QueryAnswer> {
    const { clock } = this.#parts;
    if (asked.outside) return await answerOf(clock, async () => nothingOf(asked));
    const { expr, params, scope } = asked;
    const limit = this.#timeLimit(scope, signal);
    return await answerOf(clock, (stats) =>
      limit.run(async () => {
        const plan = planWithin(expr, params, clock.now());
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
    const answer = await answerOf(
      this.#parts.clock,
      async () => {
        const found: LineEntry[] = [];
        for await (const batch of batches) found.push(...batch);
        return { kind: "streams", streams: groupLines(found) };
      },
      scan,
    );
    const next = cursor();
    return { ...answer, ...(next === undefined ? {} : { cursor: next }) };
  }
}

type RunLines = (signal: AbortSignal) => LinesAnswer;
