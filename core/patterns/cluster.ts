/** Lines of one shape that say about the same: where they differ, their pattern has `<_>`. */
import { fromUtf8 } from "../bytes/text.ts";
import type { Counts } from "./counts.ts";
import type { Tokens } from "./tokens.ts";

const CAPTURE = "<_>";

/** Where a line lies in its text. */
export interface Line {
  readonly start: number;
  readonly end: number;
}

export class Cluster {
  readonly counts: Counts;
  /** Bytes that it keeps, without the counts. */
  readonly size: number;
  /** The first line, up to the last token that counts. */
  readonly #text: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #hashes: Int32Array;
  /** 1 where lines differ. */
  readonly #variable: Uint8Array;
  readonly #open: boolean;
  #pattern: string | undefined;

  constructor(tokens: Tokens, text: Uint8Array, { start, end }: Line, counts: Counts) {
    const { count, open } = tokens;
    this.counts = counts;
    this.#text = text.slice(start, open ? tokens.ends[count - 1]! : end);
    this.#starts = tokens.starts.slice(0, count).map((at) => at - start);
    this.#ends = tokens.ends.slice(0, count).map((at) => at - start);
    this.#hashes = tokens.hashes.slice(0, count);
    this.#variable = tokens.masked.slice(0, count);
    this.#open = open;
    for (let index = 0; index < count; index++) {
      // A pattern is text: what is none can only be a wildcard.
      if (!this.#isText(index)) this.#variable[index] = 1;
    }
    this.size = this.#text.length + 13 * count + 400;
  }

  /**
   * How much of a line of this shape is said here, too: the part of its tokens that are equal. Numbers
   * on both sides tell nothing.
   */
  similarity({ count, masked, hashes }: Tokens): number {
    const own = this.#hashes;
    if (count !== own.length) return -1;
    const variable = this.#variable;
    let counted = 0;
    let equal = 0;
    for (let index = 0; index < count; index++) {
      if (variable[index] === 0) {
        counted++;
        if (own[index] === hashes[index]) equal++;
      } else if (masked[index] === 0) counted++;
    }
    return counted === 0 ? 1 : equal / counted;
  }

  /** Takes a line in: where it differs, there is a wildcard from now on. */
  join(tokens: Tokens, text: Uint8Array): void {
    for (let index = 0; index < tokens.count; index++) {
      if (this.#variable[index] === 1 || this.#isSameToken(tokens, text, index)) continue;
      this.#variable[index] = 1;
      this.#pattern = undefined;
    }
  }

  /** As `|>` takes it. */
  get pattern(): string {
    this.#pattern ??= this.#print();
    return this.#pattern;
  }

  #print(): string {
    let pattern = "";
    let at = 0;
    for (let index = 0; index < this.#starts.length; index++) {
      if (this.#variable[index] === 0) continue;
      pattern += fromUtf8(this.#text, at, this.#starts[index]!) + CAPTURE;
      at = this.#ends[index]!;
    }
    pattern += fromUtf8(this.#text, at, this.#text.length);
    return this.#open && !pattern.endsWith(CAPTURE) ? pattern + CAPTURE : pattern;
  }

  #isText(index: number): boolean {
    const [start, end] = [this.#starts[index]!, this.#ends[index]!];
    for (let at = start; at < end; at++) {
      if (this.#text[at]! >= 0x80) return !fromUtf8(this.#text, start, end).includes("\ufffd");
    }
    return true;
  }

  #isSameToken(tokens: Tokens, text: Uint8Array, index: number): boolean {
    if (this.#hashes[index] !== tokens.hashes[index]) return false;
    const [start, size] = [this.#starts[index]!, this.#ends[index]! - this.#starts[index]!];
    const from = tokens.starts[index]!;
    if (tokens.ends[index]! - from !== size) return false;
    for (let at = 0; at < size; at++) if (this.#text[start + at] !== text[from + at]) return false;
    return true;
  }

  /** Compares what stands before, between and after the tokens: shapes that differ may have one hash. */
  isSameShape(tokens: Tokens, text: Uint8Array, { start, end }: Line): boolean {
    if (tokens.count !== this.#hashes.length || tokens.open !== this.#open) return false;
    let own = 0;
    let other = start;
    for (let index = 0; index < tokens.count; index++) {
      const gap = this.#starts[index]! - own;
      if (tokens.starts[index]! - other !== gap) return false;
      for (let at = 0; at < gap; at++) if (this.#text[own + at] !== text[other + at]) return false;
      own = this.#ends[index]!;
      other = tokens.ends[index]!;
    }
    if (this.#open) return true;
    if (this.#text.length - own !== end - other) return false;
    for (; own < this.#text.length; own++, other++) {
      if (this.#text[own] !== text[other]) return false;
    }
    return true;
  }
}
