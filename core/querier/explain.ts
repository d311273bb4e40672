/** Explains a query: its plan with what the index says it would touch, and on demand what it did touch. */
import { printBinarySize } from "../golang/bytes-size.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { runPlan } from "../logql/exec/engine.ts";
import { explainPlan, planToJson } from "../logql/plan/explain.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import type { Expr } from "../logql/syntax/ast.ts";
import type { QueryResult } from "../model/result.ts";
import type { Explanation, IndexStats } from "../ports/query-service.ts";
import { checkBytesRead, type EstimateParts, estimate, readingsOf } from "./estimate.ts";
import { planWithin } from "./limits-behind.ts";
import { MeasuringScanner, type ScanMeasure } from "./measure.ts";

export interface ExplainParts extends EstimateParts {
  readonly expr: Expr;
  readonly params: QueryParams;
  readonly context: QueryContext;
  readonly analyze: boolean;
}

export async function explainQuery(parts: ExplainParts): Promise<Explanation> {
  const { expr, params, context, analyze } = parts;
  const plan = planWithin(expr, params, context.clock.now());
  const estimates: IndexStats[] = [];
  for (const reading of readingsOf(plan)) estimates.push(await estimate(reading, parts));
  const hints = estimates.map((hint) => [printEstimate(hint)]);
  const json = { plan: planToJson(plan), estimates };
  if (!analyze) return { text: explainPlan(plan, hints), json };

  await checkBytesRead(readingsOf(plan), params.limits, parts);
  const { clock } = context;
  const scanner = new MeasuringScanner(context.scanner, plan, context);
  const started = clock.ticksMs();
  const result = await runPlan(plan, params.limits, { ...context, scanner });
  const ms = clock.ticksMs() - started;
  const { measures } = scanner;
  const notes = hints.map((hint, index) => {
    const measure = measures[index];
    return measure === undefined ? [...hint, "did not read"] : [...hint, ...printMeasure(measure)];
  });
  const found = countOf(result);
  const { warnings } = context.stats;
  const text = [
    explainPlan(plan, notes),
    `gave ${found} in ${printMs(ms)}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
  return { text, json: { ...json, analysis: { ms, found, warnings, scans: measures } } };
}

function printEstimate({ streams, chunks, entries, bytes }: IndexStats): string {
  const size = printBinarySize(bytes);
  return `would read ${streams} streams, ${chunks} chunks, ${entries} lines, ${size}`;
}

function* printMeasure(measure: ScanMeasure): Generator<string> {
  const { stats, streams, blocks, lines, readMs, workMs, pipelines } = measure;
  const chunks = stats.chunksDownloaded + stats.ingesterChunks;
  const bytes = printBinarySize(stats.headBytes + stats.decompressedBytes);
  const fetched = printBinarySize(stats.compressedBytes);
  yield `did read ${streams} streams, ${chunks} chunks, ${blocks} blocks, ` +
    `${stats.headLines + stats.decompressedLines} lines, ${bytes} (${fetched} compressed), ` +
    `${stats.duplicates} repeats; ${printMs(readMs)} reading, ${printMs(workMs)} working`;
  for (const { stages } of pipelines) {
    const left = stages.map((stage) => `${stage.lines} after ${stage.stage}`);
    yield [`${lines} lines in time`, ...left].join(", ");
  }
}

/** `12 lines`, `3 series`, `a number`. */
function countOf(result: QueryResult): string {
  switch (result.kind) {
    case "streams":
      return `${result.streams.reduce((sum, { entries }) => sum + entries.length, 0)} lines`;
    case "matrix":
      return `${result.series.length} series`;
    case "vector":
      return `${result.samples.length} series`;
    case "scalar":
      return "a number";
  }
}

function printMs(ms: number): string {
  return `${ms.toFixed(1)}ms`;
}
