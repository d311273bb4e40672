/** Series on their way through a metric query: values at some of its steps. */
import { printLabels } from "../../labels/labels.ts";
import type { Labels } from "../../model/labels.ts";

export interface Series {
  readonly labels: Labels;
  /** Equal for equal labels. */
  readonly key: string;
  /** Indexes of steps, ascending; a step may come twice when `label_replace` made two series one. */
  readonly steps: Uint32Array;
  readonly values: Float64Array;
}

/** Several at a time, so that the rest of the process gets its turn between them. */
export type SeriesBatches = AsyncIterable<readonly Series[]>;

/** Points of a series as they are found. */
export class Points {
  #steps = new Uint32Array(16);
  #values = new Float64Array(16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(step: number, value: number): void {
    if (this.#count === this.#steps.length) this.#grow();
    this.#steps[this.#count] = step;
    this.#values[this.#count++] = value;
  }

  /** What was added, as a series. Starts anew. */
  take(labels: Labels, key: string = printLabels(labels)): Series {
    const series = {
      labels,
      key,
      steps: this.#steps.slice(0, this.#count),
      values: this.#values.slice(0, this.#count),
    };
    this.#count = 0;
    return series;
  }

  #grow(): void {
    const [steps, values] = [this.#steps, this.#values];
    this.#steps = new Uint32Array(2 * steps.length);
    this.#steps.set(steps);
    this.#values = new Float64Array(2 * values.length);
    this.#values.set(values);
  }
}

/** Roughly what a series takes in memory. */
export function seriesBytes({ key, steps }: Series): number {
  return 200 + 4 * key.length + 12 * steps.length;
}
