/** Sets of code points as pairs of bounds, both included: [0x30, 0x39, 0x41, 0x5a] is `[0-9A-Z]`. */

/** Bounds in pairs. Unless said otherwise they ascend, and neither overlap nor touch. */
export type Ranges = number[];

export const MAX_RUNE = 0x10ffff;

/** Sorts the ranges and joins those that overlap or touch. */
export function cleanRanges(ranges: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    pairs.push([ranges[index]!, ranges[index + 1]!]);
  }
  pairs.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const out: Ranges = [];
  for (const [low, high] of pairs) {
    const last = out.length - 1;
    if (last > 0 && low <= out[last]! + 1) out[last] = Math.max(out[last]!, high);
    else out.push(low, high);
  }
  return out;
}

/** Every code point that clean ranges leave out. */
export function negateRanges(ranges: Ranges): Ranges {
  const out: Ranges = [];
  let next = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    if (ranges[index]! > next) out.push(next, ranges[index]! - 1);
    next = ranges[index + 1]! + 1;
  }
  if (next <= MAX_RUNE) out.push(next, MAX_RUNE);
  return out;
}

/** Whether any of the ranges, clean or not, holds the rune. */
export function hasRune(ranges: Ranges, rune: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (rune >= ranges[index]! && rune <= ranges[index + 1]!) return true;
  }
  return false;
}

/** Adds all of `more` without spreading it over an argument list, which has a bound. */
export function appendRanges(ranges: Ranges, more: readonly number[]): void {
  for (const bound of more) ranges.push(bound);
}
