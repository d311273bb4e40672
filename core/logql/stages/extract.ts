/**
 * From blocks to the samples of a range aggregation: each row that the stages leave gives a value, and
 * of its labels what the grouping asks for (spec query-evaluation §3.5, logql §12 to §14).
 */
import type { Block, StreamId } from "../../model/block.ts";
import { BadRequest } from "../../model/errors.ts";
import type { Grouping, RangeAggregation, RangeOp, VectorAggregation } from "../syntax/ast.ts";
import { metricHints } from "./hints.ts";
import type { LabelSet } from "./label-set.ts";
import { Machine, type MachineOptions, type RowRange, StreamState } from "./machine.ts";
import { MetadataNeed } from "./metadata.ts";
import { Names } from "./names.ts";
import { splitTail } from "./pipeline.ts";
import { PipelineError } from "./pipeline-error.ts";
import { type LokiStage, withoutIdleFormats } from "./reorder.ts";
import type { Row } from "./row.ts";
import type { Selection } from "./selection.ts";
import type { Projection } from "./stream-sets.ts";
import { joinLabels, joinRows, NO_ROWS } from "./survivors.ts";
import { templateFields } from "./template.ts";
import { UnwrapValue } from "./unwrap.ts";

export type ExtractorOptions = MachineOptions;

/** Samples of one block. All arrays are the caller's to read and nobody's to write. */
export interface Samples {
  readonly count: number;
  /** Indexes into the block, ascending. */
  readonly rows: Uint32Array;
  /** One for each sample, or one for all. */
  readonly labels: readonly LabelSet[] | LabelSet;
  readonly values: Float64Array;
}

/** Stages that look at the labels that hints know of, and at no others. */
const FILTERS: ReadonlySet<LokiStage["kind"]> = new Set<LokiStage["kind"]>([
  "line-filter",
  "label-filter",
]);

const PUSHED: ReadonlySet<RangeOp> = new Set<RangeOp>([
  "rate",
  "count_over_time",
  "bytes_rate",
  "bytes_over_time",
  "sum_over_time",
]);

/**
 * The inner aggregation of a `sum` with the grouping of the `sum` in it, undefined when it cannot be
 * there. The sum itself must still be taken: each group then has one series.
 */
export function pushGrouping(outer: VectorAggregation): RangeAggregation | undefined {
  const { op, inner } = outer;
  if (op !== "sum" || inner.kind !== "range") return undefined;
  if (inner.grouping !== undefined || !PUSHED.has(inner.op)) return undefined;
  return { ...inner, grouping: outer.grouping ?? { without: false, names: [] } };
}

/** Throws BadRequest in Loki's words when a stage cannot be built. */
export function compileExtractor(
  aggregation: RangeAggregation,
  options: ExtractorOptions,
): Extractor {
  return new Extractor(aggregation, options);
}

type Value = "one" | "bytes" | UnwrapValue;

export class Extractor {
  readonly #machine: Machine;
  readonly #projection: Projection;
  readonly #value: Value;
  readonly #metadata: MetadataNeed;
  readonly #streams = new WeakMap<StreamId, StreamExtractor>();

  constructor(aggregation: RangeAggregation, options: ExtractorOptions) {
    const { range } = aggregation;
    const { stages: all, tail } = splitTail(range.log.stages);
    if (tail.length > 0) throw new BadRequest(`${tail[0]!.kind} cannot be part of a metric query`);
    const isBytes = aggregation.op === "bytes_rate" || aggregation.op === "bytes_over_time";
    const stages = isBytes ? all : withoutIdleFormats(all);
    const grouping = sampleGrouping(aggregation);
    const { unwrap } = range;
    const names = new Names();
    const hints = metricHints({ stages, unwrap, grouping, fieldsOf: templateFields });
    this.#value = unwrap !== undefined ? new UnwrapValue(unwrap, names) : isBytes ? "bytes" : "one";
    this.#projection = projectionOf(grouping, names);
    this.#machine = new Machine(names, stages, hints, options);
    const onlyFilters = stages.every((stage) => FILTERS.has(stage.kind));
    this.#metadata = new MetadataNeed(onlyFilters ? hints.wanted : undefined);
  }

