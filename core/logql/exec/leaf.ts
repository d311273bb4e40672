/** A range aggregation at work: takes the samples of blocks, then gives its series at each step. */

import { lanesOf } from "../../bytes/lanes.ts";
import type { Block, StreamId } from "../../model/block.ts";
import type { Leaf } from "../plan/scans.ts";
import type { Steps } from "../plan/steps.ts";
import type { Samples } from "../stages/extract.ts";
import { LabelSet } from "../stages/label-set.ts";
import type { Accumulator, Hold } from "./accumulator.ts";
import {
  deviationFold,
  type Fold,
  firstFold,
  lastFold,
  maxFold,
  meanFold,
  minFold,
  sumFold,
  varianceFold,
} from "./fold.ts";
import { FoldColumn } from "./fold-column.ts";
import type { Pacer } from "./pacer.ts";
import { Panes } from "./panes.ts";
import { QuantileColumn } from "./quantile.ts";
import { CounterColumn } from "./rate-counter.ts";
import { Points, type Series } from "./series.ts";

/** Series between two turns of the pacer. */
const BATCH_SERIES = 256;

interface Collected {
  readonly set: LabelSet;
  readonly accumulator: Accumulator;
}

export class LeafRun {
  readonly #panes: Panes;
  readonly #hold: Hold;
  readonly #newAccumulator: () => Accumulator;
  /** What each window's result is divided by. */
  readonly #divisor: number;
  /** Whether samples of one series and pane may be added up before they are handed on. */
  readonly #addsUp: boolean;
  /** Streams by the order in which they were met: samples refer to them by number. */
  readonly #streams: StreamId[] = [];
  readonly #numbers = new Map<StreamId, number>();
  readonly #bySet = new Map<LabelSet, Collected>();
  readonly #byKey = new Map<string, Collected>();

  constructor(leaf: Leaf, steps: Steps, hold: Hold) {
    this.#panes = new Panes(steps, leaf);
    this.#hold = hold;
    this.#newAccumulator = this.#accumulatorsOf(leaf);
    this.#divisor = leaf.op === "rate" || leaf.op === "bytes_rate" ? secondsOf(leaf.range) : 1;
    this.#addsUp = ADDS_UP.has(leaf.op);
  }

  /** Takes samples of a block. Their rows ascend; those outside all windows are passed over. */
  take(stream: StreamId, block: Block, samples: Samples): void {
    if (this.#addsUp) this.#takeSums(block, samples);
    else this.#takeEach(stream, block, samples);
  }

  /** The series, each with the steps at which it has samples; in an order that does not depend on blocks. */
  async *series(pacer: Pacer): AsyncGenerator<readonly Series[]> {
    const all = [...this.#byKey.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const points = new Points();
    for (let from = 0; from < all.length; from += BATCH_SERIES) {
      await pacer.step();
      yield all.slice(from, from + BATCH_SERIES).map(([key, { set, accumulator }]) => {
        accumulator.windows(this.#panes, points);
        const series = points.take(set.labels, key);
        if (this.#divisor !== 1) {
          for (let index = 0; index < series.values.length; index++) {
            series.values[index]! /= this.#divisor;
          }
        }
        return series;
      });
    }
  }

  #takeEach(stream: StreamId, block: Block, { count, rows, labels, values }: Samples): void {
    const lanes = lanesOf(block.times);
    const panes = this.#panes;
    const origin = { time: 0, stream: this.#numberOf(stream) };
    const shared = sharedSet(labels);
    let [pane, upper] = [0, panes.edges[0]!];
    for (let index = 0; index < count; index++) {
      const row = rows[index]!;
      origin.time = panes.scale.at(lanes, row);
      if (origin.time > upper) {
        pane = panes.from(pane, origin.time);
        upper = panes.edges[pane] ?? Number.POSITIVE_INFINITY;
      }
      if (panes.live[pane] !== 1) continue;
      const set = shared ?? (labels as readonly LabelSet[])[index]!;
      this.#collected(set).accumulator.add(pane, values[index]!, origin);
    }
  }

  /** Rows of one series mostly come together, and many fall into one pane. */
  #takeSums(block: Block, { count, rows, labels, values }: Samples): void {
    const lanes = lanesOf(block.times);
    const panes = this.#panes;
    const scale = panes.scale;
    const shared = sharedSet(labels);
    let [pane, upper] = [0, panes.edges[0]!];
    let runSet: LabelSet | undefined;
    let [runPane, sum] = [0, 0];
    for (let index = 0; index < count; index++) {
      const time = scale.at(lanes, rows[index]!);
      if (time > upper) {
        pane = panes.from(pane, time);
        upper = panes.edges[pane] ?? Number.POSITIVE_INFINITY;
      }
      const set = shared ?? (labels as readonly LabelSet[])[index]!;
      if (pane === runPane && set === runSet) {
        sum += values[index]!;
        continue;
      }
      if (runSet !== undefined) this.#addSum(runSet, runPane, sum);
      runSet = set;
      runPane = pane;
      sum = values[index]!;
    }
    if (runSet !== undefined) this.#addSum(runSet, runPane, sum);
  }

  #addSum(set: LabelSet, pane: number, sum: number): void {
    if (this.#panes.live[pane] === 1) this.#collected(set).accumulator.add(pane, sum, NO_ORIGIN);
  }

  #collected(set: LabelSet): Collected {
    return this.#bySet.get(set) ?? this.#collect(set);
  }

  #collect(set: LabelSet): Collected {
    const { key } = set;
    let collected = this.#byKey.get(key);
    if (collected === undefined) {
      this.#hold(300 + 4 * key.length);
      collected = { set, accumulator: this.#newAccumulator() };
      this.#byKey.set(key, collected);
    }
    this.#bySet.set(set, collected);
    return collected;
  }

  #numberOf(stream: StreamId): number {
    let number = this.#numbers.get(stream);
    if (number === undefined) {
      number = this.#streams.push(stream) - 1;
      this.#numbers.set(stream, number);
    }
    return number;
  }

  #accumulatorsOf({ op, parameter, range }: Leaf): () => Accumulator {
    const hold = this.#hold;
    const folding = (fold: Fold) => () => new FoldColumn(fold, hold);
    switch (op) {
      case "rate":
      case "bytes_rate":
      case "count_over_time":
      case "bytes_over_time":
      case "sum_over_time":
      case "absent_over_time":
        return folding(sumFold);
      case "avg_over_time":
        return folding(meanFold);
      case "min_over_time":
        return folding(minFold);
      case "max_over_time":
        return folding(maxFold);
      case "stdvar_over_time":
        return folding(varianceFold);
      case "stddev_over_time":
        return folding(deviationFold);
      case "first_over_time":
        return folding(firstFold(this.#streams));
      case "last_over_time":
        return folding(lastFold(this.#streams));
      case "quantile_over_time":
        return () => new QuantileColumn(parameter ?? 0, hold);
      case "rate_counter":
        return () => new CounterColumn(secondsOf(range), this.#streams, hold);
    }
  }
}

function sharedSet(labels: Samples["labels"]): LabelSet | undefined {
  return labels instanceof LabelSet ? labels : undefined;
}

const ADDS_UP: ReadonlySet<Leaf["op"]> = new Set([
  "rate",
  "bytes_rate",
  "count_over_time",
  "bytes_over_time",
  "sum_over_time",
  "absent_over_time",
]);

const NO_ORIGIN = { time: 0, stream: 0 };

function secondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e9;
}
