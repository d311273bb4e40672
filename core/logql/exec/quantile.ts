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
    const sizes = new Map<number, number>();
    for (let row = 0; row < this.#count; row++) {
      const pane = this.#panes[row]!;
      sizes.set(pane, (sizes.get(pane) ?? 0) + 1);
    }
    const values = new Float64Array(this.#count);
    const starts = new Map<number, number>();
    let start = 0;
    const bounds = [...sizes]
      .sort(([a], [b]) => a - b)
      .map(([pane, size]) => {
        starts.set(pane, start);
        start += size;
        return { pane, from: start - size, to: start };
      });
    for (let row = 0; row < this.#count; row++) {
      const pane = this.#panes[row]!;
      const at = starts.get(pane)!;
      values[at] = this.#values[row]!;
      starts.set(pane, at + 1);
    }
    return bounds.map(({ pane, from, to }) => runOf(pane, values.subarray(from, to)));
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
