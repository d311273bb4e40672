/**
 * `| json`: one pass over the bytes of the first object in the line (spec logql §8.1). Fields that
 * nobody asks for are passed over; the others become labels that stay bytes until they are looked at.
 */
import type { Hints } from "./hints.ts";
import { wantsInside, wantsName } from "./hints.ts";
import {
  blockEnd,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  JSON_DETAILS,
  JSON_ERROR,
  NO_END,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  stringEnd,
  TOKEN_UNKNOWN,
  TOKEN_VALUE,
  tokenEnd,
  tokenKind,
} from "./json-scan.ts";
import { unescapeText } from "./json-text.ts";
import { type Key, type KeyBudget, KeyTable, newKeyBudget } from "./keys.ts";
import { CLEAN, type Form, JSON_ESCAPED, type LabelBuilder } from "./label-builder.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";
import { joinNames } from "./sanitize.ts";

export interface JsonOptions {
  /** Ours: elements of arrays become labels with `_0`, `_1`, … */
  readonly arrays: boolean;
}

/** Objects deeper than this are passed over: names grow with the depth, and so would memory with its square. */
const DEPTH_MAX = 128;

/** Instead of an offset: how the line ended, or the complement of an index into what went wrong. */
const DONE = -100;
const DROPPED = -101;
const FAILURES = [
  JSON_DETAILS.object,
  JSON_DETAILS.array,
  JSON_DETAILS.malformed,
  JSON_DETAILS.string,
  JSON_DETAILS.unknown,
  JSON_DETAILS.escape,
];
const [NO_OBJECT, NO_ARRAY, MALFORMED, NO_STRING, UNKNOWN, BAD_ESCAPE] = [-1, -2, -3, -4, -5, -6];

export class JsonStage implements RowStage {
  readonly labelsOnly = false;
  readonly #hints: Hints;
  readonly #names: Names;
  readonly #arrays: boolean;
  #root: KeyTable;
  #budget: KeyBudget;

  #labels!: LabelBuilder;
  /** The key that was read last. */
  #key!: Key;
  /** The keys of the object or array being read, and the tables of those open around it. */
  #table: KeyTable;
  readonly #outer: KeyTable[] = [];
  #depth = 0;
  /** The byte that ends what is being read. */
  #closing = CLOSE_OBJECT;
  /** True when what is being read has had no member yet. */
  #isFirst = true;
  /** By depth, the index of the next element; -1 in an object. */
  readonly #elements = new Int32Array(DEPTH_MAX + 1);
  /** By depth, past what is being read. That a value ends is known before anything in it is read. */
  readonly #ends = new Int32Array(DEPTH_MAX + 1);

  constructor(hints: Hints, names: Names, options: JsonOptions) {
    this.#hints = hints;
    this.#names = names;
    this.#arrays = options.arrays;
    this.#budget = newKeyBudget();
    this.#root = this.#newTable("", 0);
    this.#table = this.#root;
  }

  forget(): void {
    this.#budget = newKeyBudget();
    this.#root = this.#newTable("", 0);
  }

  run(row: Row): boolean {
    row.load();
    this.#labels = row.labels;
    const outcome = this.#walk(row.text, row.start, row.end);
    if (outcome > DONE) row.labels.fail(JSON_ERROR, FAILURES[~outcome]!);
    return outcome !== DROPPED;
  }

  #walk(text: Uint8Array, start: number, lineEnd: number): number {
    let at = skipSpace(text, start, lineEnd);
    if (at >= lineEnd || text[at] !== OPEN_OBJECT) return NO_OBJECT;
    this.#depth = 0;
    this.#enter(this.#root, -1, lineEnd);
    at++;
    for (;;) {
      const end = this.#ends[this.#depth]!;
      at = skipSpace(text, at, end);
      if (at >= end) return this.#isFirst ? MALFORMED : NO_ARRAY;
      if (!this.#isFirst && text[at] !== this.#closing) {
        if (text[at] !== COMMA) return NO_OBJECT;
        at = skipSpace(text, at + 1, end);
        if (at >= end) return NO_ARRAY;
      }
      if (text[at] === this.#closing) {
        if (this.#depth === 0) return DONE;
        at = this.#leave();
      } else {
        at = this.#member(text, at, end);
        if (at < 0) return at;
      }
    }
  }

