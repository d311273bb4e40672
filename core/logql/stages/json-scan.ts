/**
 * The lenient JSON scanner behind `json` and `unpack` (spec logql §8.1): where values end, and in
 * what words it fails. It validates nothing that it passes over.
 */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
const BACKSLASH = 0x5c;

export const JSON_ERROR = "JSONParserErr";

/** What goes into `__error_details__`. */
export const JSON_DETAILS = {
  object: "Value looks like object, but can't find closing '}' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  malformed: "Malformed JSON error",
  string: "Value is string, but can't find closing '\"' symbol",
  unknown: "Unknown value type",
  escape: "Encountered an invalid escape sequence in a string",
} as const;

/** Offset of the first byte that is no white space. */
export function skipSpace(text: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = text[at]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    at++;
  }
  return at;
}

/**
 * Offset of the quote that closes the string whose content starts at `at`, NO_END when there is none; the
 * complement of the offset when the string has escapes.
 */
export function stringEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = text[at]!;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) return escapedEnd(text, at, end);
    at++;
  }
  return NO_END;
}

/** No string ends here, not even one with escapes. */
export const NO_END = 0x7fff_ffff;

function escapedEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = text[at]!;
    if (byte === QUOTE) return ~at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return NO_END;
}

/** Offset past the bracket that closes the one at `at`, -1 when there is none. Only brackets of that kind count. */
export function blockEnd(text: Uint8Array, at: number, end: number): number {
  const open = text[at]!;
  const close = open === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
  let depth = 0;
  while (at < end) {
    const byte = text[at]!;
    if (byte === QUOTE) {
      const closing = stringEnd(text, at + 1, end);
      if (closing === NO_END) return -1;
      at = closing < 0 ? ~closing : closing;
    } else if (byte === open) depth++;
    else if (byte === close && --depth === 0) return at + 1;
    at++;
  }
  return -1;
}

/** Offset past a value that is no string and no block. */
export function tokenEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = text[at]!;
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) break;
    if (byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) break;
    at++;
  }
  return at;
}

export const TOKEN_UNKNOWN = 0;
export const TOKEN_VALUE = 1;
export const TOKEN_NULL = 2;

/** Numbers are taken by their first byte and not looked at further. */
export function tokenKind(text: Uint8Array, at: number, end: number): number {
  const first = text[at]!;
  if ((first >= 0x30 && first <= 0x39) || first === 0x2d) return TOKEN_VALUE;
  if (isWord(text, at, end, TRUE) || isWord(text, at, end, FALSE)) return TOKEN_VALUE;
  return isWord(text, at, end, NULL) ? TOKEN_NULL : TOKEN_UNKNOWN;
}

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

function isWord(text: Uint8Array, at: number, end: number, word: readonly number[]): boolean {
  if (end - at !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    if (text[at + index] !== word[index]) return false;
  }
  return true;
}
