/** How much a stage has to do with a row, roughly: for those who must give others their turn. */
import type { LabelFilter } from "../syntax/ast.ts";
import type { LokiStage } from "./reorder.ts";

/** One for each thing that looks at the line or at labels. */
export function stepsOf(stage: LokiStage): number {
  switch (stage.kind) {
    case "line-filter":
      return 1 + stage.or.length;
    case "json":
    case "logfmt":
      return 1 + stage.extractions.length;
    case "label-filter":
      return filtersOf(stage.filter);
    case "label-format":
      return stage.formats.length;
    case "drop":
    case "keep":
      return 1 + stage.names.length;
    default:
      return 1;
  }
}

function filtersOf(filter: LabelFilter): number {
  if (filter.kind !== "and" && filter.kind !== "or") return 1;
  return filtersOf(filter.left) + filtersOf(filter.right);
}
