/**
 * Conditions on the bytes of a line, each able to look at one line or at a whole block. A block is
 * searched once from its first wanted line to its last, and hits are mapped to lines.
 */
import type { Block } from "../../model/block.ts";
import type { ByteSearch } from "../../ports/byte-search.ts";
import { findBytes, findFolded } from "./bytes-find.ts";
import type { BlockTest } from "./selection.ts";
import { decodeText, encodeText } from "./text.ts";

export interface LineTest extends BlockTest {
  test(text: Uint8Array, start: number, end: number): boolean;
}

/** Asks line by line: for tests that know no better, and for rows too few to search all between them. */
export function markEach(test: LineTest, block: Block, rows: Uint32Array, marks: Uint8Array): void {
  const { text, starts, ends } = block;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    if (marks[index] === 0 && test.test(text, starts[row]!, ends[row]!)) marks[index] = 1;
  }
}

/** A search of the whole block passes over other rows some sixteen times as fast as line by line. */
const SPARSE = 16;

/** The line has these bytes somewhere. */
export class ContainsTest implements LineTest {
  readonly #search: ByteSearch;
  readonly #needle: Uint8Array;

  constructor(search: ByteSearch, needle: Uint8Array) {
    this.#search = search;
    this.#needle = needle;
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    return findBytes(text, this.#needle, start, end) >= 0;
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    if (rows.length === 0) return;
    const span = rows[rows.length - 1]! - rows[0]!;
    if (block.scattered || rows.length * SPARSE < span) {
      markEach(this, block, rows, marks);
      return;
    }
    this.#markHits(block, rows, marks);
  }

  #markHits({ text, starts, ends }: Block, rows: Uint32Array, marks: Uint8Array): void {
    const limit = ends[rows[rows.length - 1]!]!;
    const area = limit < text.length ? text.subarray(0, limit) : text;
    const size = this.#needle.length;
    let index = 0;
    let at = starts[rows[0]!]!;
    for (;;) {
      const hit = this.#search.indexOf(area, this.#needle, at);
      if (hit < 0) return;
      while (index < rows.length && ends[rows[index]!]! < hit + size) index++;
      if (index === rows.length) return;
      const row = rows[index]!;
      if (hit < starts[row]!) {
        at = starts[row]!;
        continue;
      }
      marks[index++] = 1;
      if (index === rows.length) return;
      at = starts[rows[index]!]!;
    }
  }
}

/** The same without regard to the case of ASCII letters. */
export class FoldedTest implements LineTest {
  readonly #needle: Uint8Array;

  /** The needle is ASCII. */
  constructor(needle: string) {
    this.#needle = encodeText(needle.toLowerCase());
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    return findFolded(text, this.#needle, start, end) >= 0;
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    markEach(this, block, rows, marks);
  }
}

/** The same for any text: runes are compared in lower case, one by one. */
export class FoldedTextTest implements LineTest {
  readonly #needle: string;

  constructor(needle: string) {
    this.#needle = lowerRunes(needle);
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    return lowerRunes(decodeText(text, start, end)).includes(this.#needle);
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    markEach(this, block, rows, marks);
  }
}

/** Lower case rune by rune: no rune becomes two, and none looks at its neighbours. */
export function lowerRunes(text: string): string {
  let out = "";
  for (const rune of text) {
    const lower = rune.toLowerCase();
    out += [...lower].length === 1 ? lower : rune;
  }
  return out;
}

export class AlwaysTest implements LineTest {
  test(): boolean {
    return true;
  }

  mark(_block: Block, _rows: Uint32Array, marks: Uint8Array): void {
    marks.fill(1);
  }
}

export class NonEmptyTest implements LineTest {
  test(_text: Uint8Array, start: number, end: number): boolean {
    return end > start;
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    markEach(this, block, rows, marks);
  }
}

/** At least one holds. */
export class AnyTest implements LineTest {
  readonly #tests: readonly LineTest[];

  constructor(tests: readonly LineTest[]) {
    this.#tests = tests;
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    return this.#tests.some((test) => test.test(text, start, end));
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    for (const test of this.#tests) test.mark(block, rows, marks);
  }
}

/** A test of bytes without a way to look at blocks; `required` is a text that every such line has. */
export class BytesTest implements LineTest {
  readonly #testBytes: (text: Uint8Array, start: number, end: number) => boolean;
  readonly #required: LineTest | undefined;

  constructor(
    testBytes: (text: Uint8Array, start: number, end: number) => boolean,
    required?: LineTest,
  ) {
    this.#testBytes = testBytes;
    this.#required = required;
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    if (this.#required !== undefined && !this.#required.test(text, start, end)) return false;
    return this.#testBytes(text, start, end);
  }

  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void {
    const { text, starts, ends } = block;
    const candidates = this.#candidates(block, rows);
    for (let index = 0; index < rows.length; index++) {
      if (marks[index] === 1 || candidates?.[index] === 0) continue;
      const row = rows[index]!;
      if (this.#testBytes(text, starts[row]!, ends[row]!)) marks[index] = 1;
    }
  }

  #candidates(block: Block, rows: Uint32Array): Uint8Array | undefined {
    if (this.#required === undefined) return undefined;
    const marks = new Uint8Array(rows.length);
    this.#required.mark(block, rows, marks);
    return marks;
  }
}
