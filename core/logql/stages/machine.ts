/** What one query needs to run its stages, shared by all of its streams: nothing of it outlives a call. */
import { Effort } from "../../golang/template/limits.ts";
import type { Block, StreamId } from "../../model/block.ts";
import type { ByteSearch } from "../../ports/byte-search.ts";
import { builderHints, compileStages } from "./compile.ts";
import { Growth } from "./growth.ts";
import type { Hints } from "./hints.ts";
import { LabelBuilder } from "./label-builder.ts";
import { LabelSets } from "./label-set.ts";
import type { LineFilter } from "./line-filter.ts";
import { Names } from "./names.ts";
import { type Prefilter, prefiltersOf } from "./prefilter.ts";
import type { LokiStage } from "./reorder.ts";
import { Row, type RowStage } from "./row.ts";
import { Selection } from "./selection.ts";
import { stepsOf } from "./steps.ts";
import { StreamBase } from "./stream-base.ts";
import { type Projection, StreamSets } from "./stream-sets.ts";

export interface MachineOptions {
  readonly search: ByteSearch;
  /** The clock of the templates, Unix nanoseconds. Without it `now` is the time of the row. */
  readonly now?: () => bigint;
  /** Keeps rows apart whose labels are equal but came from elsewhere (spec query-evaluation §9). */
  readonly categorize?: boolean;
  /** Memory that the different label sets of the query may take. */
  readonly labelBytesMax?: number;
}

/** Rows of a block: [first, end). */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

const ERROR_LABELS = ["__error__", "__error_details__"];
const LABEL_BYTES_MAX = 256 * 1024 * 1024;
const NO_STREAM = new StreamBase([], new Names());

export class Machine {
  readonly names: Names;
  readonly row: Row;
  readonly sets: LabelSets;
  /** Stages that look at rows one by one. */
  readonly work: readonly RowStage[];
  /** Roughly how many things are done with a row. */
  readonly steps: number;
  /** True when rows with equal labels fare alike. */
  readonly labelsOnly: boolean;
  readonly #filters: readonly LineFilter[];
  readonly #prefilters: readonly Prefilter[];
  readonly #selection = new Selection();
  /** What the templates do for the row in hand. */
  readonly #effort = new Effort();

  constructor(names: Names, stages: readonly LokiStage[], hints: Hints, options: MachineOptions) {
    this.names = names;
    const { filters, work } = compileStages(stages, {
      search: options.search,
      templates: {
        growth: new Growth(),
        effort: this.#effort,
        ...(options.now === undefined ? {} : { now: options.now }),
      },
      hints,
      names,
    });
    this.work = work;
    this.steps = stages.reduce((sum, stage) => sum + stepsOf(stage), 0);
    this.labelsOnly = work.every((stage) => stage.labelsOnly);
    this.#filters = filters;
    this.#prefilters = prefiltersOf(stages, names, options.search);
    // Numbers that streams keep for good must be among the query's own.
    for (const name of ERROR_LABELS) names.id(name);
    this.row = new Row(new LabelBuilder(names, NO_STREAM, builderHints(hints, names)));
    this.sets = new LabelSets({
      bytesMax: options.labelBytesMax ?? LABEL_BYTES_MAX,
      categorize: options.categorize ?? false,
    });
    names.keep();
  }

  /** The rows that the filters on stored lines leave. Void at the next call. */
  select(block: Block, { first, end }: RowRange, base: StreamBase): Selection {
    const selection = this.#selection;
    selection.fill(first, end);
    for (const { test, wanted } of this.#filters) {
      if (selection.count === 0) break;
      selection.narrow(block, test, wanted);
    }
    for (const prefilter of this.#prefilters) {
      if (selection.count === 0) break;
      prefilter.narrow(block, selection, base);
    }
    return selection;
  }

  /** Runs the other stages on one row. False when one of them drops it. */
  process(block: Block, index: number, base: StreamBase): boolean {
    this.row.reset(block, index, base);
    this.#effort.begin(this.row.storedSize);
    for (const stage of this.work) if (!stage.run(this.row)) return false;
    return true;
  }

  /** To be called before each block: names found in lines must not pile up. */
  trim(): void {
    if (this.names.trim()) for (const stage of this.work) stage.forget?.();
  }
}

/** What a query keeps of one stream between its blocks. */
export class StreamState {
  readonly base: StreamBase;
  readonly sets: StreamSets;
  readonly #names: Names;
  #generation: number;

  constructor(machine: Machine, stream: StreamId, projection: Projection) {
    this.#names = machine.names;
    this.#generation = machine.names.generation;
    this.base = new StreamBase(stream.labels, machine.names);
    this.sets = new StreamSets(this.base, machine.sets, machine.names, projection);
  }

  refresh(): void {
    if (this.#generation === this.#names.generation) return;
    this.#generation = this.#names.generation;
    this.base.refresh();
    this.sets.forget();
  }
}
