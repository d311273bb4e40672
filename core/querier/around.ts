/**
 * Lines with their neighbours: what `grep -C` shows. One scan finds both. A stream's blocks come one
 * after the other, so all that is kept of a stream is the last few lines before the one it is at and
 * how many are still wanted after a match.
 */

import { rowsWithin } from "../chunk/merge.ts";
import { Budget } from "../logql/exec/budget.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { Pacer } from "../logql/exec/pacer.ts";
import { Stretches } from "../logql/exec/stretches.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import { compilePipeline, type Survivors } from "../logql/stages/pipeline.ts";
import { isBeyond } from "../logql/stages/reorder.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import type { StreamId } from "../model/block.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Around, LineEntry } from "../ports/query-service.ts";

/** Neighbours of one line. */
export const AROUND_MAX = 1000;
/** After the last match a scan goes on for its neighbours, but no further than this, nanoseconds. */
const REACH = 3_600_000_000_000n;
/** Lines of a group that are given before it ends. */
const PART_LINES = 1024;

export interface AroundParts {
  readonly expr: LogExpr;
  readonly params: QueryParams;
  readonly context: QueryContext;
  readonly around: Around;
  /** The last match that is wanted and how many of its moment; undefined for all. */
  readonly last?: { readonly time: bigint; readonly count: number };
}

/** Throws BadRequest for numbers of neighbours that are none, and for queries whose lines have none. */
export function checkAround({ before, after }: Around, expr?: LogExpr): void {
  for (const [name, count] of Object.entries({ before, after })) {
    if (!Number.isInteger(count) || count < 0) {
      throw new BadRequest(`${name} is ${count}, want a whole number of at least 0`);
    }
    if (count > AROUND_MAX) {
      throw new LimitExceeded(
        name,
        `too many lines of context (${name}: ${count}, limit: ${AROUND_MAX})`,
      );
    }
  }
  const beyond = expr?.stages.find(isBeyond);
  if (beyond !== undefined)
    throw new BadRequest(`lines of context cannot go with | ${beyond.kind}`);
}

/** Groups of lines, each of one stream and in the query's direction. */
export async function* linesAround(parts: AroundParts): AsyncGenerator<readonly LineEntry[]> {
  const { expr, params, context, around } = parts;
  const { search, scanner, stats, signal, clock } = context;
  const { start: from, end: through, direction } = params;
  const forward = direction === "forward";
  const now = () => clock.now();
  const matching = compilePipeline(expr, { search, now, categorize: true });
  const plain = compilePipeline({ ...expr, stages: [] }, { search, categorize: true });
  const pacer = new Pacer(clock, signal);
  const stretches = new Stretches({ clock, pacer });
  // A scan that goes back in time meets what is after a line before it.
  const turned = forward ? around : { before: around.after, after: around.before };
  const groups = new Groups(turned, new Budget(params.limits.maxQueryMemoryBytes));
  const wanted = new Wanted(parts.last, forward);
  const request = {
    ...{ matchers: expr.matchers, from, through, direction, stats },
    ...(signal === undefined ? {} : { signal }),
  };
  if (from >= through) return;
  for await (const { stream, block } of scanner.scan(request)) {
    await pacer.step();
    const rows = rowsWithin(block, from, through);
    if (rows.first === rows.end) continue;
    // Blocks come by their own bounds, also where these are outside of the time asked for.
    const edge = block.times[forward ? 0 : block.rows - 1]!;
    if (wanted.isPast(edge) && (!groups.areWaiting || wanted.isFarPast(edge))) break;
    const options = { backward: !forward };
    const found = await stretches.survivors(matching.forStream(stream), block, rows, options);
    stats.postFilterLines += found.count;
    const all = plain.forStream(stream).run(block, rows, options);
    groups.take(stream, merge(found, all, forward), (entry) => wanted.takes(entry.time));
    yield* groups.done();
  }
  groups.finish();
  yield* groups.done();
}

/** A row of a block, in the query's direction; the text is made when it is shown. */
interface Row {
  readonly match: LineEntry | undefined;
  readonly plain: () => LineEntry;
}

function* merge(found: Survivors, all: Survivors, forward: boolean): Generator<Row> {
  let next = forward ? 0 : found.count - 1;
  const step = forward ? 1 : -1;
  for (let index = 0; index < all.count; index++) {
    const at = forward ? index : all.count - 1 - index;
    const isMatch = next >= 0 && next < found.count && found.rows[next] === all.rows[at];
    yield { match: isMatch ? entryOf(found, next) : undefined, plain: () => entryOf(all, at) };
    if (isMatch) next += step;
  }
}

