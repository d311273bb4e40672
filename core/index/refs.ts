/** Sets of series as ascending lists of references: what postings are, and what matchers make of them. */

export type Refs = Uint32Array;

export const NO_REFS: Refs = new Uint32Array(0);

/** When one list is so many times longer than the other, it is searched instead of walked. */
const SEARCH_FROM = 16;

export function intersect(a: Refs, b: Refs): Refs {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const both = new Uint32Array(short.length);
  let count = 0;
  eachKnown(short, long, (reference, known) => {
    if (known) both[count++] = reference;
  });
  return both.subarray(0, count);
}

/** The references of `from` that are not in `without`. */
export function subtract(from: Refs, without: Refs): Refs {
  if (without.length === 0) return from;
  const rest = new Uint32Array(from.length);
  let count = 0;
  eachKnown(from, without, (reference, known) => {
    if (!known) rest[count++] = reference;
  });
  return rest.subarray(0, count);
}

export function unite(lists: readonly Refs[]): Refs {
  if (lists.length <= 1) return lists[0] ?? NO_REFS;
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  let count = 0;
  for (let index = 0; index < all.length; index++) {
    if (index === 0 || all[index] !== all[index - 1]) all[count++] = all[index]!;
  }
  return all.subarray(0, count);
}

/** Index of the first reference that is at least `wanted`, looking from `low` on. */
export function lowerBound(refs: Refs, wanted: number, low = 0): number {
  let high = refs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (refs[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function eachKnown(refs: Refs, among: Refs, visit: (reference: number, known: boolean) => void) {
  const search = among.length > SEARCH_FROM * refs.length;
  let at = 0;
  for (let index = 0; index < refs.length; index++) {
    const reference = refs[index]!;
    if (search) at = lowerBound(among, reference, at);
    else while (at < among.length && among[at]! < reference) at++;
    visit(reference, among[at] === reference);
  }
}

/** Which references are in a set, a bit each: asked once for every series of every value of a name. */
export class RefSet {
  readonly #bits: Uint8Array;
  readonly #size: number;

  constructor(refs: Refs) {
    this.#size = (refs.at(-1) ?? -1) + 1;
    this.#bits = new Uint8Array((this.#size + 7) >>> 3);
    for (const reference of refs) this.#bits[reference >>> 3]! |= 1 << (reference & 7);
  }

  meets(refs: Refs): boolean {
    for (let index = 0; index < refs.length; index++) {
      const reference = refs[index]!;
      if (reference < this.#size && (this.#bits[reference >>> 3]! & (1 << (reference & 7))) !== 0)
        return true;
    }
    return false;
  }
}
