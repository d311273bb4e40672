/**
 * Which value each known stream has of one label, as a number: a sum by pod is then an addition at a place in a list,
 * where a look at a hundred thousand texts would be most of the answer. Filled as streams come by.
 */
import type { Labels } from "../model/labels.ts";

const GROWTH = 1.5;

export class KnownValues {
  readonly #name: string;
  /** By stream: its value's place in `sets` and two more; 0 for a stream not seen yet, 1 for one without a value. */
  #ofStream = new Uint32Array(0);
  readonly #numbers = new Map<string, number>();
  readonly #sets: Labels[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Each value as a label set of its own, by its number. */
  get sets(): readonly Labels[] {
    return this.#sets;
  }

  /** From now on streams have numbers below `count`. */
  prepare(count: number): void {
    if (count <= this.#ofStream.length) return;
    const longer = new Uint32Array(Math.ceil(GROWTH * count));
    longer.set(this.#ofStream);
    this.#ofStream = longer;
  }

  /** The number of the value that a stream has, -1 when it has none. */
  numberOf(stream: number, labels: Labels): number {
    let number = this.#ofStream[stream]!;
    if (number === 0) this.#ofStream[stream] = number = this.find(labels) + 2;
    return number - 2;
  }

  /** The same for a stream that is not known. */
  find(labels: Labels): number {
    const label = labels.find(([name]) => name === this.#name);
    if (label === undefined) return -1;
    let number = this.#numbers.get(label[1]);
    if (number === undefined) {
      this.#numbers.set(label[1], (number = this.#sets.push([label]) - 1));
    }
    return number;
  }
}
