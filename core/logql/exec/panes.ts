/**
 * Windows overlap, panes do not. The bounds of all windows cut time into panes; a sample falls into
 * one pane, and each window is a run of panes:
 *
 *     windows       (--------------]                      step 0
 *                         (--------------]                step 1
 *                               (--------------]          step 2
 *     edges         |     |     |  |     |     |
 *     panes           1     2    3    4     5             step 1 has the panes 2 to 4
 *
 * So a sample costs the same however many windows it counts in.
 */
import { lastStep, type Steps } from "../plan/steps.ts";
import { TimeScale } from "./time-scale.ts";

export interface WindowShape {
  /** Nanoseconds. The window of a step at t is (t − offset − range, t − offset]. */
  readonly range: bigint;
  readonly offset: bigint;
}

export class Panes {
  readonly scale: TimeScale;
  readonly stepCount: number;
  /** Pane p is (edges[p − 1], edges[p]]. There is no pane 0: nothing at or before edges[0] counts. */
  readonly edges: Float64Array;
  /** First and last pane of each step's window. An empty window has them the wrong way round. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** The first step whose window has the pane or one after it. */
  readonly stepOf: Int32Array;
  /** Whether a pane is in any window: with a range shorter than the step some are not. */
  readonly live: Uint8Array;

  constructor(steps: Steps, { range, offset }: WindowShape) {
    const base = steps.first - offset - range;
    this.scale = new TimeScale(base, lastStep(steps) - steps.first + range);
    this.stepCount = steps.count;
    const [step, size] = [this.scale.of(steps.step), this.scale.of(range)];
    this.edges = edgesOf(step, size, steps.count);
    this.first = new Int32Array(steps.count);
    this.last = new Int32Array(steps.count);
    this.stepOf = new Int32Array(this.edges.length);
    this.live = new Uint8Array(this.edges.length);
    let [low, high, marked] = [0, 0, 0];
    for (let index = 0; index < steps.count; index++) {
      while (this.edges[low]! < index * step) low++;
      while (this.edges[high]! < index * step + size) this.stepOf[++high] = index;
      this.first[index] = low + 1;
      this.last[index] = high;
      this.live.fill(1, Math.max(low, marked) + 1, high + 1);
      marked = high;
    }
  }

  /** The pane of a moment on the scale: 0 before all windows, `edges.length` after them. */
  at(time: number): number {
    return this.from(0, time);
  }

  /** The same when the pane is known not to be before `pane`. */
  from(pane: number, time: number): number {
    const edges = this.edges;
    let low = pane;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Starts and ends of all windows, in order, each once. */
function edgesOf(step: number, size: number, count: number): Float64Array {
  const edges = new Float64Array(2 * count);
  let used = 0;
  let [starts, ends] = [0, 0];
  while (ends < count) {
    const [start, end] = [
      starts < count ? starts * step : Number.POSITIVE_INFINITY,
      ends * step + size,
    ];
    if (start <= end) starts++;
    if (end <= start) ends++;
    edges[used++] = Math.min(start, end);
  }
  return edges.subarray(0, used);
}
