/**
 * The portable floor of ByteSearch. The runtime's own search for one byte (`indexOf` of a typed array)
 * runs at memory speed, so we look for the needle's rarest byte and compare around each hit.
 */
import type { ByteSearch } from "../ports/byte-search.ts";
import { findLinear, VAIN_MAX } from "./linear-search.ts";

export const portableSearch: ByteSearch = { indexOf };

function indexOf(text: Uint8Array, needle: Uint8Array, from: number): number {
  const size = needle.length;
  if (size === 0) return from <= text.length ? from : -1;
  const pivot = rarest(needle);
  const byte = needle[pivot]!;
  const last = text.length - size + pivot;
  let vain = VAIN_MAX * (text.length - from);
  for (let at = text.indexOf(byte, from + pivot); at !== -1 && at <= last; ) {
    const start = at - pivot;
    const same = sameBytes(text, needle, start);
    if (same === size) return start;
    vain -= same;
    if (vain < 0) return findLinear(text, needle, { from: start, end: text.length });
    at = text.indexOf(byte, at + 1);
  }
  return -1;
}

/** Bytes of the needle that stand in the text from an offset on. */
function sameBytes(text: Uint8Array, needle: Uint8Array, at: number): number {
  let index = 0;
  while (index < needle.length && text[at + index] === needle[index]) index++;
  return index;
}

/** Bytes from common to rare in log lines; what is not listed counts as rare. */
const COMMON = 'e0ta1i2o3n5s4r/-6:"7.8l9=dcbhump, fg_yvTkwxSAECIjRqMz{}OPNDLGU[]()';
const RARITY = Uint8Array.from({ length: 256 }, (_, byte) => {
  const place = COMMON.indexOf(String.fromCharCode(byte));
  return place < 0 ? 255 : place;
});

function rarest(needle: Uint8Array): number {
  let best = 0;
  for (let index = 1; index < needle.length; index++) {
    if (RARITY[needle[index]!]! > RARITY[needle[best]!]!) best = index;
  }
  return best;
}
