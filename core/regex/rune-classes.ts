/**
 * Divides all runes into classes that a pattern cannot tell apart: for `[a-z]+\d` there are three.
 * An automaton then has one column a class and not one a rune.
 */
import { regexError } from "./parse-error.ts";
import { hasRune, MAX_RUNE, type Ranges } from "./ranges.ts";

/** A rune at which a set begins, or just past which it ended. */
interface Edge {
  readonly rune: number;
  readonly set: number;
}

/** Bits of "this set holds this class" over all sets: 1 MiB. */
const CELLS_MAX = 8 * 1024 * 1024;

export class RuneClasses {
  readonly count: number;
  /** Classes of the runes below 128. */
  readonly ascii = new Uint16Array(128);
  /** First rune of each interval, ascending from 0, and the interval's class. */
  readonly #starts: Int32Array;
  readonly #classes: Uint16Array;
  readonly #samples: number[] = [];

  /** `pattern` is what an error shows. */
  constructor(sets: readonly Ranges[], pattern: string) {
    const edges = edgesOf(sets);
    const ids = new MembershipIds();
    const starts: number[] = [];
    const classes: number[] = [];
    const classOf = new Map<number, number>();
    let membership = 0;
    for (let index = 0, rune = 0; rune <= MAX_RUNE; ) {
      while (index < edges.length && edges[index]!.rune === rune) {
        membership = ids.toggle(membership, edges[index++]!.set);
      }
      let id = classOf.get(membership);
      if (id === undefined) {
        id = classOf.size;
        classOf.set(membership, id);
        this.#samples.push(rune);
      }
      starts.push(rune);
      classes.push(id);
      rune = edges[index]?.rune ?? MAX_RUNE + 1;
    }
    this.count = classOf.size;
    if (this.count * sets.length > CELLS_MAX || this.count >= 0xffff) {
      throw regexError("expression too large", pattern);
    }
    this.#starts = Int32Array.from(starts);
    this.#classes = Uint16Array.from(classes);
    for (let rune = 0; rune < 128; rune++) this.ascii[rune] = this.of(rune);
  }

  /** The class of a rune. */
  of(rune: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= rune) low = middle;
      else high = middle - 1;
    }
    return this.#classes[low]!;
  }

  /** A rune of the class: what holds for it holds for all of the class. */
  sample(id: number): number {
    return this.#samples[id]!;
  }

  /** One bit a class: whether the ranges hold it. They must be among the sets of the constructor. */
  bitsOf(ranges: Ranges): Uint32Array {
    const bits = new Uint32Array((this.count >> 5) + 1);
    for (let id = 0; id < this.count; id++) {
      if (hasRune(ranges, this.#samples[id]!)) bits[id >> 5]! |= 1 << (id & 31);
    }
    return bits;
  }
}

function edgesOf(sets: readonly Ranges[]): Edge[] {
  const edges: Edge[] = [];
  sets.forEach((ranges, set) => {
    for (let index = 0; index < ranges.length; index += 2) {
      edges.push({ rune: ranges[index]!, set });
      if (ranges[index + 1]! < MAX_RUNE) edges.push({ rune: ranges[index + 1]! + 1, set });
    }
  });
  return edges.sort((a, b) => a.rune - b.rune);
}

/** Gives each combination of sets a number; 0 is the empty one. A combination is a path of ascending sets. */
class MembershipIds {
  readonly #children = new Map<string, number>();
  readonly #parents = [0];
  readonly #sets = [-1];

  /** The combination with the set added, or taken away when it was in. */
  toggle(id: number, set: number): number {
    const above: number[] = [];
    let base = id;
    while (this.#sets[base]! > set) {
      above.push(this.#sets[base]!);
      base = this.#parents[base]!;
    }
    base = this.#sets[base] === set ? this.#parents[base]! : this.#child(base, set);
    for (const each of above.reverse()) base = this.#child(base, each);
    return base;
  }

  #child(parent: number, set: number): number {
    const key = `${parent}:${set}`;
    let id = this.#children.get(key);
    if (id === undefined) {
      id = this.#sets.length;
      this.#children.set(key, id);
      this.#parents.push(parent);
      this.#sets.push(set);
    }
    return id;
  }
}
