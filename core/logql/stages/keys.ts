/**
 * Keys met in lines, by their bytes. Making a label name of a key costs much more than finding it
 * again, and lines of one program have their keys in the same order: each key remembers its successor.
 */
import { matchesAt } from "./bytes-find.ts";
import { encodeText } from "./text.ts";

export interface Key {
  /** As it stands in the line. */
  readonly bytes: Uint8Array;
  /** The number of its label's name. */
  readonly id: number;
  /** Whether a label is to be made of it. */
  readonly wanted: boolean;
  /** The key cannot be read: a bad escape, no UTF-8. */
  readonly broken: boolean;
  /** The keys inside its value; undefined when nothing in there is wanted. */
  readonly inner: KeyTable | undefined;
}

interface Slot {
  readonly key: Key;
  readonly hash: number;
  next: Slot | undefined;
  /** What came after it last time. */
  successor: Slot | undefined;
}

/** Keys that one query remembers. Lines with ever new keys are read without memory. */
const KEYS_MAX = 16_384;

/** Shared by all tables of a query. */
export interface KeyBudget {
  left: number;
}

export function newKeyBudget(): KeyBudget {
  return { left: KEYS_MAX };
}

export class KeyTable {
  readonly #make: (bytes: Uint8Array) => Key;
  readonly #budget: KeyBudget;
  #buckets: (Slot | undefined)[] = new Array<Slot | undefined>(16).fill(undefined);
  #count = 0;
  /** What comes first. */
  #first: Slot | undefined;
  #last: Slot | undefined;

  constructor(make: (bytes: Uint8Array) => Key, budget: KeyBudget) {
    this.#make = make;
    this.#budget = budget;
  }

  /** To be called before the first key of a line or an object. */
  restart(): void {
    this.#last = undefined;
  }

  /**
   * The key that came next the last time, when it stands at `start` and `mark` right behind it, before
   * `end`. Most keys are found so, without a look for where they end.
   */
  guess(text: Uint8Array, start: number, end: number, mark: number): Key | undefined {
    const guess = this.#last === undefined ? this.#first : this.#last.successor;
    if (guess === undefined) return undefined;
    const { bytes } = guess.key;
    if (start + bytes.length >= end || text[start + bytes.length] !== mark) return undefined;
    for (let index = 0; index < bytes.length; index++) {
      if (text[start + index] !== bytes[index]) return undefined;
    }
    this.#last = guess;
    return guess.key;
  }

  /** The key in these bytes. */
  find(text: Uint8Array, start: number, end: number): Key {
    const guess = this.#last === undefined ? this.#first : this.#last.successor;
    if (guess !== undefined && isKey(guess.key, text, start, end)) {
      this.#last = guess;
      return guess.key;
    }
    const hash = hashBytes(text, start, end);
    const slot = this.#find(hash, text, start, end) ?? this.#add(hash, text, start, end);
    if (this.#last === undefined) this.#first = slot;
    else this.#last.successor = slot;
    this.#last = slot;
    return slot.key;
  }

  /** The key of an element of an array. */
  element(index: number): Key {
    const digits = encodeText(String(index));
    return this.find(digits, 0, digits.length);
  }

  #find(hash: number, text: Uint8Array, start: number, end: number): Slot | undefined {
    let slot = this.#buckets[hash & (this.#buckets.length - 1)];
    while (slot !== undefined && !(slot.hash === hash && isKey(slot.key, text, start, end))) {
      slot = slot.next;
    }
    return slot;
  }

  #add(hash: number, text: Uint8Array, start: number, end: number): Slot {
    const key = this.#make(text.slice(start, end));
    const slot: Slot = { key, hash, next: undefined, successor: undefined };
    if (this.#budget.left <= 0) return slot;
    this.#budget.left--;
    if (this.#count >= 2 * this.#buckets.length) this.#grow();
    this.#link(slot);
    this.#count++;
    return slot;
  }

  #link(slot: Slot): void {
    const bucket = slot.hash & (this.#buckets.length - 1);
    slot.next = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<Slot | undefined>(4 * old.length).fill(undefined);
    for (const chain of old) {
      for (let slot = chain; slot !== undefined; ) {
        const { next } = slot;
        this.#link(slot);
        slot = next;
      }
    }
  }
}

function isKey(key: Key, text: Uint8Array, start: number, end: number): boolean {
  return key.bytes.length === end - start && matchesAt(text, key.bytes, start);
}

function hashBytes(text: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
