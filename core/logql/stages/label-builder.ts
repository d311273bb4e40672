/**
 * The labels of the row at hand (spec logql §6.1): those of the stream below, what structured metadata
 * and stages added above, and what stages deleted. Values that parsers found stay bytes until somebody
 * asks for them; most rows are dropped before that.
 */
import { unescapeText } from "./json-text.ts";
import type { Names } from "./names.ts";
import type { StreamBase } from "./stream-base.ts";
import { cleanText, hashText, KnownValues } from "./text.ts";

/** Where a label came from. */
export const STREAM = 0;
export const METADATA = 1;
export const PARSED = 2;

/** How a value that is still bytes becomes text. 0 is a value that is text already. */
const READY = 0;
/** As it stands; a space for what is no UTF-8. */
export const CLEAN = 1;
/** As it stands. */
export const EXACT = 2;
/** With JSON's escapes; empty when they are broken. */
export const JSON_ESCAPED = 3;
export type Form = typeof CLEAN | typeof EXACT | typeof JSON_ESCAPED;

/** A condition on the labels of a row. It may set the row's error. */
export interface LabelTest {
  test(labels: LabelBuilder): boolean;
}

/** What parsers are told (spec logql §14): see hints.ts. */
export interface BuilderHints {
  /** By number of name, the filter that a parsed value must pass at once. */
  readonly early: readonly (LabelTest | undefined)[];
  /** By number of name, 1 for a label that is wanted when not all are. */
  readonly wanted: Uint8Array;
  /** How many are wanted; 0 when all are. */
  readonly wantedCount: number;
  /** Marks the rows of failed parsers as kept on purpose. */
  readonly preserveErrors: boolean;
}

const START_SIZE = 32;

export class LabelBuilder {
  readonly names: Names;
  readonly #hints: BuilderHints;
  readonly #preserve: number;
  readonly #known = new KnownValues();
  #base: StreamBase;

  /** Added labels by slot: number of name, value, and how the value is kept. */
  count = 0;
  #ids = new Int32Array(START_SIZE);
  #values: string[] = [];
  #hashes = new Int32Array(START_SIZE);
  #forms = new Uint8Array(START_SIZE);
  #starts = new Int32Array(START_SIZE);
  #ends = new Int32Array(START_SIZE);
  #categories = new Uint8Array(START_SIZE);
  /** By number of name, its slot + 1. */
  #slots = new Int32Array(256);
  readonly #deleted: number[] = [];
  #found = 0;

  /** The bytes that the values still in bytes are in. */
  #text: Uint8Array = new Uint8Array(0);

  error = "";
  details = "";

  constructor(names: Names, base: StreamBase, hints: BuilderHints) {
    this.names = names;
    this.#base = base;
    this.#hints = hints;
    this.#preserve = names.id("__preserve_error__");
  }

  get base(): StreamBase {
    return this.#base;
  }

  get deleted(): readonly number[] {
    return this.#deleted;
  }

  /** True when all labels that were asked for are there: parsers may stop. */
  get complete(): boolean {
    return this.#found === this.#hints.wantedCount && this.#found > 0;
  }

  /** True when the labels are those of the stream. Error details alone do not count (spec logql §6.1). */
  get untouched(): boolean {
    return this.count === 0 && this.#deleted.length === 0 && this.error === "";
  }

