/**
 * Which series have a label value. The table names a list for each name and value, in byte order; the
 * lists stand elsewhere and are read when asked for. The first entry, of no name, lists every series.
 */
import type { ByteCursor } from "../bytes/cursor.ts";
import { utf8 } from "../bytes/text.ts";
import { Corrupt } from "../model/errors.ts";
import { POSTINGS_KEYS } from "./layout.ts";
import { NO_REFS, type Refs } from "./refs.ts";
import { readSection } from "./section.ts";
import { TextRegion } from "./texts.ts";

/** An entry takes a count of keys, two lengths and an offset. */
const ENTRY_BYTES_MIN = 4;

/** The entries of one label name: `first` up to, not including, `end`. */
interface NameEntries {
  readonly name: string;
  readonly first: number;
  end: number;
  /** Decoded when first wanted. */
  values?: readonly string[];
}

export class Postings {
  readonly #bytes: Uint8Array;
  readonly #texts: TextRegion;
  readonly #base: number;
  readonly #names = new Map<string, NameEntries>();
  /** Where the value of each entry lies, relative to `#base`, and where in the file its list does. */
  readonly #valueStarts: Uint32Array;
  readonly #valueEnds: Uint32Array;
  readonly #listsAt: Float64Array;

  /** Takes the payload of the postings offset table. */
  constructor(bytes: Uint8Array, table: ByteCursor) {
    this.#bytes = bytes;
    this.#base = table.at;
    this.#texts = new TextRegion(bytes, table.at, table.end);
    const count = table.u32();
    if (count * ENTRY_BYTES_MIN > table.left) {
      throw new Corrupt(`${count} postings claimed in ${table.left} bytes`);
    }
    this.#valueStarts = new Uint32Array(count);
    this.#valueEnds = new Uint32Array(count);
    this.#listsAt = new Float64Array(count);
    this.#readTable(table, count);
  }

  /** Label names in byte order. */
  names(): string[] {
    return [...this.#names.keys()].filter((name) => name !== "");
  }

  /** Values of a name in byte order; none when no series has it. */
  values(name: string): readonly string[] {
    const entries = this.#names.get(name);
    if (entries === undefined) return [];
    entries.values ??= Array.from({ length: entries.end - entries.first }, (_, index) =>
      this.#valueAt(entries.first + index),
    );
    return entries.values;
  }

  valueCount(name: string): number {
    const entries = this.#names.get(name);
    return entries === undefined ? 0 : entries.end - entries.first;
  }

  /** The series with this value of this name. */
  list(name: string, value: string): Refs {
    const entries = this.#names.get(name);
    if (entries === undefined) return NO_REFS;
    const wanted = utf8(value);
    let low = entries.first;
    let high = entries.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareValue(middle, wanted) < 0) low = middle + 1;
      else high = middle;
    }
    if (low === entries.end || this.#compareValue(low, wanted) !== 0) return NO_REFS;
    return this.#read(low);
  }

  /** The series with the value at this index of `values(name)`. */
  listAt(name: string, index: number): Refs {
    const entries = this.#names.get(name);
    return entries === undefined ? NO_REFS : this.#read(entries.first + index);
  }

  /** Every series of the file. */
  all(): Refs {
    return this.list("", "");
  }

  #readTable(table: ByteCursor, count: number): void {
    let nameStart = 0;
    let nameEnd = -1;
    let entries: NameEntries | undefined;
    for (let entry = 0; entry < count; entry++) {
      const keys = table.uvarint();
      if (keys !== POSTINGS_KEYS) throw new Corrupt(`entry ${entry} of postings has ${keys} keys`);
      const nameSize = table.uvarint();
      const start = table.at;
      table.skip(nameSize);
      if (
        entries === undefined ||
        !sameBytes(this.#bytes, nameStart, nameEnd, start, start + nameSize)
      ) {
        const name = this.#texts.text(start, start + nameSize);
        if (this.#names.has(name)) throw new Corrupt(`postings of ${name} stand in two places`);
        entries = { name, first: entry, end: entry };
        this.#names.set(name, entries);
        nameStart = start;
        nameEnd = start + nameSize;
      }
      entries.end++;
      const valueSize = table.uvarint();
      this.#valueStarts[entry] = table.at - this.#base;
      table.skip(valueSize);
      this.#valueEnds[entry] = table.at - this.#base;
      this.#listsAt[entry] = table.uvarint();
    }
    if (table.left > 0) throw new Corrupt(`${table.left} bytes after ${count} postings`);
  }

  #valueAt(entry: number): string {
    return this.#texts.text(
      this.#base + this.#valueStarts[entry]!,
      this.#base + this.#valueEnds[entry]!,
    );
  }

  #compareValue(entry: number, wanted: Uint8Array): number {
    const start = this.#base + this.#valueStarts[entry]!;
    const size = this.#valueEnds[entry]! - this.#valueStarts[entry]!;
    for (let index = 0; index < size && index < wanted.length; index++) {
      const order = this.#bytes[start + index]! - wanted[index]!;
      if (order !== 0) return order;
    }
    return size - wanted.length;
  }

  #read(entry: number): Refs {
    const payload = readSection(this.#bytes, this.#listsAt[entry]!, "postings list");
    const count = payload.u32();
    if (4 * count !== payload.left) {
      throw new Corrupt(`${count} series claimed in ${payload.left} bytes of postings`);
    }
    const refs = new Uint32Array(count);
    for (let index = 0; index < count; index++) refs[index] = payload.u32();
    return refs;
  }
}

function sameBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  while (start < end) if (bytes[start++] !== bytes[otherStart++]) return false;
  return true;
}
