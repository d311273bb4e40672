/** Metric queries: samples of all blocks into range aggregations, and those through the tree of the plan. */
import type { StreamBlock, StreamId } from "../../model/block.ts";
import type { QueryResult } from "../../model/result.ts";
import type { MetricPlan } from "../plan/plan.ts";
import type { Read, Scan } from "../plan/scans.ts";
import { stepTimeMs } from "../plan/steps.ts";
import { compileExtractor, type Extractor, type StreamExtractor } from "../stages/extract.ts";
import type { Budget } from "./budget.ts";
import type { QueryContext } from "./context.ts";
import { constantSeries, evaluateNode } from "./evaluate-node.ts";
import { LeafRun } from "./leaf.ts";
import { Pacer } from "./pacer.ts";
import { matrixOf, vectorOf } from "./result.ts";
import { rowsWithin } from "./window.ts";

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
  const runs = reads.map((read) => new ReadRun(read, leaves, context));
  const request = {
    matchers,
    from,
    through,
    direction: "forward",
    stats: context.stats,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  } as const;
  for await (const block of context.scanner.scan(request)) {
    await pacer.step();
    for (const run of runs) run.take(block);
  }
}

/** One run of stages, and the leaves that take its samples. */
class ReadRun {
  readonly #read: Read;
  readonly #leaves: readonly LeafRun[];
  readonly #context: QueryContext;
  readonly #extractor: Extractor;
  readonly #extractors = new Map<StreamId, StreamExtractor>();

  constructor(read: Read, leaves: readonly LeafRun[], context: QueryContext) {
    this.#read = read;
    this.#leaves = read.leaves.map((leaf) => leaves[leaf]!);
    this.#context = context;
    this.#extractor = compileExtractor(read.aggregation, { search: context.search });
  }

  take({ stream, block }: StreamBlock): void {
    const range = rowsWithin(block, this.#read.from, this.#read.through);
    if (range.first === range.end) return;
    let extractor = this.#extractors.get(stream);
    if (extractor === undefined) {
      extractor = this.#extractor.forStream(stream);
      this.#extractors.set(stream, extractor);
    }
    const samples = extractor.run(block, range);
    this.#context.stats.postFilterLines += samples.count;
    for (const leaf of this.#leaves) leaf.take(stream, block, samples);
  }
}
