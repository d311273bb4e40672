/**
 * Many lines of one stream as columns: what storage yields and what stages take. Lines stay bytes in
 * one buffer; strings are made only of what is returned.
 */
import type { Labels } from "./labels.ts";

export interface Block {
  /** Number of entries. They are in ascending time order; entries of equal time keep arrival order. */
  readonly rows: number;
  /** Unix nanoseconds, one per row. Hot paths look at it through 32-bit lanes: a BigInt costs 40 times as much. */
  readonly times: BigInt64Array;
  /** The bytes that hold the lines, between whatever else the storage format puts there. */
  readonly text: Uint8Array;
  /** Offset in `text` of the first byte of each line, ascending unless `scattered`. */
  readonly starts: Uint32Array;
  /** Offset in `text` just past the last byte of each line. */
  readonly ends: Uint32Array;
  /** True when `starts` is not ascending: a scan of the whole text may then not walk rows beside it. */
  readonly scattered?: boolean;
  readonly metadata?: MetadataColumn;
}

/** Bytes of all lines, without what lies between them. */
export function lineBytes({ rows, starts, ends }: Block): number {
  let bytes = 0;
  for (let row = 0; row < rows; row++) bytes += ends[row]! - starts[row]!;
  return bytes;
}

/** Structured metadata of the rows of a block: pairs of indexes into a table of symbols. */
export interface MetadataColumn {
  readonly symbols: readonly string[];
  /** Row r has the pairs `firsts[r]` up to, not including, `firsts[r + 1]`; length is rows + 1. */
  readonly firsts: Uint32Array;
  /** Pair p is `symbols[pairs[2p]]` = `symbols[pairs[2p + 1]]`. An index past the table reads as "". */
  readonly pairs: Uint32Array;
}

/** A block and the stream that it is of. */
export interface StreamBlock {
  readonly stream: StreamId;
  readonly block: Block;
}

/** A stream as queries know it. One object a stream and source, so identity may serve as a cache key. */
export interface StreamId {
  readonly labels: Labels;
  /** XXH64 of the labels (without `__name__`), or the number that a collision was mapped to. */
  readonly fingerprint: bigint;
  /** Kept by core/labels/known-streams.ts: the number of all that were found equal to this one, 0 for none yet. */
  known?: number;
}

/** One log line by itself, where rows are few: tail, ingest, tests, replay. */
export interface Entry {
  /** Unix nanoseconds. */
  readonly time: bigint;
  readonly line: string;
  readonly metadata: Labels;
}
