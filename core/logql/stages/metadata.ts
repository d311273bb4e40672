/** Structured metadata of a row as labels (spec logql §6.2). */
import type { MetadataColumn } from "../../model/block.ts";
import type { LabelBuilder } from "./label-builder.ts";
import { hashText } from "./text.ts";

const ERROR = "__error__";
const DETAILS = "__error_details__";

/** Numbers instead of a name: what the symbol is not known to be, and what it is not. */
const UNKNOWN = -1;
const NO_LABEL = -2;
const IS_ERROR = -3;
const IS_DETAILS = -4;

export class MetadataReader {
  #symbols: readonly string[] = [];
  #generation = 0;
  /** By symbol, the number of the name that it is. */
  #ids = new Int32Array(0);
  /** By symbol, the hash of its text; 0 when not known. */
  #hashes = new Int32Array(0);

  /** Adds the metadata of row `index` to the labels. */
  read(column: MetadataColumn, index: number, labels: LabelBuilder): void {
    if (column.symbols !== this.#symbols || labels.names.generation !== this.#generation) {
      this.#start(column.symbols, labels.names.generation);
    }
    const { firsts, pairs } = column;
    const last = firsts[index + 1]!;
    for (let pair = firsts[index]!; pair < last; pair++) {
      this.#add(pairs[2 * pair]!, pairs[2 * pair + 1]!, labels);
    }
  }

  #add(name: number, value: number, labels: LabelBuilder): void {
    const id = this.#idOf(name, labels);
    const text = this.#symbols[value] ?? "";
    if (id >= 0) labels.setMetadata(id, text, this.#hashOf(value, text));
    else if (id === IS_ERROR) labels.error = text;
    else if (id === IS_DETAILS) labels.details = text;
  }

  #idOf(symbol: number, labels: LabelBuilder): number {
    // An index past the table reads as "", and that is no name.
    if (symbol >= this.#symbols.length) return NO_LABEL;
    let id = this.#ids[symbol]!;
    if (id === UNKNOWN) {
      const name = this.#symbols[symbol]!;
      if (name === "") id = NO_LABEL;
      else if (name === ERROR) id = IS_ERROR;
      else if (name === DETAILS) id = IS_DETAILS;
      else id = labels.names.id(name);
      this.#ids[symbol] = id;
    }
    return id;
  }

  #hashOf(symbol: number, text: string): number {
    if (symbol >= this.#hashes.length) return hashText(text);
    const known = this.#hashes[symbol]!;
    if (known !== 0) return known;
    return (this.#hashes[symbol] = hashText(text));
  }

  #start(symbols: readonly string[], generation: number): void {
    this.#symbols = symbols;
    this.#generation = generation;
    this.#ids = new Int32Array(symbols.length).fill(UNKNOWN);
    this.#hashes = new Int32Array(symbols.length);
  }
}

/** Whether the metadata of blocks can matter to a query that asks for few labels. */
export class MetadataNeed {
  /** Undefined when any name may matter. */
  readonly #wanted: ReadonlySet<string> | undefined;
  #symbols: readonly string[] | undefined;
  #isNeeded = false;

  constructor(wanted: ReadonlySet<string> | undefined) {
    this.#wanted = wanted;
  }

  of(column: MetadataColumn | undefined): boolean {
    if (column === undefined) return false;
    if (this.#wanted === undefined) return true;
    if (column.symbols !== this.#symbols) {
      this.#symbols = column.symbols;
      this.#isNeeded = column.symbols.some((symbol) => this.#isName(symbol));
    }
    return this.#isNeeded;
  }

  #isName(symbol: string): boolean {
    return symbol === ERROR || this.#wanted!.has(symbol);
  }
}
