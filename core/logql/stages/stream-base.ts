/** The labels of a stream, found by the numbers of their names. */
import type { Labels } from "../../model/labels.ts";
import type { Names } from "./names.ts";
import { hashText } from "./text.ts";

export class StreamBase {
  readonly labels: Labels;
  readonly #names: Names;
  readonly #byName: ReadonlyMap<string, string>;
  /** By number of name; grows as names become known. */
  readonly #values: (string | undefined)[] = [];
  readonly #hashes: Int32Array;
  #generation: number;

  constructor(labels: Labels, names: Names) {
    this.labels = labels;
    this.#names = names;
    this.#byName = new Map(labels);
    this.#hashes = Int32Array.from(labels, ([, value]) => hashText(value));
    this.#generation = names.generation;
    for (const [name] of labels) names.id(name);
  }

  get(id: number): string | undefined {
    return id < this.#values.length ? this.#values[id] : this.#learn(id);
  }

  /** A hash of the value of label `index`. */
  hash(index: number): number {
    return this.#hashes[index]!;
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** To be called when numbers may have changed their meaning. */
  refresh(): void {
    if (this.#generation === this.#names.generation) return;
    this.#generation = this.#names.generation;
    this.#values.length = 0;
  }

  #learn(id: number): string | undefined {
    for (let next = this.#values.length; next < this.#names.size; next++) {
      this.#values.push(this.#byName.get(this.#names.text(next)));
    }
    return this.#values[id];
  }
}
