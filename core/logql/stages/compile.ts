/** From the stages of a query to what runs: line filters for blocks first, then work row by row. */
import type { ByteSearch } from "../../ports/byte-search.ts";
import { DecolorizeStage } from "./decolorize.ts";
import { DropStage, KeepStage } from "./drop-keep.ts";
import type { Hints } from "./hints.ts";
import { JsonStage } from "./json.ts";
import { JsonExpressionStage } from "./json-expressions.ts";
import type { BuilderHints, LabelTest } from "./label-builder.ts";
import { compileLabelFilter, LabelFilterStage } from "./label-filter.ts";
import { LabelFormatStage } from "./label-format.ts";
import { compileLineFilter, type LineFilter, LineFilterRun } from "./line-filter.ts";
import { LineFormatStage } from "./line-format.ts";
import { LogfmtStage } from "./logfmt.ts";
import { LogfmtExpressionStage } from "./logfmt-expressions.ts";
import type { Names } from "./names.ts";
import { PatternStage } from "./pattern.ts";
import { RegexpStage } from "./regexp.ts";
import { type LokiStage, reorder, type Segment, type WorkStage } from "./reorder.ts";
import type { RowStage } from "./row.ts";
import { makeOf } from "./stage-error.ts";
import type { StageTemplateOptions } from "./template.ts";
import { UnpackStage } from "./unpack.ts";

export interface Program {
  /** For the lines as they are stored, a block at a time. */
  readonly filters: readonly LineFilter[];
  /** For each row that is left. */
  readonly work: readonly RowStage[];
}

interface Context {
  readonly search: ByteSearch;
  readonly hints: Hints;
  readonly names: Names;
  readonly templates: StageTemplateOptions;
}

/** Throws BadRequest in Loki's words when a stage cannot be built (spec logql-parse-errors §6). */
export function compileStages(stages: readonly LokiStage[], context: Context): Program {
  const [first, ...rest] = reorder(stages);
  const filters = first!.filters.map((stage) =>
    makeOf(stage, () => compileLineFilter(stage, context.search)),
  );
  const work = workOf(first!, context);
  for (const segment of rest) {
    for (const stage of segment.filters) {
      work.push(makeOf(stage, () => new LineFilterRun(compileLineFilter(stage, context.search))));
    }
    work.push(...workOf(segment, context));
  }
  return { filters, work };
}

/** Parsers whose labels nobody asks for are built, to see whether they can be, and left out. */
function workOf({ work }: Segment, context: Context): RowStage[] {
  const built = work.map((stage) => makeOf(stage, () => build(stage, context)));
  return built.filter((_, index) => !(context.hints.skip && PARSERS.has(work[index]!.kind)));
}

const PARSERS: ReadonlySet<WorkStage["kind"]> = new Set<WorkStage["kind"]>([
  "json",
  "logfmt",
  "regexp",
  "pattern",
  "unpack",
]);

/** The hints as the builder wants them: by number of name. */
export function builderHints(hints: Hints, names: Names): BuilderHints {
  const early: (LabelTest | undefined)[] = [];
  for (const [name, filter] of hints.early) {
    early[names.id(name)] = compileLabelFilter(filter, names);
  }
  const ids = [...(hints.wanted ?? [])].map((name) => names.id(name));
  const wanted = new Uint8Array(Math.max(0, ...ids) + 1);
  for (const id of ids) wanted[id] = 1;
  return {
    early: Array.from(early),
    wanted,
    wantedCount: ids.length,
    preserveErrors: hints.preserveErrors,
  };
}

function build(stage: WorkStage, { hints, names, templates }: Context): RowStage {
  switch (stage.kind) {
    case "json":
      return stage.extractions.length > 0
        ? new JsonExpressionStage(stage.extractions, names)
        : new JsonStage(hints, names, { arrays: stage.arrays ?? false });
    case "logfmt":
      return stage.extractions.length > 0
        ? new LogfmtExpressionStage(stage.extractions, names, stage)
        : new LogfmtStage(hints, names, stage);
    case "regexp":
      return new RegexpStage(stage.pattern, hints, names);
    case "pattern":
      return new PatternStage(stage.pattern, hints, names);
    case "unpack":
      return new UnpackStage(hints, names);
    case "label-filter":
      return new LabelFilterStage(compileLabelFilter(stage.filter, names));
    case "line-format":
      return new LineFormatStage(stage.template, templates);
    case "label-format":
      return new LabelFormatStage(stage.formats, names, templates);
    case "decolorize":
      return new DecolorizeStage();
    case "drop":
      return new DropStage(stage, names);
    case "keep":
      return new KeepStage(stage, names);
  }
}
