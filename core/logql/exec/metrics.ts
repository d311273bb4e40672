/** Metric queries: samples of all blocks into range aggregations, and those through the tree of the plan. */

import { rowsWithin } from "../../chunk/merge.ts";
import type { Block, StreamBlock, StreamId } from "../../model/block.ts";
import type { QueryResult } from "../../model/result.ts";
import type { MetricPlan } from "../plan/plan.ts";
import type { Read, Scan } from "../plan/scans.ts";
import { stepTimeMs } from "../plan/steps.ts";
import {
  compileExtractor,
  type Extractor,
  type Samples,
  type StreamExtractor,
} from "../stages/extract.ts";
import type { Budget } from "./budget.ts";
import type { QueryContext } from "./context.ts";
import { constantSeries, evaluateNode } from "./evaluate-node.ts";
import { LeafRun } from "./leaf.ts";
import { Pacer } from "./pacer.ts";
import { matrixOf, vectorOf } from "./result.ts";
import { Stretches } from "./stretches.ts";

export async function runMetrics(
  plan: MetricPlan,
  context: QueryContext,
  budget: Budget,
): Promise<QueryResult> {
  const { root, steps, instant } = plan;
  if (root.kind === "constant") {
    if (instant) return { kind: "scalar", timeMs: stepTimeMs(steps, 0), value: root.value };
    return matrixOf(plan, constantSeries(root.value, steps.count), budget);
  }
  const leaves = plan.leaves.map((leaf) => new LeafRun(leaf, steps, (bytes) => budget.hold(bytes)));
  const pacer = new Pacer(context.clock, context.signal);
  for (const scan of plan.scans) await readScan(scan, leaves, { context, pacer });
  const series = evaluateNode(root, { leaves, stepCount: steps.count, instant, budget, pacer });
  return instant ? vectorOf(plan, series, budget) : matrixOf(plan, series, budget);
}

async function readScan(
  { matchers, from, through, reads }: Scan,
  leaves: readonly LeafRun[],
  { context, pacer }: { context: QueryContext; pacer: Pacer },
): Promise<void> {
  const runs = reads.map((read) => {
    const stretches = new Stretches({ clock: context.clock, pacer });
    return new ReadRun(read, leaves, { context, stretches });
  });
  const request = {
    matchers,
    from,
    through,
    direction: "forward",
    stats: context.stats,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  } as const;
  for await (const block of context.scanner.scan(request)) {
    for (const run of runs) {
      const work = run.take(block);
      if (work !== undefined) await work;
      await pacer.step();
    }
  }
}

/** One run of stages, and the leaves that take its samples. */
class ReadRun {
  readonly #read: Read;
  readonly #leaves: readonly LeafRun[];
  readonly #context: QueryContext;
  readonly #stretches: Stretches;
  readonly #extractor: Extractor;
  readonly #extractors = new Map<StreamId, StreamExtractor>();

  constructor(
    read: Read,
    leaves: readonly LeafRun[],
    { context, stretches }: { context: QueryContext; stretches: Stretches },
  ) {
    const { search, clock } = context;
    this.#read = read;
    this.#leaves = read.leaves.map((leaf) => leaves[leaf]!);
    this.#context = context;
    this.#stretches = stretches;
    this.#extractor = compileExtractor(read.aggregation, { search, now: () => clock.now() });
  }

  /** A promise when there is something to wait for. */
  take({ stream, block }: StreamBlock): Promise<void> | undefined {
    const range = rowsWithin(block, this.#read.from, this.#read.through);
    if (range.first === range.end) return undefined;
    let extractor = this.#extractors.get(stream);
    if (extractor === undefined) {
      extractor = this.#extractor.forStream(stream);
      this.#extractors.set(stream, extractor);
    }
    const samples = this.#stretches.samples(extractor, block, range);
    if (samples instanceof Promise) return samples.then((all) => this.#give(stream, block, all));
    this.#give(stream, block, samples);
    return undefined;
  }

  #give(stream: StreamId, block: Block, samples: Samples): void {
    this.#context.stats.postFilterLines += samples.count;
    for (const leaf of this.#leaves) leaf.take(stream, block, samples);
  }
}
