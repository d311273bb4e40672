/**
 * Bytes of lines to strings. Most label values are short, ASCII and seen before, so they come from a
 * table without a new string being made; the same value is then mostly the same string object.
 */

const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** FNV-1a over UTF-16 units. Of ASCII text it is the same as of its bytes. */
export function hashText(text: string): number {
  let hash = SEED;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  }
  return hash;
}

/** The byte order mark is a character like any other. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();
const REPLACEMENT = "\ufffd";

/** What does not decode becomes one U+FFFD a byte, as in Go; TextDecoder alone would join some. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const text = DECODER.decode(bytes.subarray(start, end));
  return text.includes(REPLACEMENT) ? decodeBroken(bytes, start, end) : text;
}

/** The same with a space for every rune that is U+FFFD: how parsers of Loki 3 clean values. */
export function decodeClean(bytes: Uint8Array, start: number, end: number): string {
  return cleanText(decodeText(bytes, start, end));
}

export function cleanText(text: string): string {
  return text.includes(REPLACEMENT) ? text.replaceAll(REPLACEMENT, " ") : text;
}

function decodeBroken(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  let plain = start;
  for (let at = start; at < end; ) {
    const size = runeSize(bytes, at, end);
    if (size > 0) {
      at += size;
      continue;
    }
    out += DECODER.decode(bytes.subarray(plain, at)) + REPLACEMENT;
    plain = ++at;
  }
  return out + DECODER.decode(bytes.subarray(plain, end));
}

/** Bytes of the rune at `at`, 0 when there is no valid one (RFC 3629: no overlong forms, no surrogates). */
function runeSize(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + size > end) return 0;
  const second = bytes[at + 1]!;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let index = 2; index < size; index++) {
    if ((bytes[at + index]! & 0xc0) !== 0x80) return 0;
  }
  return size;
}

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** Writes the text at the start of `target`, which must have three bytes for each UTF-16 unit. */
export function encodeInto(text: string, target: Uint8Array): number {
  return ENCODER.encodeInto(text, target).written;
}

/** Longer values are rarely seen twice: looking them up would cost more than it saves. */
const KNOWN_SIZE_MAX = 32;
const KNOWN_SLOTS = 4096;

/** Short ASCII values seen lately, by their hash. A slot holds the last value that fell on it. */
export class KnownValues {
  readonly #texts: (string | undefined)[] = new Array<string | undefined>(KNOWN_SLOTS).fill(
    undefined,
  );
  /** hashText of what clean() or exact() returned last. */
  hash = 0;

  /** A value as json and logfmt give it: a space for what is no UTF-8. */
  clean(bytes: Uint8Array, start: number, end: number): string {
    return this.#known(bytes, start, end) ?? this.#hashed(decodeClean(bytes, start, end));
  }

  /** A value as pattern and regexp give it: byte for byte. */
  exact(bytes: Uint8Array, start: number, end: number): string {
    return this.#known(bytes, start, end) ?? this.#hashed(decodeText(bytes, start, end));
  }

  #known(bytes: Uint8Array, start: number, end: number): string | undefined {
    const size = end - start;
    if (size > KNOWN_SIZE_MAX) return undefined;
    let hash = SEED;
    let bits = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      bits |= byte;
      hash = Math.imul(hash ^ byte, PRIME);
    }
    if (bits >= 0x80) return undefined;
    this.hash = hash;
    const slot = (hash ^ (hash >>> 15)) & (KNOWN_SLOTS - 1);
    const known = this.#texts[slot];
    if (known !== undefined && isAscii(known, bytes, start, size)) return known;
    const text = asciiText(bytes, start, end);
    this.#texts[slot] = text;
    return text;
  }

  #hashed(text: string): string {
    this.hash = hashText(text);
    return text;
  }
}

/** Whether the ASCII text is the same as so many bytes. */
function isAscii(text: string, bytes: Uint8Array, start: number, size: number): boolean {
  if (text.length !== size) return false;
  for (let index = 0; index < size; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

/** Building a short string unit by unit is quicker than asking a decoder. */
const BY_UNIT_MAX = 12;

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > BY_UNIT_MAX) return DECODER.decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
