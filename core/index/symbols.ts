/** The symbol table: every label name and value once, in byte order. A series names them by number. */
import type { ByteCursor } from "../bytes/cursor.ts";
import { Corrupt } from "../model/errors.ts";
import type { IndexVersion } from "./layout.ts";
import { TextRegion } from "./texts.ts";

export class SymbolTable {
  readonly count: number;
  readonly #byOffset: boolean;
  /** Where each symbol's length stands in the file, relative to `#base`. */
  readonly #lengthsAt: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #base: number;
  readonly #texts: TextRegion;
  readonly #cache: (string | undefined)[];

  /** Takes the payload of the section. */
  constructor(cursor: ByteCursor, version: IndexVersion) {
    this.#byOffset = version === 1;
    this.#base = cursor.at;
    this.#texts = new TextRegion(cursor.bytes, cursor.at, cursor.end);
    this.count = cursor.u32();
    if (this.count > cursor.left) {
      throw new Corrupt(`${this.count} symbols claimed in ${cursor.left} bytes`);
    }
    this.#lengthsAt = new Uint32Array(this.count);
    this.#starts = new Uint32Array(this.count);
    this.#ends = new Uint32Array(this.count);
    this.#cache = new Array<string | undefined>(this.count);
    for (let index = 0; index < this.count; index++) {
      this.#lengthsAt[index] = cursor.at - this.#base;
      const size = cursor.uvarint();
      this.#starts[index] = cursor.at - this.#base;
      cursor.skip(size);
      this.#ends[index] = cursor.at - this.#base;
    }
    if (cursor.left > 0) throw new Corrupt(`${cursor.left} bytes after ${this.count} symbols`);
  }

  /** The text that a series refers to: by number, in version 1 by the offset of its length in the file. */
  text(reference: number): string {
    const index = this.#byOffset ? this.#indexAt(reference) : reference;
    const known = this.#cache[index];
    if (known !== undefined) return known;
    if (!(index < this.count)) {
      throw new Corrupt(`symbol ${reference} of ${this.count}`);
    }
    const text = this.#texts.text(
      this.#base + this.#starts[index]!,
      this.#base + this.#ends[index]!,
    );
    this.#cache[index] = text;
    return text;
  }

  #indexAt(offset: number): number {
    const wanted = offset - this.#base;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lengthsAt[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return this.#lengthsAt[low] === wanted ? low : this.count;
  }
}
