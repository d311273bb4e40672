/**
 * The byte scanner behind `logfmt` (spec logql §8.3). Space is any byte up to 0x20. It stands on one
 * pair at a time and tells what is wrong with it.
 */
import { unescapeText } from "./json-text.ts";

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class LogfmtScan {
  #text: Uint8Array = new Uint8Array(0);
  #origin = 0;
  #at = 0;
  #end = 0;
  keyStart = 0;
  keyEnd = 0;
  /** The bytes of the value; empty when there is none. */
  valueStart = 0;
  valueEnd = 0;
  /** True when the value has escapes: value() is then not just its bytes. */
  escaped = false;
  /** Why the pair at hand is none: `logfmt syntax error at pos 4 : unexpected '='`. */
  error: string | undefined;

  start(text: Uint8Array, start: number, end: number): void {
    this.#text = text;
    this.#origin = start;
    this.#at = start;
    this.#end = end;
  }

  /** Goes to the next pair. False at the end of the line; with `error` set the pair is lost. */
  next(): boolean {
    const text = this.#text;
    const end = this.#end;
    this.error = undefined;
    this.escaped = false;
    let at = this.#at;
    while (at < end && text[at]! <= 0x20) at++;
    if (at >= end) return false;

    this.keyStart = at;
    let byte = text[at]!;
    while (byte > 0x20 && byte !== EQUALS && byte !== QUOTE) {
      if (++at >= end) break;
      byte = text[at]!;
    }
    this.keyEnd = at;
    this.valueStart = at;
    this.valueEnd = at;
    this.#at = at;
    if (at >= end || byte <= 0x20) return true;
    if (byte === QUOTE) return this.#unexpected('"');
    if (at === this.keyStart) return this.#unexpected("=");
    this.#value(at + 1);
    return true;
  }

  /** Gives up the pair at hand; scanning goes on after the next space. */
  fail(reason: string): void {
    this.error = `logfmt syntax error at pos ${this.#at - this.#origin + 1} : ${reason}`;
    while (this.#at < this.#end && this.#text[this.#at]! > 0x20) this.#at++;
  }

  /** Position of the key's end, for a key that turns out to be none. */
  failKey(): void {
    this.#at = this.keyEnd;
    this.fail("invalid key");
  }

  /** The text of a value with escapes, undefined with `error` set when they are none. */
  unescape(): string | undefined {
    const { valueStart, valueEnd } = this;
    const text = unescapeText(this.#text, valueStart, valueEnd, { logfmt: true });
    if (text === undefined) this.fail("invalid quoted value");
    return text;
  }

  #value(start: number): void {
    const text = this.#text;
    const end = this.#end;
    if (start < end && text[start] === QUOTE) {
      this.#quoted(start + 1);
      return;
    }
    let at = start;
    while (at < end) {
      const byte = text[at]!;
      if (byte <= 0x20) break;
      if (byte === EQUALS || byte === QUOTE) {
        this.#at = at;
        this.fail(`unexpected '${byte === QUOTE ? '"' : "="}'`);
        return;
      }
      at++;
    }
    this.valueStart = start;
    this.valueEnd = at;
    this.#at = at;
  }

  /** What follows the closing quote is the next key, even without a space. */
  #quoted(start: number): void {
    const text = this.#text;
    const end = this.#end;
    let hasEscape = false;
    let at = start;
    while (at < end && text[at] !== QUOTE) {
      if (text[at] === BACKSLASH) {
        hasEscape = true;
        at++;
      }
      at++;
    }
    this.#at = Math.min(at + 1, end);
    if (at >= end) {
      this.#at = end;
      this.fail("unterminated quoted value");
      return;
    }
    this.valueStart = start;
    this.valueEnd = at;
    this.escaped = hasEscape;
    // A bad escape costs what follows up to a space. Where a space follows anyway, nobody need look.
    if (hasEscape && this.#at < end && text[this.#at]! > 0x20) this.unescape();
  }

  #unexpected(char: string): boolean {
    this.fail(`unexpected '${char}'`);
    return true;
  }
}
