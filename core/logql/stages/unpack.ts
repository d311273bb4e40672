/** `| unpack`: the line and labels that Promtail packed into a JSON object (spec logql §8.7). */
import type { Hints } from "./hints.ts";
import { wantsName } from "./hints.ts";
import {
  blockEnd,
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
  tokenEnd,
  tokenKind,
} from "./json-scan.ts";
import { unescapeText } from "./json-text.ts";
import { type Key, KeyTable, newKeyBudget } from "./keys.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";
import { sanitizeName } from "./sanitize.ts";
import { cleanText, decodeClean } from "./text.ts";

const ENTRY = "_entry";
const NO_OBJECT = "expecting json object(6), but it is not";

export class UnpackStage implements RowStage {
  readonly labelsOnly = false;
  readonly #hints: Hints;
  readonly #names: Names;
  readonly #entry: number;
  #keys: KeyTable;
  /** What the line at hand holds; labels only count when there is an entry. */
  #line: string | undefined;
  readonly #ids: number[] = [];
  readonly #values: string[] = [];

  constructor(hints: Hints, names: Names) {
    this.#hints = hints;
    this.#names = names;
    this.#entry = names.id(ENTRY);
    this.#keys = this.#table();
  }

  forget(): void {
    this.#keys = this.#table();
  }

  run(row: Row): boolean {
    row.load();
    const { text, start, end, labels } = row;
    if (start === end) return true;
    if (text[start] !== OPEN_OBJECT) {
      labels.fail(JSON_ERROR, NO_OBJECT);
      return true;
    }
    const error = this.#walk(text, start, end);
    if (error !== undefined) {
      labels.fail(JSON_ERROR, error);
      return true;
    }
    if (this.#line === undefined) return true;
    for (let index = 0; index < this.#ids.length; index++) {
      if (!labels.extractText(this.#ids[index]!, this.#values[index]!)) return false;
    }
    row.setLine(this.#line);
    return true;
  }

  /** Reads the object's strings. The text of an error, if there is one. */
  #walk(text: Uint8Array, start: number, end: number): string | undefined {
    this.#line = undefined;
    this.#ids.length = 0;
    this.#values.length = 0;
    this.#keys.restart();
    let at = skipSpace(text, start + 1, end);
    if (at >= end) return JSON_DETAILS.malformed;
    for (;;) {
      if (text[at] === CLOSE_OBJECT) return undefined;
      if (text[at] !== QUOTE) return JSON_DETAILS.object;
      const closing = stringEnd(text, at + 1, end);
      if (closing === NO_END) return JSON_DETAILS.malformed;
      const keyEnd = closing < 0 ? ~closing : closing;
      const key = this.#keys.find(text, at + 1, keyEnd);
      if (key.broken) return JSON_DETAILS.escape;
      at = skipSpace(text, keyEnd + 1, end);
      if (at >= end || text[at] !== COLON) return JSON_DETAILS.malformed;
      at = skipSpace(text, at + 1, end);
      if (at >= end) return JSON_DETAILS.malformed;

      const past = this.#value(key, text, at, end);
      if (typeof past === "string") return past;
      at = skipSpace(text, past, end);
      if (at >= end) return JSON_DETAILS.array;
      if (text[at] === CLOSE_OBJECT) return undefined;
      if (text[at] !== COMMA) return JSON_DETAILS.object;
      at = skipSpace(text, at + 1, end);
      if (at >= end) return JSON_DETAILS.array;
    }
  }

  /** Offset past the value, or the text of an error. */
  #value(key: Key, text: Uint8Array, at: number, end: number): number | string {
    const first = text[at];
    if (first === QUOTE) {
      const closing = stringEnd(text, at + 1, end);
      if (closing === NO_END) return JSON_DETAILS.string;
      if (key.wanted) this.#take(key.id, unpacked(text, at + 1, closing));
      return (closing < 0 ? ~closing : closing) + 1;
    }
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      const past = blockEnd(text, at, end);
      if (past >= 0) return past;
      return first === OPEN_OBJECT ? JSON_DETAILS.object : JSON_DETAILS.array;
    }
    const past = tokenEnd(text, at, end);
    return tokenKind(text, at, past) === TOKEN_UNKNOWN ? JSON_DETAILS.unknown : past;
  }

  #take(id: number, value: string): void {
    if (id === this.#entry) this.#line = value;
    else {
      this.#ids.push(id);
      this.#values.push(value);
    }
  }

  #table(): KeyTable {
    return new KeyTable((bytes) => this.#key(bytes), newKeyBudget());
  }

  #key(bytes: Uint8Array): Key {
    const text = unescapeText(bytes, 0, bytes.length);
    const name = text === ENTRY ? ENTRY : sanitizeName(text ?? "");
    const wanted = name !== "" && (text === ENTRY || wantsName(this.#hints, name));
    return {
      bytes,
      id: wanted ? this.#names.id(name) : -1,
      wanted,
      broken: text === undefined,
      inner: undefined,
    };
  }
}

function unpacked(text: Uint8Array, start: number, closing: number): string {
  if (closing >= 0) return decodeClean(text, start, closing);
  return cleanText(unescapeText(text, start, ~closing) ?? "");
}