  /** True for a row whose error the query asks for: it counts. */
  get isPreserved(): boolean {
    return this.get(this.#preserve) === "true";
  }

  /** Starts a row whose line is in `text`. */
  reset(base: StreamBase, text: Uint8Array): void {
    for (let slot = 0; slot < this.count; slot++) this.#slots[this.#ids[slot]!] = 0;
    this.count = 0;
    this.#found = 0;
    if (this.#deleted.length > 0) this.#deleted.length = 0;
    this.#base = base;
    this.#text = text;
    this.error = "";
    this.details = "";
  }

  /** To be called before the line changes: what is still bytes of the old line becomes text. */
  moveTo(text: Uint8Array): void {
    for (let slot = 0; slot < this.count; slot++) this.value(slot);
    this.#text = text;
  }

  id(slot: number): number {
    return this.#ids[slot]!;
  }

  category(slot: number): number {
    return this.#categories[slot]!;
  }

  value(slot: number): string {
    if (this.#forms[slot] !== READY) this.#decode(slot);
    return this.#values[slot]!;
  }

  /** A hash of the value; `value` was called before. */
  hash(slot: number): number {
    return this.#hashes[slot]!;
  }

  get(id: number): string | undefined {
    const slot = this.#slot(id);
    if (slot >= 0) return this.value(slot);
    if (this.#deleted.length > 0 && this.#deleted.includes(id)) return undefined;
    return this.#base.get(id);
  }

  /** Where the label that is seen under a name came from. */
  originOf(id: number): number {
    const slot = this.#slot(id);
    return slot >= 0 ? this.#categories[slot]! : STREAM;
  }

  /** A hash of the value that `get` gave last for the label; 0 for what the stream gives. */
  hashOf(id: number): number {
    const slot = this.#slot(id);
    return slot >= 0 ? this.#hashes[slot]! : 0;
  }

  /**
   * Whether the label has this value, without making a string of it. `bytes` is the value in UTF-8,
   * or undefined when only decoding can tell (texts that cleaning may produce).
   */
  equals(id: number, text: string, bytes: Uint8Array | undefined): boolean {
    const slot = this.#slot(id);
    const isBytes = slot >= 0 && (this.#forms[slot] === CLEAN || this.#forms[slot] === EXACT);
    if (!isBytes || bytes === undefined) return (this.get(id) ?? "") === text;
    const start = this.#starts[slot]!;
    if (this.#ends[slot]! - start !== bytes.length) return false;
    for (let index = 0; index < bytes.length; index++) {
      if (this.#text[start + index] !== bytes[index]) return false;
    }
    return true;
  }

  /** What `read` makes of the value, if it is still bytes; else NaN. */
  readBytes(id: number, read: (bytes: Uint8Array, start: number, end: number) => number): number {
    const slot = this.#slot(id);
    if (slot < 0 || this.#forms[slot] === READY || this.#forms[slot] === JSON_ESCAPED) return NaN;
    return read(this.#text, this.#starts[slot]!, this.#ends[slot]!);
  }

  /** Sets a label, whatever it was. What stages set counts as parsed. */
  set(id: number, value: string): void {
    const slot = this.#slotFor(id);
    this.#values[slot] = value;
    this.#hashes[slot] = hashText(value);
    this.#forms[slot] = READY;
    this.#categories[slot] = PARSED;
  }

  /** Structured metadata: a name that the stream has gets `_extracted`. */
  setMetadata(id: number, value: string, hash: number): void {
    const slot = this.#slotFor(this.#base.has(id) ? this.names.extracted(id) : id);
    this.#values[slot] = value;
    this.#hashes[slot] = hash;
    this.#forms[slot] = READY;
    this.#categories[slot] = METADATA;
  }

  delete(id: number): void {
    const slot = this.#slot(id);
    if (slot >= 0) this.#remove(slot);
    if (!this.#deleted.includes(id)) this.#deleted.push(id);
  }

  /** The name under which a parser's label goes: with `_extracted` when stream or metadata have it. */
  target(id: number): number {
    if (this.#base.has(id)) return this.names.extracted(id);
    const slot = this.#slot(id);
    return slot >= 0 && this.#categories[slot] === METADATA ? this.names.extracted(id) : id;
  }

  /** Whether a parser or label_format has set the label: the first to come stays. */
  isParsed(id: number): boolean {
    const slot = this.#slot(id);
    return slot >= 0 && this.#categories[slot] === PARSED;
  }

  /** Takes a label that a parser found in the bytes of the line. False drops the row (spec logql §14.1). */
  extract(name: number, form: Form, start: number, end: number): boolean {
    const id = this.target(name);
    if (this.isParsed(id)) return true;
    const slot = this.#slotFor(id);
    this.#forms[slot] = form;
    this.#starts[slot] = start;
    this.#ends[slot] = end;
    this.#categories[slot] = PARSED;
    return this.#passes(id);
  }

  /** The same with a value that is text already. */
  extractText(name: number, value: string): boolean {
    const id = this.target(name);
    if (this.isParsed(id)) return true;
    this.set(id, value);
    return this.#passes(id);
  }

  /** A parser failed. */
  fail(error: string, details: string): void {
    this.error = error;
    this.details = details;
    if (this.#hints.preserveErrors) this.set(this.#preserve, "true");
  }

  #passes(id: number): boolean {
    if (id < this.#hints.wanted.length && this.#hints.wanted[id] === 1) this.#found++;
    if (id >= this.#hints.early.length) return true;
    const early = this.#hints.early[id];
    return early === undefined || early.test(this);
  }

  #slot(id: number): number {
    return id < this.#slots.length ? this.#slots[id]! - 1 : -1;
  }

  #slotFor(id: number): number {
    const known = this.#slot(id);
    if (known >= 0) return known;
    const slot = this.count++;
    if (slot >= this.#ids.length) this.#grow();
    if (id >= this.#slots.length) this.#growSlots(id);
    this.#ids[slot] = id;
    this.#slots[id] = slot + 1;
    return slot;
  }

  /** The last slot moves into the gap. */
  #remove(slot: number): void {
    const last = --this.count;
    this.#slots[this.#ids[slot]!] = 0;
    if (slot === last) return;
    this.#ids[slot] = this.#ids[last]!;
    this.#values[slot] = this.#values[last]!;
    this.#hashes[slot] = this.#hashes[last]!;
    this.#forms[slot] = this.#forms[last]!;
    this.#starts[slot] = this.#starts[last]!;
    this.#ends[slot] = this.#ends[last]!;
    this.#categories[slot] = this.#categories[last]!;
    this.#slots[this.#ids[slot]!] = slot + 1;
  }

  #decode(slot: number): void {
    const [start, end] = [this.#starts[slot]!, this.#ends[slot]!];
    const form = this.#forms[slot];
    if (form === JSON_ESCAPED) {
      const text = cleanText(unescapeText(this.#text, start, end) ?? "");
      this.#values[slot] = text;
      this.#hashes[slot] = hashText(text);
    } else {
      this.#values[slot] =
        form === EXACT
          ? this.#known.exact(this.#text, start, end)
          : this.#known.clean(this.#text, start, end);
      this.#hashes[slot] = this.#known.hash;
    }
    this.#forms[slot] = READY;
  }

  #grow(): void {
    this.#ids = larger(this.#ids, new Int32Array(2 * this.#ids.length));
    this.#hashes = larger(this.#hashes, new Int32Array(2 * this.#hashes.length));
    this.#starts = larger(this.#starts, new Int32Array(2 * this.#starts.length));
    this.#ends = larger(this.#ends, new Int32Array(2 * this.#ends.length));
    this.#forms = larger(this.#forms, new Uint8Array(2 * this.#forms.length));
    this.#categories = larger(this.#categories, new Uint8Array(2 * this.#categories.length));
  }

  #growSlots(id: number): void {
    this.#slots = larger(this.#slots, new Int32Array(2 * Math.max(id, this.#slots.length)));
  }
}

function larger<T extends Int32Array | Uint8Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}
