/** Log queries: the lines of all blocks, through the stages, in order, up to the limit. */

import { lanesOf } from "../../bytes/lanes.ts";
import { compareText } from "../../bytes/text.ts";
import { rowsWithin } from "../../chunk/merge.ts";
import type { Block, StreamBlock } from "../../model/block.ts";
import type { Labels } from "../../model/labels.ts";
import type { ResultEntry, ResultStream, StreamsResult } from "../../model/result.ts";
import { spansPieces } from "../plan/pieces.ts";
import type { LogPlan } from "../plan/plan.ts";
import type { RowRange } from "../stages/machine.ts";
import { compilePipeline, type Pipeline, type Survivors } from "../stages/pipeline.ts";
import type { Budget } from "./budget.ts";
import type { QueryContext } from "./context.ts";
import { Distinct, type Line, orderLines, type ScanOrder, scanOrder } from "./line-order.ts";
import { Pacer } from "./pacer.ts";
import { type Candidate, Sequence, timeOf } from "./sequence.ts";
import { Stretches } from "./stretches.ts";
import { Thinning } from "./thinning.ts";

export async function runLogs(
  plan: LogPlan,
  context: QueryContext,
  budget: Budget,
): Promise<StreamsResult> {
  const pacer = new Pacer(context.clock, context.signal);
  const stretches = new Stretches({ clock: context.clock, pacer });
  const run = new LogRun(plan, context, { budget, stretches });
  const { matchers, from, through } = plan;
  const request = {
    matchers,
    from,
    through,
    direction: run.order.direction,
    stats: context.stats,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  };
  if (from < through) {
    for await (const block of context.scanner.scan(request)) {
      await pacer.step();
      if (!(await run.take(block))) break;
    }
  }
  return run.finish();
}

class LogRun {
  readonly order: ScanOrder;
  readonly #plan: LogPlan;
  readonly #context: QueryContext;
  readonly #budget: Budget;
  readonly #stretches: Stretches;
  readonly #pipeline: Pipeline;
  readonly #sequence: Sequence;
  readonly #thinning: Thinning;
  readonly #distinct: Distinct;
  readonly #lines: Line[] = [];

  constructor(
    plan: LogPlan,
    context: QueryContext,
    { budget, stretches }: { budget: Budget; stretches: Stretches },
  ) {
    const { search, clock } = context;
    this.#plan = plan;
    this.#context = context;
    this.#budget = budget;
    this.#stretches = stretches;
    const now = () => clock.now();
    this.#pipeline = compilePipeline(plan.log, { search, now, categorize: true });
    this.order = scanOrder(this.#pipeline.tail, plan);
    this.#sequence = new Sequence(this.order.direction);
    this.#thinning = new Thinning(plan.interval, plan.splitMs);
    this.#distinct = new Distinct(this.#pipeline.tail, (bytes) => budget.hold(bytes));
  }

  /** False when the answer is complete. */
  async take({ stream, block }: StreamBlock): Promise<boolean> {
    if (block.rows === 0) return true;
    const edge = this.order.direction === "forward" ? 0 : block.rows - 1;
    if (!this.#accept(this.#sequence.takeBefore(block.times[edge]!))) return false;
    const wanted = this.#wanted;
    const range = this.#usefulRows(block, wanted);
    if (range.first === range.end) return true;
    const pipeline = this.#pipeline.forStream(stream);
    const survivors = await this.#stretches.survivors(pipeline, block, range, {
      backward: this.order.direction === "backward",
      ...(wanted === Number.POSITIVE_INFINITY ? {} : { limit: wanted }),
    });
    this.#context.stats.postFilterLines += survivors.count;
    this.#collect({ stream, block }, survivors, wanted);
    return true;
  }

  finish(): StreamsResult {
    this.#accept(this.#sequence.takeAll());
    const { direction, limit } = this.#plan;
    const stages = this.#pipeline.tail.slice(this.#distinct.count);
    const lines = orderLines(this.#lines, stages, {
      scanned: this.order.direction,
      wanted: direction,
    }).slice(0, limit);
    const sorted = stages.some(({ kind }) => kind === "sort");
    return { kind: "streams", streams: this.#streamsOf(lines, sorted) };
  }

  /** Lines that may still be waiting: those beyond can only be part of the answer if something drops others. */
  get #wanted(): number {
    if (this.order.enough === undefined || this.#plan.interval > 0n || this.#distinct.count > 0) {
      return Number.POSITIVE_INFINITY;
    }
    return this.order.enough - this.#lines.length;
  }

  /** Rows in the time asked for, without those that come too late for the answer. */
  #usefulRows(block: Block, wanted: number): RowRange {
    const { from, through } = this.#plan;
    const cut = this.#sequence.cut(wanted);
    if (cut === undefined) return rowsWithin(block, from, through);
    return this.order.direction === "forward"
      ? rowsWithin(block, from, cut < through ? cut + 1n : through)
      : rowsWithin(block, cut > from ? cut : from, through);
  }

  /** Takes the survivors of a block that may become part of the answer. */
  #collect({ stream, block }: StreamBlock, survivors: Survivors, wanted: number): void {
    const lanes = lanesOf(block.times);
    const fresh: Candidate[] = [];
    const forward = this.order.direction === "forward";
    for (let index = 0; index < survivors.count; index++) {
      const at = forward ? index : survivors.count - 1 - index;
      const row = survivors.rows[at]!;
      const high = lanes[2 * row + 1]! | 0;
      const low = lanes[2 * row]!;
      const line = survivors.line(at);
      this.#budget.hold(lineBytes(line));
      fresh.push({ high, low, stream, labels: survivors.labelsOf(at), line });
    }
    for (const { line } of this.#sequence.add(fresh, wanted)) this.#budget.release(lineBytes(line));
  }

  /** The next lines of the sequence. False when there are enough. */
  #accept(candidates: readonly Candidate[]): boolean {
    const enough = this.order.enough ?? Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      if (this.#lines.length >= enough) break;
      const { labels, line } = candidate;
      const time = timeOf(candidate);
      if (this.#thinning.takes(time) && this.#distinct.takes(labels)) {
        this.#lines.push({ time, labels, line });
      } else {
        this.#budget.release(lineBytes(line));
      }
    }
    return this.#lines.length < enough;
  }

  #streamsOf(lines: readonly Line[], sorted: boolean): ResultStream[] {
    const streams = new Map<string, { labels: Labels; entries: ResultEntry[] }>();
    for (const { time, labels: set, line } of lines) {
      const { key, labels, metadata, parsed } = set;
      let stream = streams.get(key);
      if (stream === undefined) streams.set(key, (stream = { labels, entries: [] }));
      stream.entries.push({ time, line, metadata, parsed });
    }
    if (sorted) return [...streams.values()];
    const { from, through, direction, limit, splitMs } = this.#plan;
    const reached = lines.length >= limit ? lines.at(-1)?.time : undefined;
    const descending =
      direction === "backward" &&
      spansPieces({ start: from, end: through, direction }, splitMs, reached);
    return [...streams]
      .sort(([a], [b]) => (descending ? compareText(b, a) : compareText(a, b)))
      .map(([, stream]) => stream);
  }
}

/** Roughly what a line takes while it waits: its text, its time and its place. */
function lineBytes(line: string): number {
  return 120 + 2 * line.length;
}
