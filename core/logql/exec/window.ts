/** Rows of a block by time, and times as numbers that a loop can work with. */
import type { Block } from "../../model/block.ts";

export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/** The rows of [from, through). */
export function rowsWithin(block: Block, from: bigint, through: bigint): RowRange {
  const first = firstAtOrAfter(block, from);
  return { first, end: Math.max(first, firstAtOrAfter(block, through)) };
}

function firstAtOrAfter({ times, rows }: Block, time: bigint): number {
  // Fast path: most blocks lie inside the time asked for.
  if (rows === 0 || times[0]! >= time) return 0;
  if (times[rows - 1]! < time) return rows;
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 64-bit times as pairs of 32 bits, low half first. */
export function lanesOf({ times }: Block): Int32Array {
  return new Int32Array(times.buffer, times.byteOffset, 2 * times.length);
}

/** A double holds whole numbers up to here: 104 days of nanoseconds. */
const EXACT = 2 ** 53;

/** Divides a millisecond of nanoseconds, so bounds in whole milliseconds stay whole numbers. */
const COARSE_UNIT = 64;

/**
 * Moments as doubles since a base. Up to 104 days they count nanoseconds; beyond, units of 64 ns,
 * rounded up, which keeps every comparison with a bound in whole milliseconds from the base right.
 */
export class TimeScale {
  readonly unit: number;
  readonly #high: number;
  readonly #low: number;

  /** `span`: nanoseconds from `base` to the last moment that will be asked about. */
  constructor(base: bigint, span: bigint) {
    this.unit = span < EXACT ? 1 : COARSE_UNIT;
    this.#high = Number(base >> 32n);
    this.#low = Number(base & 0xffffffffn);
  }

  /** Nanoseconds since the base, as this scale counts them. */
  of(nanoseconds: bigint): number {
    return Number(nanoseconds) / this.unit;
  }

  /** The time of a row, from the block's lanes. */
  at(lanes: Int32Array, row: number): number {
    const low = (lanes[2 * row]! >>> 0) - this.#low;
    const high = lanes[2 * row + 1]! - this.#high;
    if (this.unit === 1) return high * 4294967296 + low;
    return high * (4294967296 / COARSE_UNIT) + Math.ceil(low / COARSE_UNIT);
  }
}
