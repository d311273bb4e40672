/** The escapes of JSON strings: `\" \\ \/ \b \f \n \r \t \uXXXX`. */
import { decodeText } from "./text.ts";

const BACKSLASH = 0x5c;
const U = 0x75;

/** By the byte after the backslash, the byte it stands for; 0 is none. */
const SHORT = new Uint8Array(128);
for (const [index, char] of [...'"\\/bfnrt'].entries()) {
  SHORT[char.charCodeAt(0)] = '"\\/\b\f\n\r\t'.charCodeAt(index);
}
const APOSTROPHE = 0x27;

export interface UnescapeOptions {
  /** logfmt: `\'` is an escape too, half a surrogate pair is U+FFFD, control characters are refused. */
  readonly logfmt?: boolean;
}

/** The string that the bytes between the quotes stand for; undefined when an escape is none. */
export function unescapeText(
  bytes: Uint8Array,
  start: number,
  end: number,
  options: UnescapeOptions = {},
): string | undefined {
  const logfmt = options.logfmt ?? false;
  let out = "";
  let plain = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (logfmt && byte < 0x20) return undefined;
    if (byte !== BACKSLASH) continue;
    if (at + 1 >= end) return undefined;
    out += decodeText(bytes, plain, at);
    const next = bytes[at + 1]!;
    if (next === U) {
      const unit = hexUnit(bytes, at + 2, end);
      if (unit < 0) return undefined;
      const size = appendable(bytes, at, end, unit, logfmt);
      if (size === 0) return undefined;
      out += size === 12 ? pair(unit, hexUnit(bytes, at + 8, end)) : single(unit);
      at += size - 1;
    } else {
      const char = logfmt && next === APOSTROPHE ? APOSTROPHE : next < 0x80 ? SHORT[next]! : 0;
      if (char === 0) return undefined;
      out += String.fromCharCode(char);
      at += 1;
    }
    plain = at + 1;
  }
  return out + decodeText(bytes, plain, end);
}

/** Bytes that the escape of `unit` takes: 12 with its other half, 6 alone, 0 when it may not stand alone. */
function appendable(
  bytes: Uint8Array,
  at: number,
  end: number,
  unit: number,
  logfmt: boolean,
): number {
  if (!isSurrogate(unit)) return 6;
  const follows = bytes[at + 6] === BACKSLASH && bytes[at + 7] === U && at + 12 <= end;
  if (isHigh(unit) && follows && isLow(hexUnit(bytes, at + 8, end))) return 12;
  return logfmt ? 6 : 0;
}

function single(unit: number): string {
  return isSurrogate(unit) ? "\ufffd" : String.fromCharCode(unit);
}

function pair(high: number, low: number): string {
  return String.fromCharCode(high, low);
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** Four hexadecimal digits, or -1. */
function hexUnit(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let unit = 0;
  for (let index = at; index < at + 4; index++) {
    const byte = bytes[index]!;
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) unit = unit * 16 + byte - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + lower - 0x57;
    else return -1;
  }
  return unit;
}
