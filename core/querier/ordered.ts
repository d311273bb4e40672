/**
 * The lines of a log query one after the other in time order, however many there are: what is held is
 * one block of each stream that is being read, so `--limit 0` over a year of logs needs no more memory
 * than over an hour.
 */

import { rowsWithin } from "../chunk/merge.ts";
import type { Budget } from "../logql/exec/budget.ts";
import type { Line } from "../logql/exec/line-order.ts";
import type { Pacer } from "../logql/exec/pacer.ts";
import type { Scanner, ScanRequest } from "../logql/exec/scanner.ts";
import { Stretches } from "../logql/exec/stretches.ts";
import type { Pipeline, Survivors } from "../logql/stages/pipeline.ts";
import type { StreamBlock, StreamId } from "../model/block.ts";
import { newScanStats } from "../model/stats.ts";
import type { Clock } from "../ports/clock.ts";
import { Heap } from "./heap.ts";

export interface OrderedLine extends Line {
  readonly stream: StreamId;
}

export interface OrderedParts {
  readonly pipeline: Pipeline;
  readonly scanner: Scanner;
  readonly request: ScanRequest;
  /** Lines after which the caller will leave; of a block no more are made. */
  readonly wanted: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

/** Lines handed out together, and the characters after which fewer are. */
const BATCH_LINES = 1024;
const BATCH_CHARS = 1 << 19;

export async function* orderedLines(parts: OrderedParts): AsyncGenerator<readonly OrderedLine[]> {
  const { pipeline, scanner, request, wanted, budget, pacer } = parts;
  const stretches = new Stretches(parts);
  const { stats = newScanStats() } = request;
  const forward = request.direction === "forward";
  const open = new Heap<Cursor>(forward ? comesFirst : comesLast);
  const options = { backward: !forward, ...(Number.isFinite(wanted) ? { limit: wanted } : {}) };
  const batch = new Batch();
  let order = 0;

  function take(): void {
    const cursor = open.pop()!;
    batch.add(cursor.line());
    if (cursor.next()) open.push(cursor);
    else budget.release(cursor.bytes);
  }

  for await (const block of scanner.scan(request)) {
    await pacer.step();
    const rows = rowsWithin(block.block, request.from, request.through);
    if (rows.first === rows.end) continue;
    // Whatever comes before this block in time is complete now: later blocks begin no earlier.
    const edge = edgeOf(block, rows, request);
    for (let top = open.peek(); top !== undefined; top = open.peek()) {
      if (forward ? top.time >= edge : top.time <= edge) break;
      take();
      if (batch.isFull) yield batch.take();
    }
    const stages = pipeline.forStream(block.stream);
    const survivors = await stretches.survivors(stages, block.block, rows, options);
    stats.postFilterLines += survivors.count;
    if (survivors.count === 0) continue;
    const cursor = new Cursor(block, survivors, { forward, order: order++ });
    budget.hold(cursor.bytes);
    open.push(cursor);
  }
  while (open.size > 0) {
    take();
    if (batch.isFull) yield batch.take();
  }
  if (batch.size > 0) yield batch.take();
}

/** Where the scan has come to: the block's first row in its direction, or the bound that it reaches over. */
function edgeOf(
  { block }: StreamBlock,
  rows: { first: number; end: number },
  { direction, from, through }: ScanRequest,
): bigint {
  if (direction === "forward") return rows.first > 0 ? from : block.times[0]!;
  return rows.end < block.rows ? through : block.times[block.rows - 1]!;
}

class Batch {
  #lines: OrderedLine[] = [];
  #chars = 0;

  get size(): number {
    return this.#lines.length;
  }

  get isFull(): boolean {
    return this.#lines.length >= BATCH_LINES || this.#chars >= BATCH_CHARS;
  }

  add(line: OrderedLine): void {
    this.#lines.push(line);
    this.#chars += line.line.length;
  }

  take(): OrderedLine[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#chars = 0;
    return lines;
  }
}

/** Where we are in the surviving rows of a block. */
class Cursor {
  /** What it keeps in memory, roughly. */
  readonly bytes: number;
  /** Time of the current row. */
  time: bigint;
  readonly stream: StreamId;
  /** Place of the block in the scan. */
  readonly order: number;
  readonly #survivors: Survivors;
  readonly #step: 1 | -1;
  #at: number;

  constructor(
    { stream, block }: StreamBlock,
    survivors: Survivors,
    { forward, order }: { forward: boolean; order: number },
  ) {
    // Blocks in memory share their text with others.
    const { text, starts, ends, rows } = block;
    this.bytes = block.scattered === true ? text.length : ends[rows - 1]! - starts[0]!;
    this.stream = stream;
    this.order = order;
    this.#survivors = survivors;
    this.#step = forward ? 1 : -1;
    this.#at = forward ? 0 : survivors.count - 1;
    this.time = survivors.time(this.#at);
  }

  line(): OrderedLine {
    const { stream, time } = this;
    const [labels, line] = [this.#survivors.labelsOf(this.#at), this.#survivors.line(this.#at)];
    return { time, line, labels, stream };
  }

  /** False when there are no more rows. */
  next(): boolean {
    this.#at += this.#step;
    if (this.#at < 0 || this.#at >= this.#survivors.count) return false;
    this.time = this.#survivors.time(this.#at);
    return true;
  }
}

function comesFirst(a: Cursor, b: Cursor): boolean {
  return a.time < b.time || (a.time === b.time && isBefore(a, b));
}

function comesLast(a: Cursor, b: Cursor): boolean {
  return a.time > b.time || (a.time === b.time && isBefore(a, b));
}

/** Rows of equal time come in the order of their streams' hashes, in both directions. */
function isBefore(a: Cursor, b: Cursor): boolean {
  const [left, right] = [a.stream.fingerprint, b.stream.fingerprint];
  return left < right || (left === right && a.order < b.order);
}