function entryOf(survivors: Survivors, index: number): LineEntry {
  return {
    time: survivors.time(index),
    line: survivors.line(index),
    labels: survivors.labelsOf(index),
  };
}

/** Which matches count: all, or those up to the last one in the order of time. */
class Wanted {
  readonly #last: AroundParts["last"];
  readonly #forward: boolean;
  #left: number;

  constructor(last: AroundParts["last"], forward: boolean) {
    this.#last = last;
    this.#forward = forward;
    this.#left = last?.count ?? 0;
  }

  takes(time: bigint): boolean {
    if (this.#last === undefined) return true;
    if (time === this.#last.time) return this.#left-- > 0;
    return !this.isPast(time);
  }

  isPast(time: bigint): boolean {
    if (this.#last === undefined) return false;
    return this.#forward ? time > this.#last.time : time < this.#last.time;
  }

  isFarPast(time: bigint): boolean {
    const distance = time - this.#last!.time;
    return (distance < 0n ? -distance : distance) > REACH;
  }
}

interface Open {
  /** Lines before the one that the stream is at, not shown yet; without text where they are of its block. */
  carry: (LineEntry | Row)[];
  /** Neighbours still wanted after the last match. */
  after: number;
  /** Number of the group that the next line belongs to if it is shown. */
  group: number | undefined;
  lines: LineEntry[];
  /** Held for `carry`. */
  bytes: number;
}

class Groups {
  /** Streams whose last match still wants neighbours. */
  #waiting = 0;
  readonly #around: Around;
  readonly #budget: Budget;
  readonly #streams = new Map<StreamId, Open>();
  #ready: LineEntry[][] = [];
  #count = 0;

  constructor(around: Around, budget: Budget) {
    this.#around = around;
    this.#budget = budget;
  }

  get areWaiting(): boolean {
    return this.#waiting > 0;
  }

  take(stream: StreamId, rows: Iterable<Row>, isWanted: (entry: LineEntry) => boolean): void {
    const open = this.#of(stream);
    const { before, after } = this.#around;
    for (const row of rows) {
      if (row.match !== undefined && isWanted(row.match)) {
        for (const earlier of open.carry.splice(0)) this.#show(open, plainOf(earlier), false);
        this.#show(open, row.match, true);
        this.#want(open, after);
      } else if (open.after > 0) {
        this.#show(open, row.plain(), false);
        this.#want(open, open.after - 1);
      } else {
        open.carry.push(row);
        if (open.carry.length <= before) continue;
        // A line is left out here, so what comes next is apart from what was shown.
        open.carry.shift();
        this.#close(open);
      }
    }
    // The block goes; its last lines may still be wanted.
    this.#budget.release(open.bytes);
    const kept = open.carry.map(plainOf);
    open.carry = kept;
    open.bytes = kept.reduce((sum, { line }) => sum + bytesOf(line), 0);
    this.#budget.hold(open.bytes);
  }

  /** Groups that are complete, or long enough to be given in parts. */
  *done(): Generator<readonly LineEntry[]> {
    const ready = this.#ready;
    this.#ready = [];
    for (const lines of ready) {
      for (const { line } of lines) this.#budget.release(bytesOf(line));
      yield lines;
    }
  }

  finish(): void {
    for (const open of this.#streams.values()) this.#close(open);
  }

  #of(stream: StreamId): Open {
    let open = this.#streams.get(stream);
    if (open === undefined) {
      open = { carry: [], after: 0, group: undefined, lines: [], bytes: 0 };
      this.#streams.set(stream, open);
    }
    return open;
  }

  #want(open: Open, count: number): void {
    this.#waiting += Number(count > 0) - Number(open.after > 0);
    open.after = count;
  }

  #show(open: Open, entry: LineEntry, match: boolean): void {
    open.group ??= ++this.#count;
    this.#budget.hold(bytesOf(entry.line));
    open.lines.push({ ...entry, match, group: open.group });
    if (open.lines.length >= PART_LINES) this.#give(open);
  }

  #close(open: Open): void {
    open.group = undefined;
    this.#give(open);
  }

  #give(open: Open): void {
    if (open.lines.length > 0) this.#ready.push(open.lines);
    open.lines = [];
  }
}

function plainOf(line: LineEntry | Row): LineEntry {
  return "plain" in line ? line.plain() : line;
}

function bytesOf(line: string): number {
  return 120 + 2 * line.length;
}
