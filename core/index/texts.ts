/**
 * Texts out of a region of bytes. When every byte is a character of its own, as label text mostly
 * is, the region is decoded once and a text is a slice of the result: ten times the speed of a
 * TextDecoder for each.
 */
import { compareText } from "../bytes/text.ts";

const SURROGATES = /[\ud800-\udfff]/;

// A text may start with U+FEFF, which a decoder would otherwise drop.
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

export class TextRegion {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  /** The region as text when offsets in bytes are offsets in it, "" when not, undefined before the first use. */
  #whole: string | undefined;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The text of bytes[from, to), which lie inside the region. */
  text(from: number, to: number): string {
    this.#whole ??= this.#decode();
    if (this.#whole === "") return DECODER.decode(this.#bytes.subarray(from, to));
    return this.#whole.slice(from - this.#start, to - this.#start);
  }

  /**
   * UTF-8 never has fewer bytes than the text has units, so equal lengths mean a unit a byte; that
   * holds for bytes that are no UTF-8 too, each of which is then a U+FFFD.
   */
  #decode(): string {
    const text = DECODER.decode(this.#bytes.subarray(this.#start, this.#end));
    return text.length === this.#end - this.#start ? text : "";
  }
}

/** Sorts texts by their bytes, in place. */
export function sortTexts(texts: string[]): string[] {
  // Without surrogates the order of UTF-16 units is that of the bytes, and the engine knows it best.
  return texts.some((text) => SURROGATES.test(text)) ? texts.sort(compareText) : texts.sort();
}

/** What several sorted lists have together, sorted, each text once. */
export function uniteTexts(lists: readonly string[][]): string[] {
  const some = lists.filter((list) => list.length > 0);
  // Fast path: what is in one list alone is there once, and in order.
  return some.length <= 1 ? (some[0] ?? []) : sortTexts([...new Set(some.flat())]);
}
