/** Finding bytes within one line. Whole blocks are searched through the ByteSearch port instead. */
import { findLinear, VAIN_MAX } from "../../bytes/linear-search.ts";

/** Offset of the first `needle` in [from, end), or -1. An empty needle is found at `from`. */
export function findBytes(text: Uint8Array, needle: Uint8Array, from: number, end: number): number {
  const size = needle.length;
  if (size === 0) return from;
  const first = needle[0]!;
  const last = end - size;
  let vain = VAIN_MAX * (end - from);
  for (let at = from; at <= last; at++) {
    if (text[at] !== first) continue;
    let same = 1;
    while (same < size && text[at + same] === needle[same]) same++;
    if (same === size) return at;
    vain -= same;
    if (vain < 0) return findLinear(text, needle, { from: at, end });
  }
  return -1;
}

/** Whether the needle stands at `at`; the caller knows that it fits. */
export function matchesAt(text: Uint8Array, needle: Uint8Array, at: number): boolean {
  for (let index = 0; index < needle.length; index++) {
    if (text[at + index] !== needle[index]) return false;
  }
  return true;
}

/** ASCII letters in lower case, all other bytes as they are. */
export const FOLD = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);

/** The same without regard to the case of ASCII letters. The needle is in lower case. */
export function findFolded(
  text: Uint8Array,
  needle: Uint8Array,
  from: number,
  end: number,
): number {
  const size = needle.length;
  if (size === 0) return from;
  const first = needle[0]!;
  const last = end - size;
  let vain = VAIN_MAX * (end - from);
  for (let at = from; at <= last; at++) {
    if (FOLD[text[at]!] !== first) continue;
    let same = 1;
    while (same < size && FOLD[text[at + same]!] === needle[same]) same++;
    if (same === size) return at;
    vain -= same;
    if (vain < 0) return findLinear(text, needle, { from: at, end, fold: FOLD });
  }
  return -1;
}
