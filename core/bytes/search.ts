/**
 * The portable floor of ByteSearch. The runtime's own search for one byte (`indexOf` of a typed array)
 * runs at memory speed, so we look for the needle's rarest byte and compare around each hit.
 */
import type { ByteSearch } from "../ports/byte-search.ts";

export const portableSearch: ByteSearch = { indexOf };

function indexOf(text: Uint8Array, needle: Uint8Array, from: number): number {
  const size = needle.length;
  if (size === 0) return from <= text.length ? from : -1;
  const pivot = rarest(needle);
  const byte = needle[pivot]!;
  const last = text.length - size + pivot;
  for (let at = text.indexOf(byte, from + pivot); at !== -1 && at <= last; ) {
    if (matchesAt(text, needle, at - pivot)) return at - pivot;
    at = text.indexOf(byte, at + 1);
  }
  return -1;
}

function matchesAt(text: Uint8Array, needle: Uint8Array, at: number): boolean {
  for (let index = 0; index < needle.length; index++) {
    if (text[at + index] !== needle[index]) return false;
  }
  return true;
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
