/**
 * Answers queries over a source of lines: holds them against the tenant's limits, runs them, counts
 * what they touched. One process with ingester and store, a bucket without a server and a file in a
 * CI job are all this, over different sources.
 */
import { printLabels } from "../labels/labels.ts";
import { evaluate } from "../logql/exec/engine.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import type { Expr } from "../logql/syntax/ast.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits, LimitsOf } from "../model/limits.ts";
import type { QueryResult } from "../model/result.ts";
import { newScanStats, type ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogSource, Select } from "../ports/log-source.ts";
import type {
  IndexStats,
  PreparedQuery,
  QueryAnswer,
  QueryRequest,
  QueryService,
  SelectorRequest,
  SeriesRequest,
  TailBatch,
  TailRequest,
  VolumeRequest,
} from "../ports/query-service.ts";
import { boundQuery, checkQuery } from "./limits.ts";
import { SourceScanner } from "./scan.ts";
import { JoinedSource } from "./source.ts";
import { type Follow, tail } from "./tail.ts";
import { volumeAnswer } from "./volume.ts";

export interface QuerierParts {
  /** In the order in which data moves: an ingester before its store. */
  readonly sources: readonly LogSource[];
  /** Follows lines as they come in; without it there is no tail. */
  readonly follow?: Follow;
  readonly limits: LimitsOf;
  readonly search: ByteSearch;
  readonly clock: Clock;
}

export class Querier implements QueryService {
  readonly #parts: QuerierParts;
  readonly #joined: JoinedSource;

  constructor(parts: QuerierParts) {
    this.#parts = parts;
    this.#joined = new JoinedSource(parts.sources);
  }

  prepare(tenants: readonly Tenant[], request: QueryRequest): PreparedQuery {
    const tenant = only(tenants);
    const limits = this.#parts.limits.of(tenant);
    const expr = parseQuery(request.query);
    const params = paramsOf(request, limits);
    checkQuery(expr, request.query, params, limits);
    const bounds = boundQuery(params, limits, this.#parts.clock.now());
    return {
      kind: expr.kind === "log" ? "log" : "metric",
      run: (signal) => this.#run(tenant, expr, { ...params, ...(bounds ?? NOTHING) }, signal),
    };
  }

  async labelNames(tenants: readonly Tenant[], request: SelectorRequest, signal: AbortSignal) {
    return await this.#joined.labelNames(selectOf(only(tenants), request, signal));
  }

  async labelValues(
    tenants: readonly Tenant[],
    name: string,
    request: SelectorRequest,
    signal: AbortSignal,
  ) {
    return await this.#joined.labelValues(selectOf(only(tenants), request, signal), name);
  }

  async series(
    tenants: readonly Tenant[],
    request: SeriesRequest,
    signal: AbortSignal,
  ): Promise<readonly Labels[]> {
    const known = new Map<string, Labels>();
    for (const matchers of request.groups.length === 0 ? [[]] : request.groups) {
      const select = selectOf(only(tenants), { ...request, matchers }, signal);
      for (const labels of await this.#joined.series(select))
        known.set(printLabels(labels), labels);
    }
    return [...known.values()];
  }

  async indexStats(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<IndexStats> {
    const volumes = await this.#joined.volume(selectOf(only(tenants), request, signal));
    const stats = { streams: volumes.length, chunks: 0, bytes: 0, entries: 0 };
    for (const { chunks, bytes, entries } of volumes) {
      stats.chunks += chunks;
      stats.bytes += bytes;
      stats.entries += entries;
    }
    return stats;
  }

  async volume(
    tenants: readonly Tenant[],
    request: VolumeRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const tenant = only(tenants);
    return await this.#answer((stats) => {
      const limits = this.#parts.limits.of(tenant);
      return volumeAnswer(request, limits, ({ start, end }) =>
        this.#joined.volume({ ...selectOf(tenant, { ...request, start, end }, signal), stats }),
      );
    });
  }

  tail(tenant: Tenant, request: TailRequest, signal: AbortSignal): AsyncIterable<TailBatch> {
    const { follow, search, clock } = this.#parts;
    if (follow === undefined) throw new BadRequest("tailing needs an ingester in this process");
    const expr = parseQuery(request.query);
    if (expr.kind !== "log") throw new BadRequest("only log selector is supported");
    const history = async (start: bigint, end: bigint): Promise<QueryResult> => {
      const params: QueryParams = {
        ...{
          start,
          end,
          interval: 0n,
          limit: request.limit,
          direction: "backward",
          instant: false,
        },
        // Lines have no steps; one as long as the time asked for offends no rule.
        step: end - start > NS_PER_MS ? end - start : NS_PER_MS,
        limits: this.#parts.limits.of(tenant),
      };
      return (await this.#run(tenant, expr, params, signal)).result;
    };
    return tail({ tenant, expr, request, follow, history, search, clock, signal });
  }

  async #run(
    tenant: Tenant,
    expr: Expr,
    params: QueryParams,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const { search, clock, sources } = this.#parts;
    const { queryTimeoutMs } = params.limits;
    const timeout = AbortSignal.timeout(queryTimeoutMs > 0 ? queryTimeoutMs : 2 ** 31 - 1);
    const either = AbortSignal.any([signal, timeout]);
    const scanner = new SourceScanner(tenant, sources);
    try {
      return await this.#answer((stats) =>
        evaluate(expr, params, { scanner, search, signal: either, stats, clock }),
      );
    } catch (error) {
      if (!timeout.aborted || signal.aborted) throw error;
      throw new LimitExceeded(
        "query_timeout",
        "Request timed out, decrease the duration of the request or add more label matchers (prefer exact " +
          "match over regex match) to reduce the amount of data processed.",
        { status: 504 },
      );
    }
  }

  async #answer(run: (stats: ScanStats) => Promise<QueryResult>): Promise<QueryAnswer> {
    const scan = newScanStats();
    const started = this.#parts.clock.ticksMs();
    const result = await run(scan);
    const execMs = this.#parts.clock.ticksMs() - started;
    const stats = { scan, execMs, queueMs: 0, subqueries: 0, splits: 0, shards: 0 };
    return { result, stats, warnings: scan.warnings };
  }
}

/** Bounds in which there is nothing. */
const NOTHING = { start: 0n, end: 0n };

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
  tenant: Tenant,
  { matchers, start, end }: SelectorRequest,
  signal: AbortSignal,
): Select {
  return { tenant, matchers, from: start, through: end + 1n, signal };
}

function only(tenants: readonly Tenant[]): Tenant {
  if (tenants.length !== 1) throw new BadRequest("multiple org IDs present");
  return tenants[0]!;
}
