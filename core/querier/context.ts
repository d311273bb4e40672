/** A line with its neighbours: those just before and after it in the same stream. */
import { printLabels, sameLabels } from "../labels/labels.ts";
import { Budget } from "../logql/exec/budget.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { Pacer } from "../logql/exec/pacer.ts";
import { compilePipeline } from "../logql/stages/pipeline.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";
import type { ResultStream } from "../model/result.ts";
import { nsOf } from "../model/time.ts";
import type { ContextRequest, Direction } from "../ports/query-service.ts";
import { type OrderedLine, orderedLines } from "./ordered.ts";
import { groupLines } from "./streams.ts";

/** Neighbours are looked for so far from a line, nanoseconds, unless queries must be shorter. */
const REACH = 86_400_000_000_000n;
/** Streams that may have a line at the moment asked for. */
const STREAMS_MAX = 20;

interface Window {
  readonly matchers: readonly Matcher[];
  readonly from: bigint;
  readonly through: bigint;
  readonly direction: Direction;
}

export class ContextRun {
  readonly #request: ContextRequest;
  readonly #context: QueryContext;
  readonly #budget: Budget;
  readonly #bounds: { readonly from: bigint; readonly through: bigint };

  constructor(request: ContextRequest, limits: Limits, context: QueryContext) {
    this.#request = request;
    this.#context = context;
    this.#budget = new Budget(limits.maxQueryMemoryBytes);
    this.#bounds = boundsOf(request.time, limits, context.clock.now());
  }

  /** Rejects with BadRequest 404 when there is no such line. */
  async streams(): Promise<ResultStream[]> {
    const { matchers, time, line } = this.#request;
    const from = time < this.#bounds.from ? this.#bounds.from : time;
    const here = { matchers, from, through: time + 1n, direction: "forward" } as const;
    const byStream = new Map<string, { labels: Labels; lines: OrderedLine[] }>();
    for await (const found of this.#lines(here, Number.POSITIVE_INFINITY)) {
      const { labels } = found.stream;
      const key = printLabels(labels);
      const known = byStream.get(key);
      if (known === undefined) byStream.set(key, { labels, lines: [found] });
      else known.lines.push(found);
    }
    const isMatch = (found: OrderedLine) => line === undefined || found.line === line;
    const streams = [...byStream.values()].filter(({ lines }) => lines.some(isMatch));
    if (streams.length === 0) {
      throw new BadRequest(`no such line at ${time}`, { status: 404 });
    }
    if (streams.length > STREAMS_MAX) {
      throw new LimitExceeded(
        "context_streams",
        `too many streams have a line at ${time} (streams: ${streams.length}, limit: ${STREAMS_MAX}): narrow the selector`,
      );
    }
    const lines: OrderedLine[] = [];
    for (const stream of streams) lines.push(...(await this.#around(stream, isMatch)));
    return groupLines(lines);
  }

  /** `lines` are those of the moment asked for. */
  async #around(
    { labels, lines }: { labels: Labels; lines: readonly OrderedLine[] },
    isMatch: (line: OrderedLine) => boolean,
  ): Promise<OrderedLine[]> {
    const { time, before, after } = this.#request;
    const first = lines.findIndex(isMatch);
    const end = lines.findLastIndex(isMatch) + 1;
    const matchers = labels.map(([name, value]) => ({ name, op: "=", value }) as const);
    const earlier = await this.#same(labels, before - first, {
      ...{ matchers, from: this.#bounds.from, through: time, direction: "backward" },
    });
    const later = await this.#same(labels, after - (lines.length - end), {
      ...{ matchers, from: time + 1n, through: this.#bounds.through, direction: "forward" },
    });
    const here = lines.slice(Math.max(0, first - before), end + after);
    return [...earlier.toReversed(), ...here, ...later];
  }

  /** Up to so many lines of a stream. Others with the same labels and more are passed over. */
  async #same(labels: Labels, wanted: number, window: Window): Promise<OrderedLine[]> {
    const lines: OrderedLine[] = [];
    if (wanted <= 0) return lines;
    for await (const line of this.#lines(window, wanted)) {
      if (!sameLabels(line.stream.labels, labels)) continue;
      lines.push(line);
      if (lines.length >= wanted) break;
    }
    return lines;
  }

  async *#lines(window: Window, wanted: number): AsyncGenerator<OrderedLine> {
    if (window.from >= window.through) return;
    const { search, scanner, clock, stats, signal } = this.#context;
    const log = { kind: "log", matchers: window.matchers, stages: [] } as const;
    const batches = orderedLines({
      ...{ scanner, wanted, budget: this.#budget, clock, pacer: new Pacer(clock, signal) },
      pipeline: compilePipeline(log, { search, now: () => clock.now(), categorize: true }),
      request: { ...window, stats, ...(signal === undefined ? {} : { signal }) },
    });
    for await (const batch of batches) {
      for (const line of batch) {
        this.#budget.hold(120 + 2 * line.line.length);
        yield line;
      }
    }
  }
}

/** Where neighbours are looked for: not too far, and not where the tenant may not look. */
function boundsOf(time: bigint, { maxQueryLengthMs, maxQueryLookbackMs }: Limits, now: bigint) {
  const allowed = nsOf(maxQueryLengthMs) / 2n;
  const reach = allowed > 0n && allowed < REACH ? allowed : REACH;
  const oldest = maxQueryLookbackMs > 0 ? now - nsOf(maxQueryLookbackMs) : time - reach;
  const from = oldest > time - reach ? oldest : time - reach;
  return { from, through: time + reach };
}
