/**
 * `| json a="b.c[0]"`: one lenient pass that enters only what a path leads through (spec logql §8.2).
 * What stands elsewhere may be as broken as it likes.
 */
import type { Extraction } from "../syntax/ast.ts";
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
  TOKEN_NULL,
  TOKEN_UNKNOWN,
  tokenEnd,
  tokenKind,
} from "./json-scan.ts";
import { unescapeText } from "./json-text.ts";
import type { LabelBuilder } from "./label-builder.ts";
import type { Names } from "./names.ts";
import { type PathStep, parseJsonPath } from "./paths.ts";
import type { Row, RowStage } from "./row.ts";
import { cleanText, decodeClean } from "./text.ts";

/** A place that a path leads to or through. */
interface Place {
  readonly fields: Map<string, Place>;
  readonly elements: Map<number, Place>;
  /** The extractions whose value is here. */
  readonly targets: number[];
}

export class JsonExpressionStage implements RowStage {
  readonly labelsOnly = false;
  /** By extraction, the number of its label's name. */
  readonly #ids: readonly number[];
  readonly #root: Place = newPlace();
  /** By extraction, the value that was found in the line at hand. */
  readonly #values: (string | undefined)[];
  #left = 0;
  #labels!: LabelBuilder;
  #text: Uint8Array = new Uint8Array(0);
  #end = 0;

  constructor(extractions: readonly Extraction[], names: Names) {
    this.#ids = extractions.map(({ name }) => names.id(name));
    this.#values = extractions.map(() => undefined);
    for (const [target, { path }] of extractions.entries()) {
      placeOf(this.#root, parseJsonPath(path)).targets.push(target);
    }
  }

  run(row: Row): boolean {
    row.load();
    const { text, start, end, labels } = row;
    if (start === end) return true;
    const first = text[start];
    if (first !== QUOTE && first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
      labels.fail(JSON_ERROR, "");
      return true;
    }
    this.#values.fill(undefined);
    this.#left = this.#values.length;
    this.#labels = labels;
    this.#text = text;
    this.#end = end;
    if (first === OPEN_OBJECT) this.#object(this.#root, start + 1);
    else if (first === OPEN_ARRAY) this.#array(this.#root, start + 1);
    this.#setLabels(labels);
    return true;
  }

  #setLabels(labels: LabelBuilder): void {
    for (const [target, id] of this.#ids.entries()) {
      const value = this.#values[target];
      if (value !== undefined) labels.set(labels.target(id), value);
      else if (labels.get(id) === undefined) labels.set(id, "");
    }
  }

  /** Walks an object from behind its brace. Offset past it. */
  #object(place: Place, start: number): number {
    const text = this.#text;
    const end = this.#end;
    let at = start;
    while (at < end && this.#left > 0) {
      const byte = text[at]!;
      if (byte === CLOSE_OBJECT) return at + 1;
      if (byte !== QUOTE) {
        at = byte === OPEN_OBJECT || byte === OPEN_ARRAY ? this.#pass(at) : at + 1;
        continue;
      }
      const closing = stringEnd(text, at + 1, end);
      if (closing === NO_END) return end;
      const keyEnd = closing < 0 ? ~closing : closing;
      const key = place.fields.size === 0 ? undefined : unescapeText(text, at + 1, keyEnd);
      at = skipSpace(text, keyEnd + 1, end);
      if (at >= end || text[at] !== COLON) continue;
      at = skipSpace(text, at + 1, end);
      const inner = key === undefined ? undefined : place.fields.get(key);
      at = inner === undefined ? this.#pass(at) : this.#value(inner, at);
    }
    return at;
  }

  /** Walks an array from behind its bracket. Offset past it. */
  #array(place: Place, start: number): number {
    const text = this.#text;
    const end = this.#end;
    let at = skipSpace(text, start, end);
    for (let index = 0; at < end && this.#left > 0; index++) {
      if (text[at] === CLOSE_ARRAY) return at + 1;
      const inner = place.elements.get(index);
      const next = inner === undefined ? this.#pass(at) : this.#value(inner, at);
      at = skipSpace(text, next === at ? tokenEnd(text, at, end) : next, end);
      if (text[at] === CLOSE_ARRAY) return at + 1;
      if (text[at] !== COMMA) return end;
      at = skipSpace(text, at + 1, end);
    }
    return at;
  }

  /** Reads the value at `at`. Offset past it, or `at` where there is none that can be passed. */
  #value(place: Place, at: number): number {
    if (at >= this.#end) return at;
    if (place.targets.some((target) => this.#values[target] === undefined)) {
      this.#take(place.targets, at);
    }
    const first = this.#text[at];
    if (first === OPEN_OBJECT && place.fields.size > 0) return this.#object(place, at + 1);
    if (first === OPEN_ARRAY && place.elements.size > 0) return this.#array(place, at + 1);
    return this.#pass(at);
  }

  /** Offset past a string or a block; `at` for any other value, which whoever walks on will pass. */
  #pass(at: number): number {
    if (at >= this.#end) return at;
    const first = this.#text[at];
    if (first === QUOTE) {
      const closing = stringEnd(this.#text, at + 1, this.#end);
      if (closing === NO_END) return this.#end;
      return (closing < 0 ? ~closing : closing) + 1;
    }
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return at;
    const past = blockEnd(this.#text, at, this.#end);
    return past < 0 ? this.#end : past;
  }

  #take(targets: readonly number[], at: number): void {
    const value = this.#read(at);
    for (const target of targets) {
      if (this.#values[target] !== undefined) continue;
      // A value that cannot be read counts as found: later ones of its path are not looked at.
      this.#values[target] = value;
      this.#left--;
    }
  }

  /** The value as a label has it. When it cannot be read it is empty, and the row has the error. */
  #read(at: number): string {
    const text = this.#text;
    const end = this.#end;
    const first = text[at];
    if (first === QUOTE) {
      const closing = stringEnd(text, at + 1, end);
      if (closing === NO_END) return this.#fail(JSON_DETAILS.string);
      if (closing >= 0) return decodeClean(text, at + 1, closing);
      return cleanText(unescapeText(text, at + 1, ~closing) ?? "");
    }
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      const past = blockEnd(text, at, end);
      const isObject = first === OPEN_OBJECT;
      if (past < 0) return this.#fail(isObject ? JSON_DETAILS.object : JSON_DETAILS.array);
      return isObject ? decodeClean(text, at, past) : cleanText(unescapeText(text, at, past) ?? "");
    }
    const past = tokenEnd(text, at, end);
    const kind = tokenKind(text, at, past);
    if (kind === TOKEN_UNKNOWN) return this.#fail(JSON_DETAILS.unknown);
    return kind === TOKEN_NULL ? "" : decodeClean(text, at, past);
  }

  #fail(details: string): string {
    this.#labels.fail(JSON_ERROR, details);
    return "";
  }
}

function newPlace(): Place {
  return { fields: new Map(), elements: new Map(), targets: [] };
}

function placeOf(root: Place, path: readonly PathStep[]): Place {
  let place = root;
  for (const step of path) {
    const known = typeof step === "number" ? place.elements.get(step) : place.fields.get(step);
    const next = known ?? newPlace();
    if (typeof step === "number") place.elements.set(step, next);
    else place.fields.set(step, next);
    place = next;
  }
  return place;
}