  forStream(stream: StreamId): StreamExtractor {
    let extractor = this.#streams.get(stream);
    if (extractor === undefined) {
      const state = new StreamState(this.#machine, stream, this.#projection);
      extractor = new StreamExtractor(this.#machine, state, this.#value, this.#metadata);
      this.#streams.set(stream, extractor);
    }
    return extractor;
  }
}

export class StreamExtractor {
  readonly #machine: Machine;
  readonly #state: StreamState;
  readonly #value: Value;
  readonly #metadata: MetadataNeed;

  constructor(machine: Machine, state: StreamState, value: Value, metadata: MetadataNeed) {
    this.#machine = machine;
    this.#state = state;
    this.#value = value;
    this.#metadata = metadata;
  }

  /** Roughly how many things the stages do with a row. */
  get steps(): number {
    return this.#machine.steps;
  }

  /** Throws PipelineError for a row that failed in a stage and would count. */
  run(block: Block, rows: RowRange): Samples {
    this.#machine.trim();
    this.#state.refresh();
    const selection = this.#machine.select(block, rows, this.#state.base);
    if (selection.count === 0) return NO_SAMPLES;
    const value = this.#value;
    const isAlike = this.#machine.labelsOnly && !this.#metadata.of(block.metadata);
    if (isAlike && typeof value === "string") return this.#runOnce(block, selection, value);
    return this.#runEach(block, selection, value);
  }

  /** Rows of a stream without labels of their own fare alike: one of them is enough. */
  #runOnce(block: Block, selection: Selection, value: "one" | "bytes"): Samples {
    if (!this.#machine.process(block, selection.row(0), this.#state.base)) return NO_SAMPLES;
    const labels = this.#labels(this.#machine.row);
    const rows = selection.copy();
    const values = value === "one" ? ones(rows.length) : lineSizes(block, rows);
    return { count: rows.length, rows, labels, values };
  }

  #runEach(block: Block, selection: Selection, value: Value): Samples {
    const { row } = this.#machine;
    const rows = new Uint32Array(selection.count);
    const values = new Float64Array(selection.count);
    const labels: LabelSet[] = [];
    for (let step = 0; step < selection.count; step++) {
      const index = selection.row(step);
      if (!this.#machine.process(block, index, this.#state.base)) continue;
      const number = sampleValue(row, value);
      if (number === undefined) continue;
      rows[labels.length] = index;
      values[labels.length] = number;
      labels.push(this.#labels(row));
    }
    const count = labels.length;
    return { count, rows: rows.subarray(0, count), labels, values: values.subarray(0, count) };
  }

  #labels({ labels }: Row): LabelSet {
    const set = this.#state.sets.of(labels);
    if (labels.error !== "" && !labels.isPreserved) {
      throw new PipelineError(labels.error, set.key);
    }
    return set;
  }
}

function sampleValue(row: Row, value: Value): number | undefined {
  if (value === "one") return 1;
  return value === "bytes" ? row.lineSize() : value.of(row);
}

/** The grouping that samples get: absence has no labels, and an unwrapped label is none any more. */
function sampleGrouping({ op, grouping, range }: RangeAggregation): Grouping | undefined {
  if (op === "absent_over_time") return { without: false, names: [] };
  if (range.unwrap === undefined || grouping?.without === false) return grouping;
  return { without: true, names: [...(grouping?.names ?? []), range.unwrap.name] };
}

function projectionOf(grouping: Grouping | undefined, names: Names): Projection {
  if (grouping === undefined) return { kind: "all" };
  const ids = grouping.names.map((name) => names.id(name));
  return grouping.without
    ? { kind: "without", ids: new Set(ids) }
    : { kind: "by", ids: [...new Set(ids)] };
}

let ONES = new Float64Array(1024).fill(1);

/** A view of shared memory: the values of a count are all the same. */
function ones(count: number): Float64Array {
  if (count > ONES.length) ONES = new Float64Array(2 * count).fill(1);
  return ONES.subarray(0, count);
}

function lineSizes({ starts, ends }: Block, rows: Uint32Array): Float64Array {
  const sizes = new Float64Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    sizes[index] = ends[rows[index]!]! - starts[rows[index]!]!;
  }
  return sizes;
}

/** The samples of stretches of one block, in ascending order, as those of the whole. */
export function joinSamples(parts: readonly Samples[]): Samples {
  const some = parts.filter(({ count }) => count > 0);
  if (some.length <= 1) return some[0] ?? NO_SAMPLES;
  const rows = joinRows(some);
  const values = new Float64Array(rows.length);
  let at = 0;
  for (const part of some) {
    values.set(part.values, at);
    at += part.count;
  }
  return { count: rows.length, rows, labels: joinLabels(some), values };
}

const NO_SAMPLES: Samples = { count: 0, rows: NO_ROWS, labels: [], values: new Float64Array(0) };
