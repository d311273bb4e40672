/**
 * `quantile_over_time`: the values of each pane are sorted once; the window is kept sorted by merging
 * a pane in when it comes and picking it out when it goes.
 */
import { type Accumulator, grown, type Hold } from "./accumulator.ts";
import type { Panes } from "./panes.ts";
import type { Points } from "./series.ts";

export class QuantileColumn implements Accumulator {
  readonly #quantile: number;
  readonly #hold: Hold;
  #panes = new Int32Array(8);
  #values = new Float64Array(8);
  #count = 0;

  constructor(quantile: number, hold: Hold) {
    this.#quantile = quantile;
    this.#hold = hold;
    hold(96);
  }

  add(pane: number, value: number): void {
    if (this.#count === this.#panes.length) {
      this.#panes = grown(this.#panes, this.#count + 1, this.#hold);
      this.#values = grown(this.#values, this.#count + 1, this.#hold);
    }
    this.#panes[this.#count] = pane;
    this.#values[this.#count++] = value;
  }

  windows(panes: Panes, points: Points): void {
    const runs = this.#sortedRuns();
    const window = new SortedWindow(this.#count);
    let [front, end] = [0, 0];
    let step = runs.length === 0 ? panes.stepCount : panes.stepOf[runs[0]!.pane]!;
    for (; step < panes.stepCount; step++) {
      for (; end < runs.length && runs[end]!.pane <= panes.last[step]!; end++)
        window.insert(runs[end]!);
      for (; front < end && runs[front]!.pane < panes.first[step]!; front++)
        window.remove(runs[front]!);
      if (front < end) points.add(step, window.quantile(this.#quantile));
      else if (end === runs.length) break;
      else step = Math.max(step, panes.stepOf[runs[end]!.pane]! - 1);
    }
  }

  /** The values of each pane, ascending, in the order of panes. */
  #sortedRuns(): Run[] {
    const panes = this.#panes.subarray(0, this.#count);
    let [least, most] = [Number.MAX_SAFE_INTEGER, -1];
    for (const pane of panes) {
      if (pane < least) least = pane;
      if (pane > most) most = pane;
    }
    if (most < 0) return [];
    // ends[i] is first where the run of pane `least + i` starts, and when all are placed, where it ends.
    const ends = new Int32Array(most - least + 2);
    for (const pane of panes) ends[pane - least + 1]!++;
    for (let index = 1; index < ends.length; index++) ends[index]! += ends[index - 1]!;
    const values = new Float64Array(panes.length);
    for (let row = 0; row < panes.length; row++) {
      values[ends[panes[row]! - least]!++] = this.#values[row]!;
    }
    const runs: Run[] = [];
    for (let index = 0, from = 0; index <= most - least; from = ends[index++]!) {
      const to = ends[index]!;
      if (to > from) runs.push(runOf(least + index, values.subarray(from, to)));
    }
    return runs;
  }
}

interface Run {
  readonly pane: number;
  /** Ascending, without NaN. */
  readonly values: Float64Array;
  /** How many NaN there were. */
  readonly missing: number;
}

function runOf(pane: number, values: Float64Array): Run {
  values.sort(); // NaN goes last.
  let size = values.length;
  while (size > 0 && Number.isNaN(values[size - 1]!)) size--;
  return { pane, values: values.subarray(0, size), missing: values.length - size };
}

/** The values of a window, ascending; NaN counts as less than anything else. */
class SortedWindow {
  #values: Float64Array;
  #spare: Float64Array;
  #size = 0;
  #missing = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
    this.#spare = new Float64Array(capacity);
  }

  insert({ values, missing }: Run): void {
    const [old, target] = [this.#values, this.#spare];
    let [at, next] = [0, 0];
    for (let to = 0; to < this.#size + values.length; to++) {
      const fromOld = next === values.length || (at < this.#size && old[at]! <= values[next]!);
      target[to] = fromOld ? old[at++]! : values[next++]!;
    }
    this.#swap(this.#size + values.length, missing);
  }

  remove({ values, missing }: Run): void {
    const [old, target] = [this.#values, this.#spare];
    let [to, next] = [0, 0];
    for (let at = 0; at < this.#size; at++) {
      if (next < values.length && old[at] === values[next]) next++;
      else target[to++] = old[at]!;
    }
    this.#swap(to, -missing);
  }

  quantile(quantile: number): number {
    if (quantile < 0) return Number.NEGATIVE_INFINITY;
    if (quantile > 1) return Number.POSITIVE_INFINITY;
    const count = this.#missing + this.#size;
    const rank = quantile * (count - 1);
    const low = Math.floor(rank);
    const weight = rank - low;
    return this.#at(low) * (1 - weight) + this.#at(Math.min(count - 1, low + 1)) * weight;
  }

  #at(index: number): number {
    return index < this.#missing ? Number.NaN : this.#values[index - this.#missing]!;
  }

  #swap(size: number, missing: number): void {
    [this.#values, this.#spare] = [this.#spare, this.#values];
    this.#size = size;
    this.#missing += missing;
  }
}
