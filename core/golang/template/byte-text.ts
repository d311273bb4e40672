/**
 * Go's strings are bytes, and templates may cut them within a rune. Such a byte is kept in our text as
 * a lone low surrogate, U+DC00 plus the byte, which no decoded line has. When the output is made the
 * bytes come together again, and those that still are no UTF-8 become U+FFFD.
 */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });

const LONE = /[\udc80-\udcff]/u;
const LONE_ALL = /[\udc80-\udcff]/gu;
const ASCII = /^[\0-\x7f]*$/;

/** The text that stands for one byte from 128. */
export function escapeByte(byte: number): string {
  return String.fromCharCode(0xdc00 + byte);
}

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** The bytes that a text stands for. */
export function toBytes(text: string): Uint8Array {
  if (!LONE.test(text)) return ENCODER.encode(text);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const match of text.matchAll(LONE_ALL)) {
    parts.push(ENCODER.encode(text.slice(at, match.index)));
    parts.push(Uint8Array.of(match[0].charCodeAt(0) - 0xdc00));
    at = match.index + 1;
  }
  parts.push(ENCODER.encode(text.slice(at)));
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The text of bytes, of which any may be no UTF-8. */
export function fromBytes(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    return fromBrokenBytes(bytes);
  }
}

function fromBrokenBytes(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at]! < 0x80 ? 1 : sequenceSize(bytes, at);
    if (size > 0) out += LENIENT.decode(bytes.subarray(at, at + size));
    else out += escapeByte(bytes[at]!);
    at += Math.max(size, 1);
  }
  return out;
}

/** Bytes of the rune at an offset, 0 when there is none. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  for (const size of [2, 3, 4]) {
    if (at + size > bytes.length) return 0;
    const text = LENIENT.decode(bytes.subarray(at, at + size));
    if (!text.includes("\ufffd")) return size;
    if (size === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) {
      return 3; // U+FFFD itself.
    }
  }
  return 0;
}

/** The text with bytes that make a rune together as that rune. */
export function joinBytes(text: string): string {
  return LONE.test(text) ? fromBytes(toBytes(text)) : text;
}

/** The length in bytes. */
export function byteSize(text: string): number {
  return isAscii(text) ? text.length : toBytes(text).length;
}

/** The bytes [start, end) of a text. */
export function sliceBytes(text: string, start: number, end: number): string {
  if (isAscii(text)) return text.slice(start, end);
  return fromBytes(toBytes(text).subarray(start, end));
}

/** The text without bytes that are no UTF-8. */
export function wellFormed(text: string): string {
  return LONE.test(text) ? LENIENT.decode(toBytes(text)) : text;
}
