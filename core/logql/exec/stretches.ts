/**
 * Runs the stages over a block in stretches of rows, so that neither long lines nor many stages keep the
 * rest of the process waiting, and the query's own time-out with it. How long a stretch may be is learnt
 * from how long the last ones took; most blocks are one.
 */
import type { Block } from "../../model/block.ts";
import type { Clock } from "../../ports/clock.ts";
import { joinSamples, type Samples } from "../stages/extract.ts";
import type { RowRange } from "../stages/machine.ts";
import type { RunOptions } from "../stages/pipeline.ts";
import { joinSurvivors, type Survivors } from "../stages/survivors.ts";
import type { Pacer } from "./pacer.ts";

/** What a stretch should take. Others wait for one stretch beyond what the pacer takes for itself. */
const STRETCH_MS = 8;

/** The weight of a stretch: its bytes, and so many for each row. */
const ROW_WEIGHT = 64;
const WEIGHT_FIRST = 1 << 19;
const WEIGHT_MIN = ROW_WEIGHT;

/**
 * The most weight times stages, whatever was learnt: rows that a first filter dropped say nothing about
 * what the stages behind it will take with the first row that passes.
 */
const WORK_MAX = 1 << 22;

/** The stages of one stream: what pipelines and extractors have in common. */
export interface Stages<T> {
  /** Roughly how many things they do with a row. */
  readonly steps: number;
  run(block: Block, rows: RowRange, options: RunOptions): T;
}

export class Stretches {
  readonly #clock: Clock;
  readonly #pacer: Pacer;
  #weight = WEIGHT_FIRST;

  constructor({ clock, pacer }: { clock: Clock; pacer: Pacer }) {
    this.#clock = clock;
    this.#pacer = pacer;
  }

  /** As `run` of the pipeline. A promise only when there is more than one stretch. */
  survivors(
    pipeline: Stages<Survivors>,
    block: Block,
    rows: RowRange,
    options: RunOptions = {},
  ): Survivors | Promise<Survivors> {
    const stretch = this.#cut(block, rows, pipeline.steps, options.backward);
    const first = this.#timed(pipeline, block, stretch, options);
    if (isAll(stretch.rows, rows)) return first;
    const parts = this.#go(pipeline, block, rows, { options, stretch, first });
    return parts.then((each) => joinSurvivors(block, each));
  }

  /** As `run` of the extractor. A promise only when there is more than one stretch. */
  samples(extractor: Stages<Samples>, block: Block, rows: RowRange): Samples | Promise<Samples> {
    const stretch = this.#cut(block, rows, extractor.steps);
    const first = this.#timed(extractor, block, stretch, {});
    if (isAll(stretch.rows, rows)) return first;
    return this.#go(extractor, block, rows, { options: {}, stretch, first }).then(joinSamples);
  }

  /** What comes of all stretches, by their places in the block. The first is done. */
  async #go<T extends { readonly count: number }>(
    stages: Stages<T>,
    block: Block,
    rows: RowRange,
    done: { options: RunOptions; stretch: Stretch; first: T },
  ): Promise<T[]> {
    const { backward = false, limit = Number.POSITIVE_INFINITY } = done.options;
    const parts = [done.first];
    let { stretch } = done;
    let { first, end } = rows;
    let left = limit - done.first.count;
    for (;;) {
      if (backward) end = stretch.rows.first;
      else first = stretch.rows.end;
      if (first >= end || left <= 0) break;
      await this.#pacer.step();
      stretch = this.#cut(block, { first, end }, stages.steps, backward);
      const part = this.#timed(stages, block, stretch, { backward, limit: left });
      parts.push(part);
      left -= part.count;
    }
    return backward ? parts.reverse() : parts;
  }

  /** The next rows, at least one: from the start, or backward from the end. */
  #cut(
    { starts, ends, scattered }: Block,
    { first, end }: RowRange,
    steps: number,
    backward = false,
  ): Stretch {
    const allowed = Math.min(this.#weight, WORK_MAX / Math.max(1, steps));
    // Fast path: all of it, when the text from the first row to the last is not too much.
    if (!scattered && end > first) {
      const weight = ends[end - 1]! - starts[first]! + ROW_WEIGHT * (end - first);
      if (weight <= allowed) return { rows: { first, end }, weight };
    }
    let weight = 0;
    let count = 0;
    while (count < end - first && (count === 0 || weight < allowed)) {
      const row = backward ? end - 1 - count : first + count;
      weight += ends[row]! - starts[row]! + ROW_WEIGHT;
      count++;
    }
    const rows = backward ? { first: end - count, end } : { first, end: first + count };
    return { rows, weight };
  }

  #timed<T>(stages: Stages<T>, block: Block, { rows, weight }: Stretch, options: RunOptions): T {
    const startMs = this.#clock.ticksMs();
    const result = stages.run(block, rows, options);
    const ms = this.#clock.ticksMs() - startMs;
    if (ms > 2 * STRETCH_MS) {
      this.#weight = Math.max(WEIGHT_MIN, Math.floor((weight * STRETCH_MS) / ms));
    } else if (ms < STRETCH_MS / 2 && weight > this.#weight / 2) {
      this.#weight = Math.min(WORK_MAX, 4 * this.#weight);
    }
    return result;
  }
}

interface Stretch {
  readonly rows: RowRange;
  readonly weight: number;
}

function isAll(part: RowRange, { first, end }: RowRange): boolean {
  return part.end - part.first >= end - first;
}
