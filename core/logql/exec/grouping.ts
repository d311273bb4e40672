/** The labels by which series are put together. */
import { type Labels, METRIC_NAME } from "../../model/labels.ts";
import type { Grouping, VectorMatching } from "../syntax/ast.ts";

/** The labels that a grouping keeps. A listed label that is not there is left out, not empty. */
export function groupLabels(labels: Labels, { without, names }: Grouping): Labels {
  return without
    ? labels.filter(([name]) => name !== METRIC_NAME && !names.includes(name))
    : labels.filter(([name]) => names.includes(name));
}

/** The labels that two samples must have in common to match. */
export function signatureLabels(labels: Labels, { on, names }: VectorMatching): Labels {
  return labels.filter(([name]) => names.includes(name) === on);
}
