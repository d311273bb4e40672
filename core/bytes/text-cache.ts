/**
 * Short texts that come again and again, such as names of fields: the string of an earlier time is given when the
 * bytes are the same. Comparing them costs a tenth of decoding.
 */
import { fromUtf8 } from "./text.ts";

const SLOTS = 512;
/** A longer text is decoded each time. */
const SIZE_MAX = 32;

export class TextCache {
  readonly #texts: string[] = new Array(SLOTS).fill("");

  read(bytes: Uint8Array, start: number, end: number): string {
    const size = end - start;
    if (size === 0) return "";
    if (size > SIZE_MAX) return fromUtf8(bytes, start, end);
    const middle = bytes[start + (size >> 1)]!;
    const slot = (size * 131 + bytes[start]! * 31 + middle * 7 + bytes[end - 1]!) % SLOTS;
    const known = this.#texts[slot]!;
    if (isAscii(known, bytes, start, size)) return known;
    return (this.#texts[slot] = fromUtf8(bytes, start, end));
  }
}

/** Whether a text is these bytes, each byte one character. */
function isAscii(text: string, bytes: Uint8Array, start: number, size: number): boolean {
  if (text.length !== size) return false;
  for (let index = 0; index < size; index++) {
    const byte = bytes[start + index]!;
    if (byte > 0x7f || text.charCodeAt(index) !== byte) return false;
  }
  return true;
}
