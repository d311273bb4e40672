/**
 * The lines of a log query one after the other in time order, however many there are: what is held is
 * one block of each stream that is being read, so `--limit 0` over a year of logs needs no more memory
 * than over an hour.
 */

import type { Scanner, ScanRequest } from "../logql/exec/scanner.ts";
import { rowsWithin } from "../logql/exec/window.ts";
import { compilePipeline, type Survivors } from "../logql/stages/pipeline.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import type { StreamBlock } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import { Heap } from "./heap.ts";

export interface OrderedEntry {
  readonly time: bigint;
  readonly line: string;
  readonly labels: Labels;
  readonly metadata: Labels;
  readonly parsed: Labels;
}

/** Entries handed out together. */
const BATCH = 1024;

export async function* orderedEntries(
  expr: LogExpr,
  scanner: Scanner,
  request: Omit<ScanRequest, "matchers"> & { readonly search: ByteSearch },
): AsyncGenerator<OrderedEntry[]> {
  const pipeline = compilePipeline(expr, { search: request.search });
  const forward = request.direction === "forward";
  const before = forward
    ? (a: Cursor, b: Cursor) => a.time < b.time || (a.time === b.time && a.tie < b.tie)
    : (a: Cursor, b: Cursor) => a.time > b.time || (a.time === b.time && a.tie < b.tie);
  const open = new Heap<Cursor>(before);
  let batch: OrderedEntry[] = [];

  for await (const block of scanner.scan({ ...request, matchers: expr.matchers })) {
    const rows = rowsWithin(block.block, request.from, request.through);
    if (rows.first === rows.end) continue;
    // Whatever comes before this block in time is complete now: later blocks begin no earlier.
    const edge = edgeOf(block, rows, request);
    const passed = forward
      ? (cursor: Cursor) => cursor.time < edge
      : (cursor: Cursor) => cursor.time > edge;
    for (let top = open.peek(); top !== undefined && passed(top); top = open.peek()) {
      batch.push(takeFrom(open));
      if (batch.length >= BATCH) {
        yield batch;
        batch = [];
      }
    }
    const survivors = pipeline.forStream(block.stream).run(block.block, rows);
    if (request.stats !== undefined) request.stats.postFilterLines += survivors.count;
    if (survivors.count > 0) open.push(new Cursor(block, survivors, forward));
  }
  while (open.size > 0) {
    batch.push(takeFrom(open));
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Where the scan has come to: the block's first row in its direction, or the bound that it reaches over. */
function edgeOf(
  { block }: StreamBlock,
  rows: { first: number; end: number },
  { direction, from, through }: Pick<ScanRequest, "direction" | "from" | "through">,
): bigint {
  if (direction === "forward") return rows.first > 0 ? from : block.times[0]!;
  return rows.end < block.rows ? through : block.times[block.rows - 1]!;
}

/** Where we are in the surviving rows of a block. */
class Cursor {
  readonly #block: StreamBlock;
  readonly #survivors: Survivors;
  readonly #step: 1 | -1;
  #at: number;
  /** Time of the current row. */
  time: bigint;
  /** Rows of equal time come in the order of their streams' hashes, in both directions. */
  readonly tie: bigint;

  constructor(block: StreamBlock, survivors: Survivors, forward: boolean) {
    this.#block = block;
    this.#survivors = survivors;
    this.#step = forward ? 1 : -1;
    this.#at = forward ? 0 : survivors.count - 1;
    this.tie = block.stream.fingerprint;
    this.time = this.#timeNow();
  }

  entry(): OrderedEntry {
    const { labels, metadata, parsed } = this.#survivors.labelsOf(this.#at);
    return { time: this.time, line: this.#survivors.line(this.#at), labels, metadata, parsed };
  }

  /** False when there are no more rows. */
  next(): boolean {
    this.#at += this.#step;
    if (this.#at < 0 || this.#at >= this.#survivors.count) return false;
    this.time = this.#timeNow();
    return true;
  }

  #timeNow(): bigint {
    return this.#block.block.times[this.#survivors.rows[this.#at]!]!;
  }
}

function takeFrom(open: Heap<Cursor>): OrderedEntry {
  const cursor = open.pop()!;
  const entry = cursor.entry();
  if (cursor.next()) open.push(cursor);
  return entry;
}
