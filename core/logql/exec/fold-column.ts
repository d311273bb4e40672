/**
 * An accumulator over a fold: one state for each pane that has samples. Windows slide over the panes
 * as a queue of two stacks, which joins each state about three times however wide windows are:
 *
 *     panes     [ 3  4  5 | 7  8 ]
 *     front ----^         |           suffix[4] = states of 4 and 5 joined
 *                 middle--^           back = states of 7 and 8 joined
 */
import { type Accumulator, grown, type Hold } from "./accumulator.ts";
import type { Fold, Origin } from "./fold.ts";
import type { Panes } from "./panes.ts";
import type { Points } from "./series.ts";

export class FoldColumn implements Accumulator {
  readonly #fold: Fold;
  readonly #hold: Hold;
  /** Ascending numbers of the panes that have samples, and their states. */
  #panes = new Int32Array(2);
  #states: Float64Array;
  #count = 0;
  /** Where the last sample went: the next one mostly goes there too. */
  #at = 0;

  constructor(fold: Fold, hold: Hold) {
    this.#fold = fold;
    this.#hold = hold;
    this.#states = new Float64Array(2 * fold.width);
    hold(8 + 16 * fold.width);
  }

  add(pane: number, value: number, origin: Origin): void {
    if (this.#at < this.#count && this.#panes[this.#at] === pane) {
      this.#fold.add(this.#states, this.#at * this.#fold.width, value, origin);
      return;
    }
    const at = this.#place(pane);
    this.#at = at;
    const offset = at * this.#fold.width;
    if (at < this.#count && this.#panes[at] === pane) {
      this.#fold.add(this.#states, offset, value, origin);
    } else {
      this.#insert(at, pane);
      this.#fold.start(this.#states, offset, value, origin);
    }
  }

  windows(panes: Panes, points: Points): void {
    const { width } = this.#fold;
    const [numbers, states, count] = [this.#panes, this.#states, this.#count];
    const suffix = new Float64Array(count * width);
    const back = new Float64Array(width);
    const whole = new Float64Array(width);
    let [front, middle, end] = [0, 0, 0];
    let step = count === 0 ? panes.stepCount : panes.stepOf[numbers[0]!]!;
    for (; step < panes.stepCount; step++) {
      for (const last = panes.last[step]!; end < count && numbers[end]! <= last; end++) {
        if (end === middle) copy(back, 0, states, end * width, width);
        else this.#fold.join(back, 0, states, end * width);
      }
      for (const first = panes.first[step]!; front < end && numbers[front]! < first; ) front++;
      if (front === end) {
        if (end === count) break;
        middle = end;
        step = Math.max(step, panes.stepOf[numbers[end]!]! - 1);
        continue;
      }
      if (front > middle) {
        this.#joinSuffixes(suffix, front, end);
        middle = end;
      }
      if (front < middle) {
        copy(whole, 0, suffix, front * width, width);
        if (middle < end) this.#fold.join(whole, 0, back, 0);
      } else {
        copy(whole, 0, back, 0, width);
      }
      points.add(step, this.#fold.result(whole, 0));
    }
  }

  /** The index of the pane, or the one that it would have. */
  #place(pane: number): number {
    const [numbers, count] = [this.#panes, this.#count];
    if (count === 0 || numbers[count - 1]! < pane) return count;
    const next = this.#at + 1;
    if (next < count && numbers[next] === pane) return next;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle]! < pane) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(at: number, pane: number): void {
    const { width } = this.#fold;
    const count = ++this.#count;
    if (count > this.#panes.length) {
      this.#panes = grown(this.#panes, count, this.#hold);
      this.#states = grown(this.#states, count * width, this.#hold);
    }
    this.#panes.copyWithin(at + 1, at, count - 1);
    this.#states.copyWithin((at + 1) * width, at * width, (count - 1) * width);
    this.#panes[at] = pane;
  }

  /** suffix[i] becomes the states i up to, not including, `end` joined. */
  #joinSuffixes(suffix: Float64Array, front: number, end: number): void {
    const { width } = this.#fold;
    for (let index = end - 1; index >= front; index--) {
      copy(suffix, index * width, this.#states, index * width, width);
      if (index + 1 < end) this.#fold.join(suffix, index * width, suffix, (index + 1) * width);
    }
  }
}

function copy(
  target: Float64Array,
  at: number,
  source: Float64Array,
  sourceAt: number,
  width: number,
): void {
  for (let index = 0; index < width; index++) target[at + index] = source[sourceAt + index]!;
}
