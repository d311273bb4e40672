/**
 * A line as tokens and what stands between them. Blanks and the punctuation of logs part tokens; what
 * lies between two of them is the line's *shape*, and only lines of one shape share a pattern:
 *
 *     took 15ms, user="ann"      tokens  took 15ms user ann
 *                                shape   T " " T ", " T '="' T '"'
 *
 * That is why a pattern always finds its lines again. The text after a `<_>` begins with a separator,
 * no token has one in it, so `|>`, which takes the first place that fits and never goes back, comes to
 * the very place where the token ended.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { levelWords } from "../querier/levels.ts";

/** Tokens of a line that count; a line with more has a pattern that ends open. */
export const TOKENS_MAX = 64;

/** What a byte is to us; whatever is nothing else is 0. */
const [SEPARATOR, DIGIT, GREATER] = [1, 2, 3];
const KINDS = new Uint8Array(256);
for (const byte of utf8(" \t\n\r\v\f=,:;\"'()[]{}|")) KINDS[byte] = SEPARATOR;
for (const byte of utf8("0123456789")) KINDS[byte] = DIGIT;
for (const byte of utf8(">")) KINDS[byte] = GREATER;

const [MINUS, PLUS, DOT] = [0x2d, 0x2b, 0x2e];
/** FNV-1a, 32 bits. */
const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
/** A token of so many bytes with a digit in it is an id. */
const ID_BYTES = 16;

/** Levels by the hash of the words that name them, in lower case, in upper case, and with a capital. */
const LEVELS = new Map<number, { readonly word: Uint8Array; readonly level: string }>();
for (const [lower, level] of levelWords()) {
  const capital = lower[0]!.toUpperCase() + lower.slice(1);
  for (const text of [lower, capital, lower.toUpperCase()]) {
    const word = utf8(text);
    LEVELS.set(hashOf(word, 0, word.length), { word, level });
  }
}
/** Which lowest bits of hashes there are at all: most tokens are no level, and this says so at once. */
const MAYBE_LEVEL = new Uint8Array(1024);
for (const hash of LEVELS.keys()) MAYBE_LEVEL[hash & 1023] = 1;

/** Reads line after line; what it found of one is good until the next. */
export class Tokens {
  count = 0;
  readonly starts = new Int32Array(TOKENS_MAX);
  readonly ends = new Int32Array(TOKENS_MAX);
  readonly hashes = new Int32Array(TOKENS_MAX);
  /** 1 for a token that is nobody's word: numbers, ids, times. */
  readonly masked = new Uint8Array(TOKENS_MAX);
  /** Hash of all separators in their places. */
  shape = 0;
  /** True when the line goes on after the last token that counts. */
  open = false;
  /** The first word in it that names a level. */
  level: string | undefined;

  read(text: Uint8Array, start: number, end: number): void {
    const { starts, ends, hashes, masked } = this;
    let count = 0;
    let shape = FNV_BASIS;
    this.level = undefined;
    let at = start;
    while (at < end) {
      const byte = text[at]!;
      if (KINDS[byte] === SEPARATOR) {
        shape = Math.imul(shape ^ byte, FNV_PRIME);
        at++;
        continue;
      }
      if (count === TOKENS_MAX) break;
      shape = Math.imul(shape ^ 0x100, FNV_PRIME);
      const from = at;
      let hash = FNV_BASIS;
      let digits = 0;
      let hasCapture = false;
      for (; at < end; at++) {
        const next = text[at]!;
        const kind = KINDS[next]!;
        if (kind !== 0) {
          if (kind === SEPARATOR) break;
          if (kind === DIGIT) digits++;
          else hasCapture = true;
        }
        hash = Math.imul(hash ^ next, FNV_PRIME);
      }
      starts[count] = from;
      ends[count] = at;
      hashes[count] = hash;
      const isMasked =
        (digits > 0 && isValue(text, from, { size: at - from, digits })) ||
        (hasCapture && looksLikeCapture(text, from, at));
      masked[count++] = isMasked ? 1 : 0;
      if (digits === 0 && MAYBE_LEVEL[hash & 1023] === 1 && this.level === undefined) {
        this.level = levelAt(text, { from, end: at, hash });
      }
    }
    this.open = at < end;
    this.count = count;
    // What follows the last token that counts is not looked at, and its separators are not part of the shape.
    this.shape = this.open ? shapeUpTo(text, start, ends[count - 1]!) : shape;
  }
}

/** Begins with a number, or is an id: many digits, or long with one. */
function isValue(
  text: Uint8Array,
  from: number,
  { size, digits }: { size: number; digits: number },
): boolean {
  const first = text[from]!;
  if (KINDS[first] === DIGIT) return true;
  const isSigned = first === MINUS || first === PLUS || first === DOT;
  if (isSigned && KINDS[text[from + 1]!] === DIGIT) return true;
  return 2 * digits >= size || size >= ID_BYTES;
}

/** `<b>` in a pattern would be a capture, so such a token is never a part of one. */
function looksLikeCapture(text: Uint8Array, from: number, end: number): boolean {
  return /<[a-zA-Z_][a-zA-Z0-9_]*>/.test(fromUtf8(text, from, end));
}

function levelAt(
  text: Uint8Array,
  { from, end, hash }: { from: number; end: number; hash: number },
): string | undefined {
  const known = LEVELS.get(hash);
  if (known === undefined || known.word.length !== end - from) return undefined;
  return known.word.every((byte, index) => text[from + index] === byte) ? known.level : undefined;
}

function shapeUpTo(text: Uint8Array, start: number, end: number): number {
  let shape = FNV_BASIS;
  let isToken = false;
  for (let at = start; at < end; at++) {
    const byte = text[at]!;
    const isSeparator = KINDS[byte] === SEPARATOR;
    if (isSeparator) shape = Math.imul(shape ^ byte, FNV_PRIME);
    else if (!isToken) shape = Math.imul(shape ^ 0x100, FNV_PRIME);
    isToken = !isSeparator;
  }
  return shape;
}

function hashOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = FNV_BASIS;
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return hash;
}
