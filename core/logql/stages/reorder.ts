/**
 * The order in which stages run (spec logql §7.1): line filters before everything else that does not
 * change the line. `decolorize` changes it and is passed over all the same, as users of Loki see.
 */
import type { BeyondStage, LineFilterStage, Stage } from "../syntax/ast.ts";

export type LokiStage = Exclude<Stage, BeyondStage>;
export type WorkStage = Exclude<LokiStage, LineFilterStage>;

/** Stages that give a new line: filters behind them see that one. */
const BARRIERS: ReadonlySet<Stage["kind"]> = new Set(["line-format", "unpack"]);

/** Some line filters, and the stages that come after them. */
export interface Segment {
  readonly filters: readonly LineFilterStage[];
  readonly work: readonly WorkStage[];
}

export function reorder(stages: readonly LokiStage[]): Segment[] {
  const segments: { filters: LineFilterStage[]; work: WorkStage[] }[] = [];
  let open = { filters: [] as LineFilterStage[], work: [] as WorkStage[] };
  for (const stage of stages) {
    if (stage.kind === "line-filter") open.filters.push(stage);
    else open.work.push(stage);
    if (!BARRIERS.has(stage.kind)) continue;
    segments.push(open);
    open = { filters: [], work: [] };
  }
  segments.push(open);
  return segments;
}

const BEYOND: ReadonlySet<string> = new Set(["distinct", "sort", "first", "last"]);

export function isBeyond(stage: Stage): stage is BeyondStage {
  return BEYOND.has(stage.kind);
}

/** What reads the line: a template before it matters. */
const READERS: ReadonlySet<Stage["kind"]> = new Set([
  "line-filter",
  "json",
  "logfmt",
  "regexp",
  "pattern",
  "unpack",
]);

/** Without the `line_format`s that nothing reads: for metrics that do not look at lines. */
export function withoutIdleFormats(stages: readonly LokiStage[]): LokiStage[] {
  const lastReader = stages.findLastIndex((stage) => READERS.has(stage.kind));
  return stages.filter((stage, index) => stage.kind !== "line-format" || index < lastReader);
}
