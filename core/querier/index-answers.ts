/** Answers what the index knows without a line being read: labels, series, how much there is. */
import { distinctStreams } from "../labels/stream-numbers.ts";
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";
import { newScanStats, type ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogSource, Select } from "../ports/log-source.ts";
import type {
  IndexStats,
  QueryAnswer,
  SelectorRequest,
  SeriesRequest,
  VolumeRequest,
  Warn,
} from "../ports/query-service.ts";
import { answerOf } from "./answer.ts";
import { windowOf } from "./asked.ts";
import { estimate } from "./estimate.ts";
import type { QueryBounds } from "./limits.ts";
import { type Scope, type ScopeParts, scopeOf } from "./scope.ts";
import { volumeAnswer } from "./volume.ts";

export class IndexAnswers {
  readonly #parts: ScopeParts & { readonly clock: Clock };

  constructor(parts: ScopeParts & { readonly clock: Clock }) {
    this.#parts = parts;
  }

  async labelNames(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return await this.#labels(tenants, request, signal, (source, select) =>
      source.labelNames(select),
    );
  }

  async labelValues(
    tenants: readonly Tenant[],
    name: string,
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return await this.#labels(tenants, request, signal, (source, select) =>
      source.labelValues(select, name),
    );
  }

  async series(
    tenants: readonly Tenant[],
    request: SeriesRequest,
    signal: AbortSignal,
  ): Promise<readonly Labels[]> {
    const { scope, window } = this.#asked(tenants, request);
    if (window === undefined) return [];
    return await warned(request, async (stats) => {
      const found = (matchers: readonly Matcher[]) =>
        scope.source.series(selectOf(scope, { ...window, matchers }, signal, stats));
      const lists: StreamId[][] = [];
      for (const matchers of request.groups) lists.push(await found(matchers));
      // Fast path: what one group of matchers finds is there once.
      const streams = lists.length <= 1 ? (lists[0] ?? (await found([]))) : distinctStreams(lists);
      return streams.map(({ labels }) => labels);
    });
  }

  async stats(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<IndexStats> {
    const { scope, window } = this.#asked(tenants, request);
    if (window === undefined) return { streams: 0, chunks: 0, bytes: 0, entries: 0 };
    const { source, tenant } = scope;
    const { start, end } = window;
    const { matchers } = request;
    const reading = { matchers, from: start, through: end + 1n };
    return await warned(request, (stats) => estimate(reading, { source, tenant, signal, stats }));
  }

  async volume(
    tenants: readonly Tenant[],
    request: VolumeRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const { scope, window } = this.#asked(tenants, request);
    const { clock } = this.#parts;
    if (window === undefined) {
      return await answerOf(clock, async () => ({ kind: "vector", samples: [] }));
    }
    return await answerOf(clock, (stats) =>
      volumeAnswer({ ...request, ...window }, scope.limits, ({ start, end }) =>
        scope.source.volume(selectOf(scope, { ...request, start, end }, signal, stats)),
      ),
    );
  }

  async #labels(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
    ask: (source: LogSource, select: Select) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const { scope, window } = this.#asked(tenants, request);
    if (window === undefined) return [];
    return await warned(request, (stats) =>
      ask(scope.source, selectOf(scope, { ...request, ...window }, signal, stats)),
    );
  }

  #asked(
    tenants: readonly Tenant[],
    bounds: QueryBounds,
  ): { scope: Scope; window: QueryBounds | undefined } {
    const scope = scopeOf(tenants, this.#parts);
    return { scope, window: windowOf(scope, bounds, this.#parts.clock.now()) };
  }
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
