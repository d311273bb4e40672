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
  if (some.length <= 1) return some[0] ?? [];
  // A file of somebody else may have its values in an order of its own.
  if (!some.every(isAscending)) return sortTexts([...new Set(some.flat())]);
  return some.sort((a, b) => a.length - b.length).reduce(merge);
}

function isAscending(texts: readonly string[]): boolean {
  for (let index = 1; index < texts.length; index++) {
    if (compareText(texts[index - 1]!, texts[index]!) >= 0) return false;
  }
  return true;
}

function merge(a: readonly string[], b: readonly string[]): string[] {
  const all: string[] = [];
  let [at, other] = [0, 0];
  while (at < a.length && other < b.length) {
    const order = compareText(a[at]!, b[other]!);
    all.push(order <= 0 ? a[at]! : b[other]!);
    if (order <= 0) at++;
    if (order >= 0) other++;
  }
  while (at < a.length) all.push(a[at++]!);
  while (other < b.length) all.push(b[other++]!);
  return all;
}
