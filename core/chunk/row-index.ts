/**
 * Finds rows that may be equal to a new one: a hash table from time and line to rows of a head. A head
 * makes one only once lines come late or many share a time; until then the last rows tell enough.
 */
import { compareTimes } from "../bytes/lanes.ts";

/** What the index looks at: the live columns of a head. */
export interface IndexedRows {
  readonly lanes: Uint32Array;
  readonly text: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

const SLOTS_MIN = 1024;

/** Logarithm of the bytes of a line that its hash is made of. */
const SAMPLE_BITS = 5;

export class RowIndex {
  /** Row + 1 by hash; 0 is free. Collisions go to the next slot. */
  #slots = new Int32Array(SLOTS_MIN);
  #count = 0;

  add(rows: IndexedRows, row: number): void {
    if (2 * (this.#count + 1) > this.#slots.length) this.#grow(rows);
    let slot = this.#hash(rows, row);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
    this.#slots[slot] = row + 1;
    this.#count++;
  }

  /** Whether a row that was added has the time and line of `row`, which was not, and passes `same`. */
  has(rows: IndexedRows, row: number, same: (other: number) => boolean): boolean {
    let slot = this.#hash(rows, row);
    for (;;) {
      const other = this.#slots[slot]! - 1;
      if (other < 0) return false;
      if (sameEntry(rows, row, other) && same(other)) return true;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
  }

  #grow(rows: IndexedRows): void {
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length);
    this.#count = 0;
    for (const value of before) if (value !== 0) this.add(rows, value - 1);
  }

  #hash({ lanes, text, starts, ends }: IndexedRows, row: number): number {
    let hash = Math.imul(lanes[2 * row]!, 0x9e3779b1) ^ Math.imul(lanes[2 * row + 1]!, 0x85ebca77);
    const end = ends[row]!;
    const size = end - starts[row]!;
    // Some bytes of a long line do: that the line is the same is seen by comparing.
    const step = 1 + (size >>> SAMPLE_BITS);
    hash ^= size;
    for (let at = starts[row]!; at < end; at += step) {
      hash = Math.imul(hash ^ text[at]!, 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
    return (hash ^ (hash >>> 13)) & (this.#slots.length - 1);
  }
}

/** Whether two rows have the same time and the same bytes. */
export function sameEntry(rows: IndexedRows, a: number, b: number): boolean {
  return compareTimes(rows.lanes, a, rows.lanes, b) === 0 && sameLine(rows, a, rows, b);
}

interface Lines {
  readonly text: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export function sameLine(left: Lines, a: number, right: Lines, b: number): boolean {
  const end = left.ends[a]!;
  let at = left.starts[a]!;
  let other = right.starts[b]!;
  if (end - at !== right.ends[b]! - other) return false;
  while (at < end) if (left.text[at++] !== right.text[other++]) return false;
  return true;
}
