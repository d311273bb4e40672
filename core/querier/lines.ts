/**
 * The answer of a log query line by line: what is in the scan's order goes through as it comes, and
 * only stages that look at all lines (`sort`, `last` and their like) make it wait for them.
 */
import { Budget } from "../logql/exec/budget.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { Distinct, orderLines, scanOrder } from "../logql/exec/line-order.ts";
import { Pacer } from "../logql/exec/pacer.ts";
import { Thinning } from "../logql/exec/thinning.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import { indexMatchers } from "../logql/plan/push-down.ts";
import { withMatchers } from "../logql/plan/scans.ts";
import { compilePipeline } from "../logql/stages/pipeline.ts";
import { isBeyond } from "../logql/stages/reorder.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import { BadRequest } from "../model/errors.ts";
import type { Position } from "./cursor.ts";
import { type OrderedLine, orderedLines } from "./ordered.ts";

/** Lines handed out together when all had to be waited for. */
const BATCH_LINES = 1024;

export class LineRun {
  /** Where the lines go on; known when all have been taken. */
  rest: Position | undefined;
  readonly #expr: LogExpr;
  readonly #params: QueryParams;
  readonly #context: QueryContext;
  readonly #after: Position | undefined;

  /** Lines after a position are those that a query without it would give after that one. */
  constructor(expr: LogExpr, params: QueryParams, context: QueryContext, after?: Position) {
    this.#expr = expr;
    this.#params = params;
    this.#context = context;
    this.#after = after;
  }

  async *lines(): AsyncGenerator<readonly OrderedLine[]> {
    const { search, clock, signal, scanner, stats } = this.#context;
    const { limits, direction, limit } = this.#params;
    const budget = new Budget(limits.maxQueryMemoryBytes);
    const now = () => clock.now();
    const pipeline = compilePipeline(this.#expr, { search, now, categorize: true });
    const { tail } = pipeline;
    const order = scanOrder(tail, { direction, limit });
    const distinct = new Distinct(tail, (bytes) => budget.hold(bytes));
    const { from, through } = this.#bounds();
    if (from >= through) return;

    const isThinned = distinct.count > 0 || this.#params.interval > 0n;
    const request = {
      matchers: withMatchers(this.#expr.matchers, indexMatchers(this.#expr.stages)),
      ...{ from, through, direction: order.direction, stats },
      ...(signal === undefined ? {} : { signal }),
    };
    const scanned = orderedLines({
      ...{ pipeline, scanner, request, budget, clock },
      pacer: new Pacer(clock, signal),
      // One more tells whether there are more.
      wanted: isThinned ? Number.POSITIVE_INFINITY : enoughOf(order) + this.#skipped + 1,
    });
    const kept = this.#keep(scanned, distinct);
    const rest = tail.slice(distinct.count);
    if (rest.length === 0) {
      yield* this.#upTo(limit, kept);
      return;
    }
    const all: OrderedLine[] = [];
    for await (const batch of upTo(enoughOf(order), kept)) {
      for (const line of batch) budget.hold(120 + 2 * line.line.length);
      all.push(...batch);
    }
    const ordered = orderLines(all, rest, { scanned: order.direction, wanted: direction });
    for (let at = 0; at < ordered.length && at < limit; at += BATCH_LINES) {
      yield ordered.slice(at, Math.min(limit, at + BATCH_LINES));
    }
  }

  get #skipped(): number {
    return this.#after?.count ?? 0;
  }

  #bounds(): { from: bigint; through: bigint } {
    const { start: from, end: through, direction } = this.#params;
    if (this.#after === undefined) return { from, through };
    const { time } = this.#after;
    if (time < from || time >= through) {
      throw new BadRequest(`cursor is at ${time}, outside of the time asked for`);
    }
    return direction === "forward" ? { from: time, through } : { from, through: time + 1n };
  }

  /** Without what the cursor has seen, repeats, and lines that are too close. */
  async *#keep(
    batches: AsyncIterable<readonly OrderedLine[]>,
    distinct: Distinct,
  ): AsyncGenerator<readonly OrderedLine[]> {
    const thinning = new Thinning(
      this.#params.interval,
      this.#params.limits.splitQueriesByIntervalMs,
    );
    let skip = this.#skipped;
    for await (const batch of batches) {
      let seen = 0;
      while (seen < batch.length && skip > 0 && batch[seen]!.time === this.#after!.time) {
        seen++;
        skip--;
      }
      const rows = seen === 0 ? batch : batch.slice(seen);
      yield rows.filter(({ time, labels }) => thinning.takes(time) && distinct.takes(labels));
    }
  }

  /** Up to the limit; leaves in `rest` where the lines go on. */
  async *#upTo(
    limit: number,
    batches: AsyncIterable<readonly OrderedLine[]>,
  ): AsyncGenerator<readonly OrderedLine[]> {
    let left = limit;
    let last = this.#after ?? { time: 0n, count: 0 };
    for await (const batch of batches) {
      const given = batch.length <= left ? batch : batch.slice(0, left);
      for (const { time } of given) {
        last = { time, count: time === last.time ? last.count + 1 : 1 };
      }
      left -= given.length;
      if (given.length > 0) yield given;
      if (given.length < batch.length) {
        this.rest = last;
        return;
      }
    }
  }
}

/** A cursor is a place in the lines as they are stored: an order that the query makes has none. */
export function checkCursor(expr: LogExpr, interval: bigint): void {
  const beyond = expr.stages.find(isBeyond);
  if (beyond !== undefined) throw new BadRequest(`a cursor cannot go with | ${beyond.kind}`);
  if (interval > 0n) throw new BadRequest("a cursor cannot go with an interval");
}

function enoughOf({ enough }: { enough: number | undefined }): number {
  return enough ?? Number.POSITIVE_INFINITY;
}

async function* upTo<T>(
  limit: number,
  batches: AsyncIterable<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  let left = limit;
  for await (const batch of batches) {
    yield batch.length <= left ? batch : batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return;
  }
}
