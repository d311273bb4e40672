/** The symbols of a chunk: every name and value of its structured metadata, once, by number of first use. */
import { ByteCursor } from "../bytes/cursor.ts";
import { utf8Size } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { MetadataColumn } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";

/** The strings of a decompressed symbol section. The count is known from outside of it. */
export function decodeSymbols(bytes: Uint8Array, count: number): readonly string[] {
  if (count > bytes.length) throw new Corrupt(`${count} symbols claimed in ${bytes.length} bytes`);
  const cursor = new ByteCursor(bytes);
  const symbols = Array.from({ length: count }, () => cursor.string());
  if (cursor.left > 0) throw new Corrupt(`${cursor.left} bytes after the last of ${count} symbols`);
  return symbols;
}

/** A table that grows while rows are appended. */
export class SymbolTable {
  readonly #list: string[] = [];
  readonly #indexes = new Map<string, number>();
  #size = 0;
  /** The table that rows come with was seen last, and what its indexes are here (+ 1; 0 is not known). */
  #source: readonly string[] = [];
  #translated = new Uint32Array(0);

  constructor(symbols: readonly string[] = []) {
    for (const symbol of symbols) this.#add(symbol);
  }

  /** Live: grows while rows are appended, and never changes an index. */
  get list(): readonly string[] {
    return this.#list;
  }

  /** UTF-8 bytes of all symbols. */
  get size(): number {
    return this.#size;
  }

  intern(symbol: string): number {
    return this.#indexes.get(symbol) ?? this.#add(symbol);
  }

  /** The pairs of a row in indexes of this table, in their order, each name before its value. */
  internRow({ symbols, firsts, pairs }: MetadataColumn, row: number): Uint32Array {
    if (symbols !== this.#source) {
      this.#source = symbols;
      this.#translated = new Uint32Array(0);
    }
    if (this.#translated.length < symbols.length) {
      const longer = new Uint32Array(symbols.length);
      longer.set(this.#translated);
      this.#translated = longer;
    }
    const end = 2 * firsts[row + 1]!;
    const interned = new Uint32Array(end - 2 * firsts[row]!);
    for (let at = end - interned.length, out = 0; at < end; at++, out++) {
      interned[out] = this.#translate(pairs[at]!);
    }
    return interned;
  }

  /** The symbols as they are stored, before compression. The count goes before them, uncompressed. */
  encode(): Uint8Array {
    const out = new ByteWriter(this.#size + 2 * this.#list.length + 16);
    for (const symbol of this.#list) out.string(symbol);
    return out.take();
  }

  #translate(index: number): number {
    const known = this.#translated[index];
    if (known !== undefined && known > 0) return known - 1;
    const here = this.intern(this.#source[index] ?? "");
    if (known !== undefined) this.#translated[index] = here + 1;
    return here;
  }

  #add(symbol: string): number {
    const index = this.#list.length;
    this.#list.push(symbol);
    if (!this.#indexes.has(symbol)) this.#indexes.set(symbol, index);
    this.#size += utf8Size(symbol);
    return index;
  }
}
