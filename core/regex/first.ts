/**
 * What the next character of a text may be at a place of a pattern: single ASCII characters, and all
 * others as one. Two ways on whose sets do not meet are told apart by one look.
 */
import type { Ranges } from "./ranges.ts";

export interface First {
  /** One bit an ASCII character. */
  readonly ascii: bigint;
  /** Whether any other character may be next. */
  readonly other: boolean;
}

export const NOTHING: First = { ascii: 0n, other: false };

export function firstOfRanges(ranges: Ranges): First {
  let ascii = 0n;
  let other = false;
  for (let index = 0; index < ranges.length; index += 2) {
    const [low, high] = [ranges[index]!, ranges[index + 1]!];
    if (high >= 128) other = true;
    if (low < 128) {
      const size = BigInt(Math.min(high, 127) - low + 1);
      ascii |= ((1n << size) - 1n) << BigInt(low);
    }
  }
  return { ascii, other };
}

export function union(a: First, b: First): First {
  return { ascii: a.ascii | b.ascii, other: a.other || b.other };
}

export function meets(a: First, b: First): boolean {
  return (a.ascii & b.ascii) !== 0n || (a.other && b.other);
}
