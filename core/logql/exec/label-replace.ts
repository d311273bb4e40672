/** `label_replace(v, target, replacement, source, pattern)` (spec query-evaluation §6.4). */
import { byName, labelValue, printLabels } from "../../labels/labels.ts";
import type { Labels } from "../../model/labels.ts";
import { compileRegex, type Regex } from "../../regex/regex.ts";
import type { LabelReplaceNode } from "../plan/nodes.ts";
import type { Series, SeriesBatches } from "./series.ts";

export async function* replaceLabels(
  node: LabelReplaceNode,
  inner: SeriesBatches,
): AsyncGenerator<readonly Series[]> {
  const regex = compileRegex(node.pattern, { anchored: true });
  for await (const batch of inner) {
    yield batch.map((series) => {
      const labels = replaced(series.labels, node, regex);
      return labels === series.labels ? series : { ...series, labels, key: printLabels(labels) };
    });
  }
}

function replaced(
  labels: Labels,
  { target, replacement, source }: LabelReplaceNode,
  regex: Regex,
): Labels {
  const groups = regex.exec(labelValue(labels, source));
  if (groups === undefined) return labels;
  const value = expand(replacement, groups, regex.groupNames);
  const others = labels.filter(([name]) => name !== target);
  return value === "" ? others : [...others, [target, value] as const].sort(byName);
}

const VARIABLE = /\$(?:\$|\{(\w+)\}|(\w+))/g;

/**
 * Go's template of a replacement: `$1`, `${1}` and `$name` are groups, empty when there is none; `$$`
 * is a dollar sign. A name is as long as can be, so `$1x` is the group `1x`.
 */
function expand(
  template: string,
  groups: readonly (string | undefined)[],
  names: readonly string[],
): string {
  return template.replace(VARIABLE, (all, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return all === "$$" ? "$" : all;
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name);
    return groups[index] ?? "";
  });
}
