/**
 * Finds a text in a stretch of bytes (Boyer, Moore and Horspool): looks at the byte where the needle
 * would end and skips by what that byte allows, so most bytes are never looked at.
 */
import { toLower } from "../golang/letter-case.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export class Needle {
  readonly bytes: Uint8Array;
  /** In any case of letters; the needle is then in lower case. */
  readonly fold: boolean;
  readonly #text: string;
  readonly #isAscii: boolean;
  /** How far to go on after each byte at the needle's end. */
  readonly #skips: Int32Array;
  /** Each byte, in lower case when folding. */
  readonly #lower: Uint8Array;

  constructor(text: string, fold = false) {
    this.#text = fold ? toLower(text) : text;
    this.bytes = ENCODER.encode(this.#text);
    this.fold = fold;
    this.#isAscii = this.bytes.every((byte) => byte < 0x80);
    this.#lower = fold ? LOWER : SAME;
    const last = this.bytes.length - 1;
    this.#skips = new Int32Array(256).fill(this.bytes.length);
    for (let byte = 0; byte < 256; byte++) {
      const place = this.bytes.lastIndexOf(this.#lower[byte]!, last - 1);
      if (place >= 0 && last > 0) this.#skips[byte] = last - place;
    }
  }

  /** Offset of the first occurrence within text[start, end), -1 when there is none. */
  indexOf(text: Uint8Array, start: number, end: number): number {
    const last = this.bytes.length - 1;
    if (last < 0) return start <= end ? start : -1;
    const { bytes } = this;
    const skips = this.#skips;
    const lower = this.#lower;
    const final = bytes[last]!;
    for (let at = start + last; at < end; ) {
      const byte = text[at]!;
      if (lower[byte] === final) {
        let place = last - 1;
        while (place >= 0 && lower[text[at - last + place]!] === bytes[place]) place -= 1;
        if (place < 0) return at - last;
      }
      at += skips[byte]!;
    }
    return -1;
  }

  /** Whether text[start, end) holds the needle. */
  isIn(text: Uint8Array, start: number, end: number): boolean {
    if (this.fold && !this.#isAscii)
      return this.isInText(DECODER.decode(text.subarray(start, end)));
    return this.indexOf(text, start, end) >= 0;
  }

  isInText(text: string): boolean {
    return (this.fold ? toLower(text) : text).includes(this.#text);
  }

  equals(text: Uint8Array, start: number, end: number): boolean {
    if (this.fold && !this.#isAscii)
      return this.equalsText(DECODER.decode(text.subarray(start, end)));
    return end - start === this.bytes.length && this.indexOf(text, start, end) === start;
  }

  equalsText(text: string): boolean {
    return (this.fold ? toLower(text) : text) === this.#text;
  }
}

const SAME = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const LOWER = SAME.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));
