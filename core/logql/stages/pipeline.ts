/**
 * Runs the stages of a log query over blocks. Line filters look at a whole block at once; what they
 * leave goes row by row through the rest. Nothing here waits for anything.
 */
import type { Block, StreamId } from "../../model/block.ts";
import { BadRequest } from "../../model/errors.ts";
import type { BeyondStage, LogExpr, Stage } from "../syntax/ast.ts";
import { logHints } from "./hints.ts";
import type { LabelSet } from "./label-set.ts";
import { Machine, type MachineOptions, type RowRange, StreamState } from "./machine.ts";
import { Names } from "./names.ts";
import { isBeyond, type LokiStage } from "./reorder.ts";
import type { Selection } from "./selection.ts";
import { NO_ROWS, Survivors } from "./survivors.ts";

export type { Survivors } from "./survivors.ts";

export type PipelineOptions = MachineOptions;

export interface RunOptions {
  /** Stops after so many survivors. */
  readonly limit?: number;
  /** Begins at the end of the block. The survivors are in ascending order all the same. */
  readonly backward?: boolean;
}

/** Throws BadRequest in Loki's words when a stage cannot be built. */
export function compilePipeline(log: LogExpr, options: PipelineOptions): Pipeline {
  const { stages, tail } = splitTail(log.stages);
  const machine = new Machine(new Names(), stages, logHints(stages), options);
  return new Pipeline(machine, tail);
}

export class Pipeline {
  /** Stages that look at the result as a whole; whoever collects it applies them. */
  readonly tail: readonly BeyondStage[];
  readonly #machine: Machine;
  readonly #streams = new WeakMap<StreamId, StreamPipeline>();

  constructor(machine: Machine, tail: readonly BeyondStage[]) {
    this.#machine = machine;
    this.tail = tail;
  }

  forStream(stream: StreamId): StreamPipeline {
    let pipeline = this.#streams.get(stream);
    if (pipeline === undefined) {
      pipeline = new StreamPipeline(this.#machine, stream);
      this.#streams.set(stream, pipeline);
    }
    return pipeline;
  }
}

export class StreamPipeline {
  readonly #machine: Machine;
  readonly #state: StreamState;

  constructor(machine: Machine, stream: StreamId) {
    this.#machine = machine;
    this.#state = new StreamState(machine, stream, { kind: "all" });
  }

  /** Roughly how many things the stages do with a row. */
  get steps(): number {
    return this.#machine.steps;
  }

  run(block: Block, rows: RowRange, options: RunOptions = {}): Survivors {
    this.#machine.trim();
    this.#state.refresh();
    const selection = this.#machine.select(block, rows, this.#state.base);
    if (selection.count === 0) return new Survivors(block, NO_ROWS, []);
    const isAlike = this.#machine.labelsOnly && block.metadata === undefined;
    return isAlike
      ? this.#runOnce(block, selection, options)
      : this.#runEach(block, selection, options);
  }

  /** Rows of a stream without labels of their own fare alike: one of them is enough. */
  #runOnce(block: Block, selection: Selection, options: RunOptions): Survivors {
    const labels = this.#process(block, selection.row(0));
    if (labels === undefined) return new Survivors(block, NO_ROWS, []);
    const { limit = selection.count, backward = false } = options;
    const first = backward ? Math.max(0, selection.count - limit) : 0;
    const end = backward ? selection.count : Math.min(limit, selection.count);
    return new Survivors(block, selection.view().slice(first, end), labels);
  }

  #runEach(block: Block, selection: Selection, options: RunOptions): Survivors {
    const { limit = selection.count, backward = false } = options;
    const { row } = this.#machine;
    const rows = new Uint32Array(Math.min(limit, selection.count));
    const labels: LabelSet[] = [];
    const changed: (string | undefined)[] = [];
    let isChanged = false;
    for (let step = 0; step < selection.count && labels.length < limit; step++) {
      const index = selection.row(backward ? selection.count - 1 - step : step);
      const set = this.#process(block, index);
      if (set === undefined) continue;
      rows[labels.length] = index;
      labels.push(set);
      changed.push(row.changed ? row.line : undefined);
      isChanged ||= row.changed;
    }
    const kept = rows.subarray(0, labels.length);
    if (backward) {
      kept.reverse();
      labels.reverse();
      changed.reverse();
    }
    return new Survivors(block, kept, labels, isChanged ? changed : undefined);
  }

  /** The final labels of a row, undefined when it is dropped. */
  #process(block: Block, index: number): LabelSet | undefined {
    const { row } = this.#machine;
    if (!this.#machine.process(block, index, this.#state.base)) return undefined;
    return this.#state.sets.of(row.labels);
  }
}

/** Stages that Loki does not have come last, for they need the lines that all others leave. */
export function splitTail(stages: readonly Stage[]): { stages: LokiStage[]; tail: BeyondStage[] } {
  const first = stages.findIndex(isBeyond);
  const cut = first < 0 ? stages.length : first;
  const tail = stages.slice(cut);
  const misplaced = tail.find((stage) => !isBeyond(stage));
  if (misplaced !== undefined) {
    throw new BadRequest(
      `a ${misplaced.kind} stage cannot come after ${tail[0]!.kind}, which looks at the result as a whole`,
    );
  }
  return { stages: stages.slice(0, cut) as LokiStage[], tail: tail.filter(isBeyond) };
}
