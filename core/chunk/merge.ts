/** Blocks of one stream brought together, each entry once. */

import { firstRowAt, lanesOf, timeOrder } from "../bytes/lanes.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import { type IndexedRows, RowIndex, sameEntry } from "./row-index.ts";
import { pickRows } from "./sort.ts";

/**
 * One block of all rows in time order, and how many entries were left out because another with the same
 * time, line and metadata stays: replicas, and flushes that were repeated, bring them. Rows of equal
 * time keep the order of blocks, then of rows. The text is all texts one after the other.
 */
export function mergeBlocks(blocks: readonly Block[]): { block: Block; duplicates: number } {
  if (blocks.length === 1) return { block: blocks[0]!, duplicates: 0 };
  const all = concatenate(blocks);
  const order = timeOrder(lanesOf(all.times), all.rows);
  const kept = withoutDuplicates(all, order);
  if (kept === undefined) {
    return { block: order === undefined ? all : pickRows(all, order), duplicates: 0 };
  }
  return { block: pickRows(all, kept), duplicates: all.rows - kept.length };
}

/** The rows of a block from `from` on and before `through`: [first, end). */
export function rowsWithin(
  { times, rows }: Block,
  from: bigint,
  through: bigint,
): { first: number; end: number } {
  // Fast path: most blocks lie inside the time asked for.
  if (rows > 0 && times[0]! >= from && times[rows - 1]! < through) return { first: 0, end: rows };
  const lanes = lanesOf(times);
  const first = firstRowAt(lanes, rows, from);
  return { first, end: Math.max(first, firstRowAt(lanes, rows, through)) };
}

/** Rows of equal time that are compared each with each; more are looked up. */
const TIES_MAX = 16;

/** The order without rows that repeat an earlier one; undefined when there are none. */
function withoutDuplicates(block: Block, order: Uint32Array | undefined): Uint32Array | undefined {
  const columns = { ...block, lanes: lanesOf(block.times) };
  const { lanes } = columns;
  let kept: Uint32Array | undefined;
  let count = 0;
  let index: RowIndex | undefined;
  /** Where in what is kept the rows of the current time start. */
  let tie = 0;
  let before = -1;
  for (let at = 0; at < block.rows; at++) {
    const row = order === undefined ? at : order[at]!;
    const tied =
      before >= 0 &&
      lanes[2 * row] === lanes[2 * before] &&
      lanes[2 * row + 1] === lanes[2 * before + 1];
    before = row;
    if (!tied) {
      tie = count;
      index = undefined;
    } else {
      if (index === undefined && count - tie > TIES_MAX) {
        index = new RowIndex();
        for (let other = tie; other < count; other++) {
          index.add(columns, rowAt(kept ?? order, other));
        }
      }
      if (isRepeated(columns, row, index, { rows: kept ?? order, start: tie, end: count })) {
        kept ??= order?.slice() ?? ascending(block.rows);
        continue;
      }
      index?.add(columns, row);
    }
    if (kept !== undefined) kept[count] = row;
    count++;
  }
  return kept?.subarray(0, count);
}

function isRepeated(
  block: Block & IndexedRows,
  row: number,
  index: RowIndex | undefined,
  tied: { rows: Uint32Array | undefined; start: number; end: number },
): boolean {
  const same = (other: number) => sameMetadata(block.metadata, row, other);
  if (index !== undefined) return index.has(block, row, same);
  for (let at = tied.start; at < tied.end; at++) {
    const other = rowAt(tied.rows, at);
    if (sameEntry(block, row, other) && same(other)) return true;
  }
  return false;
}

function rowAt(order: Uint32Array | undefined, at: number): number {
  return order === undefined ? at : order[at]!;
}

function ascending(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}

function sameMetadata(metadata: MetadataColumn | undefined, a: number, b: number): boolean {
  if (metadata === undefined) return true;
  const { symbols, firsts, pairs } = metadata;
  const size = 2 * (firsts[a + 1]! - firsts[a]!);
  if (2 * (firsts[b + 1]! - firsts[b]!) !== size) return false;
  for (let at = 0; at < size; at++) {
    const [left, right] = [pairs[2 * firsts[a]! + at]!, pairs[2 * firsts[b]! + at]!];
    if (left !== right && symbols[left] !== symbols[right]) return false;
  }
  return true;
}

function concatenate(blocks: readonly Block[]): Block {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const text = new Uint8Array(blocks.reduce((sum, block) => sum + block.text.length, 0));
  const times = new BigInt64Array(rows);
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let row = 0;
  let at = 0;
  for (const block of blocks) {
    text.set(block.text, at);
    times.set(block.times.subarray(0, block.rows), row);
    for (let from = 0; from < block.rows; from++, row++) {
      starts[row] = at + block.starts[from]!;
      ends[row] = at + block.ends[from]!;
    }
    at += block.text.length;
  }
  const scattered = blocks.some((block) => block.scattered);
  const metadata = concatenateMetadata(blocks, rows);
  return {
    rows,
    times,
    text,
    starts,
    ends,
    ...(scattered && { scattered }),
    ...(metadata && { metadata }),
  };
}

/** One column over all symbol tables, laid end to end. A table that several blocks share is there once. */
function concatenateMetadata(blocks: readonly Block[], rows: number): MetadataColumn | undefined {
  const columns = blocks.flatMap(({ metadata }) => metadata ?? []);
  if (columns.length === 0) return undefined;
  const offsets = new Map<readonly string[], number>();
  let symbolCount = 0;
  for (const { symbols } of columns) {
    if (offsets.has(symbols)) continue;
    offsets.set(symbols, symbolCount);
    symbolCount += symbols.length;
  }
  const symbols = [...offsets.keys()].flat();
  const firsts = new Uint32Array(rows + 1);
  const pairs = new Uint32Array(columns.reduce((sum, column) => sum + column.pairs.length, 0));
  let row = 0;
  let count = 0;
  for (const { rows: own, metadata } of blocks) {
    const offset = metadata === undefined ? 0 : offsets.get(metadata.symbols)!;
    for (let from = 0; from < own; from++) {
      const end = metadata === undefined ? 0 : 2 * metadata.firsts[from + 1]!;
      for (let at = metadata === undefined ? 0 : 2 * metadata.firsts[from]!; at < end; at++) {
        const index = metadata!.pairs[at]!;
        // An index past its own table must not reach into the next one.
        pairs[count++] = index < metadata!.symbols.length ? offset + index : symbolCount;
      }
      firsts[++row] = count / 2;
    }
  }
  return { symbols, firsts, pairs: pairs.subarray(0, count) };
}
