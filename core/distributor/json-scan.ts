/**
 * Reads JSON from bytes, value by value, without making objects: the caller knows what it wants.
 * Strings stay where they are; one with escapes is unescaped in place, since it never grows.
 *
 *   json.enter("[", "the streams");
 *   for (let index = 0; json.more("]", index); index++) { … }
 */
import { fromUtf8 } from "../bytes/text.ts";
import { TextCache } from "../bytes/text-cache.ts";
import { BadRequest } from "../model/errors.ts";

/** How deep values may nest: for what is skipped, so that a hostile body does not use up the stack. */
const DEPTH_MAX = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LETTER_N = 0x6e;
const LETTER_U = 0x75;

export class JsonScanner {
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  at = 0;
  /** Where the string that `string()` has read lies in `bytes`. */
  start = 0;
  end = 0;
  readonly #texts = new TextCache();

  /** Bytes of strings with escapes are changed: the scanner must be their only reader. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next byte that is no space, -1 at the end. */
  peek(): number {
    const bytes = this.bytes;
    let at = this.at;
    while (at < bytes.length) {
      const byte = bytes[at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Goes into an array or object. */
  enter(open: "[" | "{", what: string): void {
    if (this.peek() !== open.charCodeAt(0)) throw this.unexpected(`${open} of ${what}`);
    this.at++;
  }

  /** Whether item `index` follows; goes past the comma before it, or past the closing bracket. */
  more(close: "]" | "}", index: number): boolean {
    const byte = this.peek();
    if (byte === close.charCodeAt(0)) {
      this.at++;
      return false;
    }
    if (index > 0) {
      if (byte !== COMMA) throw this.unexpected(`, or ${close}`);
      this.at++;
    }
    return true;
  }

  /** The name of the next member of an object; goes past its colon. */
  key(): string {
    this.string("the name of a member");
    const name = this.text();
    if (this.peek() !== COLON) throw this.unexpected(`: after ${JSON.stringify(name)}`);
    this.at++;
    return name;
  }

  /** Reads `null` if that is what comes next. */
  null(): boolean {
    if (this.peek() !== LETTER_N) return false;
    this.#literal();
    return true;
  }

  /** Reads a string; `start` and `end` then say where it is. */
  string(what: string): void {
    if (this.peek() !== QUOTE) throw this.unexpected(`a string for ${what}`);
    const bytes = this.bytes;
    let at = this.at + 1;
    this.start = at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.end = at;
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) {
        this.#unescape(at);
        return;
      }
    }
    this.at = at;
    throw this.unexpected('the closing "');
  }

  /** The string that was just read. */
  text(): string {
    return this.#texts.read(this.bytes, this.start, this.end);
  }

  /** Skips a value of any kind. */
  skip(depth = 0): void {
    if (depth > DEPTH_MAX) throw this.#error(`values nested deeper than ${DEPTH_MAX}`);
    switch (this.peek()) {
      case 0x7b:
        this.at++;
        for (let index = 0; this.more("}", index); index++) {
          this.key();
          this.skip(depth + 1);
        }
        return;
      case 0x5b:
        this.at++;
        for (let index = 0; this.more("]", index); index++) this.skip(depth + 1);
        return;
      case QUOTE:
        this.string("a value");
        return;
      default:
        this.#literal();
    }
  }

  /** The text of a string, a number, true or false; `start` and `end` say where it is. */
  scalar(what: string): string {
    if (this.peek() === QUOTE) this.string(what);
    else {
      this.start = this.at;
      const byte = this.bytes[this.at];
      if (byte === undefined || LITERAL_BYTES[byte] !== 1) throw this.unexpected(what);
      this.#literal();
      this.end = this.at;
    }
    return this.text();
  }

  /** Skips a value and leaves its bytes as they are, so that it may be read later. */
  pass(): void {
    const bytes = this.bytes;
    let depth = 0;
    do {
      const byte = this.peek();
      if (byte === -1) throw this.unexpected("a value");
      if (byte === QUOTE) this.#passString();
      else if (byte === 0x7b || byte === 0x5b) {
        depth++;
        this.at++;
      } else if (byte === 0x7d || byte === 0x5d) {
        depth--;
        this.at++;
      } else if (byte === COMMA || byte === COLON) this.at++;
      else this.#literal();
    } while (depth > 0 && this.at <= bytes.length);
  }

  #passString(): void {
    const { bytes } = this;
    for (let at = this.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) {
        this.at = at + 1;
        return;
      }
    }
    this.at = bytes.length;
    throw this.unexpected('the closing "');
  }

  /** Holds that nothing but space is left. */
  finish(): void {
    if (this.peek() !== -1) throw this.unexpected("nothing after the end");
  }

  /** Says what stands at this place instead of what is wanted. */
  unexpected(wanted: string): BadRequest {
    const found = this.at < this.bytes.length ? `found ${this.#around()}` : "the body ends there";
    return this.#error(`expected ${wanted}, ${found}`);
  }

  #error(what: string): BadRequest {
    return new BadRequest(`push body is not as wanted at byte ${this.at}: ${what}`);
  }

  #around(): string {
    const text = fromUtf8(this.bytes, this.at, Math.min(this.bytes.length, this.at + 12));
    return JSON.stringify(text);
  }

  /** A number, true, false or null. */
  #literal(): void {
    const start = this.at;
    while (this.at < this.bytes.length && LITERAL_BYTES[this.bytes[this.at]!] === 1) this.at++;
    const text = fromUtf8(this.bytes, start, Math.min(this.at, start + 400));
    if (LITERAL.test(text)) return;
    this.at = start;
    throw this.unexpected("a value");
  }

  /** Goes on from the first backslash, moving what follows to its left. */
  #unescape(from: number): void {
    const bytes = this.bytes;
    let to = from;
    for (let at = from; at < bytes.length; ) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.end = to;
        this.at = at + 1;
        return;
      }
      if (byte !== BACKSLASH) {
        bytes[to++] = byte;
        at++;
        continue;
      }
      const next = bytes[at + 1];
      if (next === LETTER_U) {
        const code = this.#codePoint(at);
        to = putUtf8(bytes, to, code);
        at += code > 0xffff ? 12 : 6;
        continue;
      }
      const simple = next === undefined ? undefined : SIMPLE_ESCAPES.get(next);
      if (simple === undefined) {
        this.at = at;
        throw this.unexpected("an escape of JSON");
      }
      bytes[to++] = simple;
      at += 2;
    }
    this.at = bytes.length;
    throw this.unexpected('the closing "');
  }

  /** The character of `\uXXXX`, or of two of them that make one; U+FFFD for half of a pair. */
  #codePoint(at: number): number {
    const high = this.#unit(at);
    if (high < 0xd800 || high >= 0xe000) return high;
    const followed = this.bytes[at + 6] === BACKSLASH && this.bytes[at + 7] === LETTER_U;
    if (high >= 0xdc00 || !followed) return 0xfffd;
    const low = this.#unit(at + 6);
    if (low < 0xdc00 || low >= 0xe000) return 0xfffd;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  #unit(at: number): number {
    let value = 0;
    for (let index = at + 2; index < at + 6; index++) {
      const digit = HEX_DIGITS.indexOf(String.fromCharCode(this.bytes[index] ?? 0).toLowerCase());
      if (digit < 0) {
        this.at = at;
        throw this.unexpected("four hex digits");
      }
      value = value * 16 + digit;
    }
    return value;
  }
}

const HEX_DIGITS = "0123456789abcdef";
const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const LITERAL_BYTES = Uint8Array.from({ length: 128 }, (_, byte) =>
  /[-+.\w]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({
    '"': '"',
    "\\": "\\",
    "/": "/",
    b: "\b",
    f: "\f",
    n: "\n",
    r: "\r",
    t: "\t",
  }).map(([letter, char]) => [letter.charCodeAt(0), char.charCodeAt(0)]),
);

/** Writes a character at `at`; gives the offset after it. */
function putUtf8(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    bytes[at] = 0xc0 | (code >> 6);
    bytes[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    bytes[at] = 0xe0 | (code >> 12);
    bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    bytes[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  bytes[at] = 0xf0 | (code >> 18);
  bytes[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  bytes[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  bytes[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
