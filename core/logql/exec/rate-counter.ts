/**
 * `rate_counter`: the growth of a counter that may start anew, by the second. Loki extrapolates to
 * the bounds of the window as Prometheus does, but counts some of the times in milliseconds and some
 * in microseconds; the numbers are kept as they are (spec query-evaluation §4).
 */
import type { StreamId } from "../../model/block.ts";
import { type Accumulator, grown, type Hold } from "./accumulator.ts";
import type { Origin } from "./fold.ts";
import type { Panes } from "./panes.ts";
import type { Points } from "./series.ts";

export class CounterColumn implements Accumulator {
  readonly #rangeSeconds: number;
  readonly #streams: readonly StreamId[];
  readonly #hold: Hold;
  #times = new Float64Array(8);
  #values = new Float64Array(8);
  #owners = new Int32Array(8);
  #count = 0;

  constructor(rangeSeconds: number, streams: readonly StreamId[], hold: Hold) {
    this.#rangeSeconds = rangeSeconds;
    this.#streams = streams;
    this.#hold = hold;
    hold(160);
  }

  add(_pane: number, value: number, { time, stream }: Origin): void {
    if (this.#count === this.#times.length) {
      this.#times = grown(this.#times, this.#count + 1, this.#hold);
      this.#values = grown(this.#values, this.#count + 1, this.#hold);
      this.#owners = grown(this.#owners, this.#count + 1, this.#hold);
    }
    this.#times[this.#count] = time;
    this.#values[this.#count] = value;
    this.#owners[this.#count++] = stream;
  }

  windows(panes: Panes, points: Points): void {
    const { times, values } = this.#inOrder();
    let [first, end] = [0, 0];
    for (let step = 0; step < panes.stepCount; step++) {
      const after = panes.edges[panes.first[step]! - 1]!;
      const through = panes.edges[panes.last[step]!]!;
      while (end < times.length && times[end]! <= through) end++;
      while (first < end && times[first]! <= after) first++;
      if (first === end) {
        if (end === times.length) break;
        step = Math.max(step, panes.stepOf[panes.at(times[end]!)]! - 1);
        continue;
      }
      const elapsed = (times[end - 1]! - times[first]!) * panes.scale.unit;
      points.add(step, this.#rate(values.subarray(first, end), elapsed));
    }
  }

  #rate(values: Float64Array, elapsedNs: number): number {
    const count = values.length;
    if (count < 2) return 0;
    const increase = increaseOf(values);
    const sampled = elapsedNs / 1000;
    const gap = sampled / (count - 1);
    let toStart = this.#rangeSeconds;
    if (increase > 0 && values[0]! >= 0)
      toStart = Math.min(toStart, (sampled * values[0]!) / increase);
    const threshold = gap * 1.1;
    const extended =
      sampled + (toStart < threshold ? toStart : gap / 2) + (0 < threshold ? 0 : gap / 2);
    return (increase * (extended / sampled)) / this.#rangeSeconds;
  }

  /** By time; of equal times by the hash of the stream; within a stream as they came. */
  #inOrder(): { times: Float64Array; values: Float64Array } {
    const [times, values] = [
      this.#times.subarray(0, this.#count),
      this.#values.subarray(0, this.#count),
    ];
    // Fast path: one stream, whose blocks come one after the other.
    if (times.every((time, row) => row === 0 || times[row - 1]! < time)) return { times, values };
    const hashes = Array.from(
      this.#owners.subarray(0, this.#count),
      (owner) => this.#streams[owner]!.fingerprint,
    );
    const rows = Array.from(times.keys()).sort(
      (a, b) =>
        times[a]! - times[b]! ||
        (hashes[a]! < hashes[b]! ? -1 : hashes[a]! > hashes[b]! ? 1 : a - b),
    );
    return {
      times: Float64Array.from(rows, (row) => times[row]!),
      values: Float64Array.from(rows, (row) => values[row]!),
    };
  }
}

/** Last minus first, and what was lost each time that the counter fell. */
function increaseOf(values: Float64Array): number {
  let increase = values[values.length - 1]! - values[0]!;
  let previous = 0;
  for (const value of values) {
    if (value < previous) increase += previous;
    previous = value;
  }
  return increase;
}
