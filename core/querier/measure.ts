/**
 * Watches a query read: what each scan touched, and how many lines each of its stages left. The stages
 * are counted by running their beginnings, one stage longer each time, over the blocks that pass by.
 */

import { rowsWithin } from "../chunk/merge.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { Pacer } from "../logql/exec/pacer.ts";
import type { Scanner, ScanRequest } from "../logql/exec/scanner.ts";
import { Stretches } from "../logql/exec/stretches.ts";
import type { Plan } from "../logql/plan/plan.ts";
import { compilePipeline, type Pipeline } from "../logql/stages/pipeline.ts";
import { isBeyond } from "../logql/stages/reorder.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import { printStage } from "../logql/syntax/print.ts";
import type { StreamBlock } from "../model/block.ts";
import { LimitExceeded } from "../model/errors.ts";
import { addWarning, newScanStats, type ScanStats } from "../model/stats.ts";

/** What one scan did. */
export interface ScanMeasure {
  readonly stats: ScanStats;
  readonly streams: number;
  readonly blocks: number;
  /** Lines of the blocks that are in the time asked for. */
  readonly lines: number;
  /** Milliseconds until blocks were there, and until they were worked on; counting apart. */
  readonly readMs: number;
  readonly workMs: number;
  readonly pipelines: readonly PipelineMeasure[];
}

/** Stages whose beginnings are run one by one: of a thousand they would be half a million stages. */
const STAGES_MAX = 100;

/** The stages of one reader of a scan, as written, and the lines that are left after each. */
export interface PipelineMeasure {
  readonly stages: readonly { readonly stage: string; readonly lines: number }[];
}

export class MeasuringScanner implements Scanner {
  readonly measures: ScanMeasure[] = [];
  readonly #scanner: Scanner;
  readonly #readers: readonly (readonly Reader[])[];
  readonly #context: Omit<QueryContext, "scanner">;

  /** Measures the scans of this plan, which must be asked for in its order. Throws LimitExceeded. */
  constructor(scanner: Scanner, plan: Plan, context: Omit<QueryContext, "scanner">) {
    this.#scanner = scanner;
    this.#context = context;
    this.#readers = readersOf(plan);
    for (const { log } of this.#readers.flat()) {
      const { length } = log.stages;
      if (length <= STAGES_MAX) continue;
      throw new LimitExceeded(
        "explain_stages",
        `too many stages to measure each of them (explain_stages: ${length}, limit: ${STAGES_MAX})`,
      );
    }
  }

  async *scan(request: ScanRequest): AsyncIterable<StreamBlock> {
    const { clock, stats: total } = this.#context;
    const readers = this.#readers[this.measures.length] ?? [];
    const counters = readers.map((reader) => new StageCounter(reader, this.#context));
    const stats = newScanStats();
    const streams = new Set<object>();
    const keptBefore = total.postFilterLines;
    let [blocks, lines, readMs, workMs] = [0, 0, 0, 0];
    let mark = clock.ticksMs();
    let isWorking = false;
    const lap = () => {
      const now = clock.ticksMs();
      const passed = now - mark;
      mark = now;
      return passed;
    };
    try {
      for await (const block of this.#scanner.scan({ ...request, stats })) {
        readMs += lap();
        const rows = rowsWithin(block.block, request.from, request.through);
        streams.add(block.stream);
        blocks++;
        lines += rows.end - rows.first;
        for (const counter of counters) await counter.take(block);
        lap();
        isWorking = true;
        yield block;
        workMs += lap();
        isWorking = false;
      }
    } finally {
      if (isWorking) workMs += lap();
      else readMs += lap();
      addTo(total, stats);
      stats.postFilterLines = total.postFilterLines - keptBefore;
      const pipelines = counters.map(({ measure }) => measure);
      const counts = { streams: streams.size, blocks, lines, readMs, workMs };
      this.measures.push({ stats, ...counts, pipelines });
    }
  }
}

interface Reader {
  readonly log: LogExpr;
  readonly from: bigint;
  readonly through: bigint;
}

function readersOf(plan: Plan): Reader[][] {
  if (plan.kind === "log") return [[plan]];
  return plan.scans.map(({ reads }) =>
    reads.map(({ aggregation, from, through }) => ({ log: aggregation.range.log, from, through })),
  );
}

class StageCounter {
  readonly #reader: Reader;
  readonly #names: readonly string[];
  readonly #pacer: Pacer;
  /** A beginning of the stages, and what is learnt of the time that it takes. */
  readonly #beginnings: readonly { readonly pipeline: Pipeline; readonly stretches: Stretches }[];
  readonly #lines: number[];

  constructor(reader: Reader, { search, clock, signal }: Omit<QueryContext, "scanner">) {
    const stages = reader.log.stages.filter((stage) => !isBeyond(stage));
    this.#reader = reader;
    this.#names = stages.map(printStage);
    const pacer = new Pacer(clock, signal);
    const now = () => clock.now();
    this.#pacer = pacer;
    this.#beginnings = stages.map((_, index) => {
      const log = { ...reader.log, stages: stages.slice(0, index + 1) };
      const pipeline = compilePipeline(log, { search, now });
      return { pipeline, stretches: new Stretches({ clock, pacer }) };
    });
    this.#lines = stages.map(() => 0);
  }

  get measure(): PipelineMeasure {
    return { stages: this.#names.map((stage, index) => ({ stage, lines: this.#lines[index]! })) };
  }

  async take({ stream, block }: StreamBlock): Promise<void> {
    const rows = rowsWithin(block, this.#reader.from, this.#reader.through);
    if (rows.first === rows.end) return;
    for (const [index, { pipeline, stretches }] of this.#beginnings.entries()) {
      const { count } = await stretches.survivors(pipeline.forStream(stream), block, rows);
      await this.#pacer.step();
      this.#lines[index]! += count;
      if (count === 0) return;
    }
  }
}

function addTo(total: ScanStats, { warnings, ...counts }: ScanStats): void {
  for (const [name, count] of Object.entries(counts) as [keyof typeof counts, number][]) {
    total[name] += count;
  }
  for (const text of warnings) addWarning(total, text);
}