  /** Reads a member and goes behind it, or into its value. */
  #member(text: Uint8Array, start: number, end: number): number {
    let at = start;
    this.#isFirst = false;
    if (this.#closing === CLOSE_OBJECT) {
      at = this.#readKey(text, at, end);
      if (at < 0) return at;
    } else this.#key = this.#table.element(this.#elements[this.#depth]!++);
    const first = text[at]!;
    if (first === QUOTE) return this.#string(text, at + 1, end);
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) return this.#block(text, at, end);
    return this.#token(text, at, end);
  }

  /** Goes to the value of the key that begins here. */
  #readKey(text: Uint8Array, quote: number, end: number): number {
    if (text[quote] !== QUOTE) return NO_OBJECT;
    const start = quote + 1;
    let key = this.#table.guess(text, start, end, QUOTE);
    if (key === undefined) {
      const closing = stringEnd(text, start, end);
      if (closing === NO_END) return MALFORMED;
      key = this.#table.find(text, start, closing < 0 ? ~closing : closing);
    }
    if (key.broken) return BAD_ESCAPE;
    this.#key = key;
    let at = skipSpace(text, start + key.bytes.length + 1, end);
    if (at >= end || text[at] !== COLON) return MALFORMED;
    at = skipSpace(text, at + 1, end);
    return at < end ? at : MALFORMED;
  }

  #string(text: Uint8Array, start: number, end: number): number {
    const closing = stringEnd(text, start, end);
    if (closing === NO_END) return NO_STRING;
    const valueEnd = closing < 0 ? ~closing : closing;
    if (!this.#key.wanted) return valueEnd + 1;
    return this.#extract(closing < 0 ? JSON_ESCAPED : CLEAN, start, valueEnd, valueEnd + 1);
  }

  #token(text: Uint8Array, start: number, end: number): number {
    const valueEnd = tokenEnd(text, start, end);
    const kind = tokenKind(text, start, valueEnd);
    if (kind === TOKEN_UNKNOWN) return UNKNOWN;
    if (kind !== TOKEN_VALUE || !this.#key.wanted) return valueEnd;
    return this.#extract(CLEAN, start, valueEnd, valueEnd);
  }

  #extract(form: Form, start: number, end: number, past: number): number {
    if (!this.#labels.extract(this.#key.id, form, start, end)) return DROPPED;
    return this.#labels.complete ? DONE : past;
  }

  /** An object or an array: is passed over, or entered. */
  #block(text: Uint8Array, start: number, end: number): number {
    const isArray = text[start] === OPEN_ARRAY;
    const past = blockEnd(text, start, end);
    if (past < 0) return isArray ? NO_ARRAY : NO_OBJECT;
    const inner = isArray && !this.#arrays ? undefined : this.#key.inner;
    if (inner === undefined) return past;
    this.#outer[this.#depth++] = this.#table;
    this.#enter(inner, isArray ? 0 : -1, past);
    return start + 1;
  }

  #enter(table: KeyTable, element: number, end: number): void {
    this.#table = table;
    table.restart();
    this.#elements[this.#depth] = element;
    this.#ends[this.#depth] = end;
    this.#closing = element < 0 ? CLOSE_OBJECT : CLOSE_ARRAY;
    this.#isFirst = true;
  }

  #leave(): number {
    const past = this.#ends[this.#depth]!;
    this.#table = this.#outer[--this.#depth]!;
    this.#closing = this.#elements[this.#depth]! < 0 ? CLOSE_OBJECT : CLOSE_ARRAY;
    this.#isFirst = false;
    return past;
  }

  #newTable(prefix: string, depth: number): KeyTable {
    return new KeyTable((bytes) => this.#newKey(prefix, bytes, depth), this.#budget);
  }

  #newKey(prefix: string, bytes: Uint8Array, depth: number): Key {
    const text = keyText(bytes);
    const name = joinNames(prefix, text ?? "");
    const isField = name !== "" && wantsName(this.#hints, name);
    const isOpen = depth < DEPTH_MAX - 1 && wantsInside(this.#hints, name);
    return {
      bytes,
      id: isField ? this.#names.id(name) : -1,
      wanted: isField,
      broken: text === undefined,
      inner: isOpen ? this.#newTable(name, depth + 1) : undefined,
    };
  }
}

/** The key without its escapes, undefined when one of them is none. */
function keyText(bytes: Uint8Array): string | undefined {
  return unescapeText(bytes, 0, bytes.length);
}
