/**
 * Numbers for the texts of many files. Tables of symbols are sorted, and those of one ingester are
 * nearly the same from file to file: so a table is held against the one before it, byte by byte, and
 * only texts that are new there are made and looked up.
 */
import type { ByteCursor } from "../bytes/cursor.ts";
import { fromUtf8 } from "../bytes/text.ts";
import type { IndexVersion } from "../index/layout.ts";
import { Corrupt } from "../model/errors.ts";

/** A file's symbols and their numbers. */
interface Table {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly numbers: Uint32Array;
}

/** Tells the number of a reference as the series of a file have it. */
export type NumberOf = (reference: number) => number;

export class SymbolNumbers {
  /** Texts by their numbers. */
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  #before: Table | undefined;

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      this.#numbers.set(text, number);
      this.texts.push(text);
    }
    return number;
  }

  /** Takes the payload of a symbol table. */
  read(cursor: ByteCursor, version: IndexVersion): NumberOf {
    const { table, lengthsAt } = readTable(cursor);
    this.#fill(table);
    this.#before = table;
    const { numbers } = table;
    const count = numbers.length;
    // In version 1 a symbol is known by where its length stands.
    const byOffset = version === 1 ? new Map(lengthsAt) : undefined;
    return (reference) => {
      const index = byOffset === undefined ? reference : (byOffset.get(reference) ?? count);
      if (index >= count) throw new Corrupt(`symbol ${reference} of ${count}`);
      return numbers[index]!;
    };
  }

  #fill(table: Table): void {
    const before = this.#before;
    let at = 0;
    for (let index = 0; index < table.numbers.length; index++) {
      let order = 1;
      while (before !== undefined && at < before.numbers.length) {
        order = compare(before, at, table, index);
        if (order >= 0) break;
        at++;
      }
      const isKnown = order === 0 && before !== undefined && at < before.numbers.length;
      table.numbers[index] = isKnown
        ? before.numbers[at]!
        : this.numberOf(fromUtf8(table.bytes.subarray(table.starts[index], table.ends[index])));
    }
  }
}

function readTable(cursor: ByteCursor): {
  table: Table;
  lengthsAt: Generator<[number, number]>;
} {
  const base = cursor.at;
  // A copy, for the table is held against the next one and the file is not.
  const bytes = cursor.bytes.slice(base, cursor.end);
  const count = cursor.u32();
  if (count > cursor.left) throw new Corrupt(`${count} symbols claimed in ${cursor.left} bytes`);
  const [starts, ends, lengths] = [0, 1, 2].map(() => new Uint32Array(count)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  for (let index = 0; index < count; index++) {
    lengths[index] = cursor.at;
    const size = cursor.uvarint();
    starts[index] = cursor.at - base;
    cursor.skip(size);
    ends[index] = cursor.at - base;
  }
  if (cursor.left > 0) throw new Corrupt(`${cursor.left} bytes after ${count} symbols at ${base}`);
  const table = { bytes, starts, ends, numbers: new Uint32Array(count) };
  return { table, lengthsAt: entriesOf(lengths) };
}

function* entriesOf(lengths: Uint32Array): Generator<[number, number]> {
  for (const [index, at] of lengths.entries()) yield [at, index];
}

function compare(a: Table, left: number, b: Table, right: number): number {
  let [at, other] = [a.starts[left]!, b.starts[right]!];
  const [end, otherEnd] = [a.ends[left]!, b.ends[right]!];
  for (; at < end && other < otherEnd; at++, other++) {
    const order = a.bytes[at]! - b.bytes[other]!;
    if (order !== 0) return order;
  }
  return end - at - (otherEnd - other);
}
