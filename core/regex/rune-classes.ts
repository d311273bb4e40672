/**
 * Divides all runes into classes that a pattern cannot tell apart: for `[a-z]+\d` there are three.
 * An automaton then has one column a class and not one a rune.
 */
import { regexError } from "./parse-error.ts";
import { MAX_RUNE, type Ranges } from "./ranges.ts";

/** Stretches of runes in all sets together: what dividing costs. */
const COVERAGE_MAX = 4 * 1024 * 1024;

/** Bits of "this set holds this class" over all sets: 2 MiB. */
const BITS_MAX = 16 * 1024 * 1024;

export class RuneClasses {
  readonly count: number;
  /** Classes of the runes below 128. */
  readonly ascii = new Uint16Array(128);
  /** First rune of each stretch, ascending from 0, and the stretch's class. */
  readonly #starts: Int32Array;
  readonly #classes: Uint16Array;
  /** A rune of each class. */
  readonly #samples: number[] = [];

  /** `pattern` is what an error shows. */
  constructor(sets: readonly Ranges[], pattern: string) {
    const starts = startsOf(sets);
    const classes = divide(sets, starts, pattern);
    const dense = new Map<number, number>();
    this.#starts = starts;
    this.#classes = new Uint16Array(starts.length);
    for (let stretch = 0; stretch < starts.length; stretch++) {
      let id = dense.get(classes[stretch]!);
      if (id === undefined) {
        id = this.#samples.push(starts[stretch]!) - 1;
        dense.set(classes[stretch]!, id);
      }
      this.#classes[stretch] = id;
    }
    this.count = this.#samples.length;
    if (this.count >= 0xffff) throw regexError("expression too large", pattern);
    for (let rune = 0; rune < 128; rune++) this.ascii[rune] = this.of(rune);
  }

  /** The class of a rune. */
  of(rune: number): number {
    return this.#classes[stretchOf(this.#starts, rune)]!;
  }

  /** A rune of the class: what holds for it holds for all of the class. */
  sample(id: number): number {
    return this.#samples[id]!;
  }

  /** Tests of each of the sets, which are those of the constructor: whether it holds a class. */
  acceptsOf(sets: readonly Ranges[], pattern: string): ClassSet[] {
    let bits = 0;
    return sets.map((ranges) => {
      const ids = new Set<number>();
      for (let index = 0; index < ranges.length; index += 2) {
        const last = stretchOf(this.#starts, ranges[index + 1]!);
        for (let at = stretchOf(this.#starts, ranges[index]!); at <= last; at++) {
          ids.add(this.#classes[at]!);
        }
      }
      if (ids.size > 1) bits += this.count;
      if (bits > BITS_MAX) throw regexError("expression too large", pattern);
      return new ClassSet(ids, this.count);
    });
  }
}

/** Classes that belong together. Most are a single one. */
export class ClassSet {
  readonly #only: number;
  readonly #bits: Uint32Array | undefined;

  constructor(ids: ReadonlySet<number>, count: number) {
    const [first = -1] = ids;
    this.#only = first;
    this.#bits = ids.size > 1 ? new Uint32Array((count >> 5) + 1) : undefined;
    for (const id of this.#bits === undefined ? [] : ids) this.#bits![id >> 5]! |= 1 << (id & 31);
  }

  has(id: number): boolean {
    const bits = this.#bits;
    return bits === undefined ? id === this.#only : ((bits[id >> 5]! >>> (id & 31)) & 1) === 1;
  }
}

/** Where any set begins or has just ended. */
function startsOf(sets: readonly Ranges[]): Int32Array {
  const starts = new Set([0]);
  for (const ranges of sets) {
    for (let index = 0; index < ranges.length; index += 2) {
      starts.add(ranges[index]!);
      if (ranges[index + 1]! < MAX_RUNE) starts.add(ranges[index + 1]! + 1);
    }
  }
  return Int32Array.from(starts).sort();
}

/** Gives stretches the same number when they are in the same sets: set by set, what is in it is parted from what is not. */
function divide(sets: readonly Ranges[], starts: Int32Array, pattern: string): Int32Array {
  const classes = new Int32Array(starts.length);
  let count = 1;
  let coverage = 0;
  for (const ranges of sets) {
    /** The new number of what was in a class and is in this set. */
    const parted = new Map<number, number>();
    for (let index = 0; index < ranges.length; index += 2) {
      const first = stretchOf(starts, ranges[index]!);
      const last = stretchOf(starts, ranges[index + 1]!);
      coverage += last - first + 1;
      if (coverage > COVERAGE_MAX) throw regexError("expression too large", pattern);
      for (let at = first; at <= last; at++) {
        let id = parted.get(classes[at]!);
        if (id === undefined) {
          id = count++;
          parted.set(classes[at]!, id);
        }
        classes[at] = id;
      }
    }
  }
  return classes;
}

/** The stretch that a rune is in. */
function stretchOf(starts: Int32Array, rune: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= rune) low = middle;
    else high = middle - 1;
  }
  return low;
}
