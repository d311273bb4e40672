/**
 * What the entries of a pushed stream must be, and which of them go on (spec http-api §3.2, steps 3, 5
 * and 6). Times are compared by their 32-bit lanes; only what is refused gets a BigInt and a text.
 */
import { utf8 } from "../bytes/text.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import type { Limits } from "../model/limits.ts";
import { NS_PER_MS } from "../model/time.ts";
import {
  lineTooLong,
  metadataDisallowed,
  metadataTooLarge,
  metadataTooMany,
  type Refusal,
  tooNew,
  tooOld,
} from "./refusals.ts";

/** The limits of a tenant at a moment, made ready for comparing. */
export class RowRules {
  readonly limits: Limits;
  readonly oldest: bigint;
  readonly newest: bigint;
  /** Two lanes each: oldest, newest. */
  readonly #bounds: Uint32Array;

  constructor(limits: Limits, now: bigint) {
    this.limits = limits;
    const age = BigInt(limits.rejectOldSamplesMaxAgeMs) * NS_PER_MS;
    this.oldest = limits.rejectOldSamples ? now - age : -(2n ** 63n);
    this.newest = now + BigInt(limits.creationGracePeriodMs) * NS_PER_MS;
    const bounds = BigInt64Array.of(this.oldest, this.newest);
    this.#bounds = new Uint32Array(bounds.buffer);
  }

  /** Why a row is refused; undefined when it is not. `lanes` are those of `block.times`. */
  refuse(stream: string, block: Block, lanes: Uint32Array, row: number): Refusal | undefined {
    const bounds = this.#bounds;
    if (isBefore(lanes, row, bounds, 0)) return tooOld(stream, block.times[row]!, this.oldest);
    if (isBefore(bounds, 1, lanes, row)) return tooNew(stream, block.times[row]!);
    const size = block.ends[row]! - block.starts[row]!;
    const { maxLineSize } = this.limits;
    if (size > maxLineSize && maxLineSize > 0) return lineTooLong(stream, size, maxLineSize);
    return block.metadata === undefined
      ? undefined
      : this.#refuseMetadata(stream, block.metadata, row);
  }

  #refuseMetadata(stream: string, metadata: MetadataColumn, row: number): Refusal | undefined {
    const count = metadata.firsts[row + 1]! - metadata.firsts[row]!;
    if (count === 0) return undefined;
    const { limits } = this;
    if (!limits.allowStructuredMetadata) return metadataDisallowed(stream);
    const size = metadataBytes(metadata, row);
    const [sizeMax, countMax] = [
      limits.maxStructuredMetadataSize,
      limits.maxStructuredMetadataEntriesCount,
    ];
    if (sizeMax > 0 && size > sizeMax) return metadataTooLarge(stream, size, sizeMax);
    if (countMax > 0 && count > countMax) return metadataTooMany(stream, count, countMax);
    return undefined;
  }
}

/** Two's complement: the high lane is signed, the low one is not. */
function isBefore(a: Uint32Array, rowA: number, b: Uint32Array, rowB: number): boolean {
  const [highA, highB] = [a[2 * rowA + 1]! | 0, b[2 * rowB + 1]! | 0];
  return highA < highB || (highA === highB && a[2 * rowA]! < b[2 * rowB]!);
}

/** Bytes of the names and values of a row's metadata. */
export function metadataBytes({ symbols, firsts, pairs }: MetadataColumn, row: number): number {
  let size = 0;
  for (let at = 2 * firsts[row]!; at < 2 * firsts[row + 1]!; at++) {
    size += utf8(symbols[pairs[at]!] ?? "").length;
  }
  return size;
}

/** The chosen rows, in their order, over the same text. */
export function selectRows(block: Block, rows: readonly number[]): Block {
  const chosen: Block = {
    rows: rows.length,
    times: BigInt64Array.from(rows, (row) => block.times[row]!),
    text: block.text,
    starts: Uint32Array.from(rows, (row) => block.starts[row]!),
    ends: Uint32Array.from(rows, (row) => block.ends[row]!),
  };
  return block.metadata === undefined
    ? chosen
    : { ...chosen, metadata: selectMetadata(block.metadata, rows) };
}

function selectMetadata(metadata: MetadataColumn, rows: readonly number[]): MetadataColumn {
  const firsts = new Uint32Array(rows.length + 1);
  const pairs: number[] = [];
  for (const [index, row] of rows.entries()) {
    pairs.push(
      ...metadata.pairs.subarray(2 * metadata.firsts[row]!, 2 * metadata.firsts[row + 1]!),
    );
    firsts[index + 1] = pairs.length / 2;
  }
  return { symbols: metadata.symbols, firsts, pairs: Uint32Array.from(pairs) };
}

/** What was cut off lines. */
export interface Truncated {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Cuts lines to `sizeMax` bytes, their last bytes being the identifier. Both happen in place: the
 * push is ours, and a line only becomes shorter.
 */
export function truncateLines(block: Block, sizeMax: number, identifier: string): Truncated {
  const mark = utf8(identifier).subarray(0, sizeMax);
  let lines = 0;
  let bytes = 0;
  for (let row = 0; row < block.rows; row++) {
    const excess = block.ends[row]! - block.starts[row]! - sizeMax;
    if (excess <= 0) continue;
    lines++;
    bytes += excess;
    block.ends[row] = block.ends[row]! - excess;
    block.text.set(mark, block.ends[row]! - mark.length);
  }
  return { lines, bytes };
}

/**
 * Moves entries apart that have the time of their predecessor, as it came or as it was moved to, but
 * another line: each gets a nanosecond more than the one before it.
 */
export function spreadTimes(block: Block): void {
  const { times } = block;
  let came = times[0];
  for (let row = 1; row < block.rows; row++) {
    const time = times[row]!;
    if ((time === came || time === times[row - 1]) && !sameLine(block, row - 1, row)) {
      times[row] = times[row - 1]! + 1n;
    }
    came = time;
  }
}

function sameLine({ text, starts, ends }: Block, a: number, b: number): boolean {
  const size = ends[a]! - starts[a]!;
  if (ends[b]! - starts[b]! !== size) return false;
  for (let index = 0; index < size; index++) {
    if (text[starts[a]! + index] !== text[starts[b]! + index]) return false;
  }
  return true;
}
