/** Times as numbers that a loop can work with. */

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

  /** The time of a row, from the lanes of its column. */
  at(lanes: Uint32Array, row: number): number {
    const low = lanes[2 * row]! - this.#low;
    const high = (lanes[2 * row + 1]! | 0) - this.#high;
    if (this.unit === 1) return high * 4294967296 + low;
    return high * (4294967296 / COARSE_UNIT) + Math.ceil(low / COARSE_UNIT);
  }
}
