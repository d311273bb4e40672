/**
 * Finding a needle in time linear in text and needle together, whatever they are (Knuth, Morris, Pratt).
 * Searches that are faster on what people look for turn to it when they compare too much in vain: a
 * needle of fifty thousand equal letters and another at its end makes them take its length for every
 * byte of a text of such letters.
 */

/** Bytes compared in vain, for each byte of the text, after which a search should turn to this one. */
export const VAIN_MAX = 8;

/** Offset of the first `needle` in text[from, end), or -1. With `fold` each byte counts as what it maps to. */
export function findLinear(
  text: Uint8Array | Uint16Array,
  needle: Uint8Array | Uint16Array,
  { from, end, fold }: { from: number; end: number; fold?: Uint8Array },
): number {
  if (needle.length === 0) return from;
  const borders = bordersOf(needle);
  let held = 0;
  for (let at = from; at < end; at++) {
    const unit = fold === undefined ? text[at]! : fold[text[at]!]!;
    while (held > 0 && needle[held] !== unit) held = borders[held - 1]!;
    if (needle[held] === unit) held += 1;
    if (held === needle.length) return at + 1 - held;
  }
  return -1;
}

/** By place of the needle, the longest of its starts that also ends there and is shorter. */
function bordersOf(needle: Uint8Array | Uint16Array): Int32Array {
  const borders = new Int32Array(needle.length);
  let held = 0;
  for (let at = 1; at < needle.length; at++) {
    while (held > 0 && needle[held] !== needle[at]) held = borders[held - 1]!;
    if (needle[held] === needle[at]) held += 1;
    borders[at] = held;
  }
  return borders;
}
