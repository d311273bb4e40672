/** `label_replace(v, target, replacement, source, pattern)` (spec query-evaluation §6.4). */
import { byName, labelValue, printLabels } from "../../labels/labels.ts";
import { LimitExceeded } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import { compileRegex, type Regex } from "../../regex/regex.ts";
import type { LabelReplaceNode } from "../plan/nodes.ts";
import type { Budget } from "./budget.ts";
import type { Pacer } from "./pacer.ts";
import type { Series, SeriesBatches } from "./series.ts";

/** UTF-16 units of a value that is made. Loki has no bound; labels of streams are a thousandth of this. */
const VALUE_MAX = 1 << 20;

export async function* replaceLabels(
  node: LabelReplaceNode,
  inner: SeriesBatches,
  { budget, pacer }: { budget: Budget; pacer: Pacer },
): AsyncGenerator<readonly Series[]> {
  const regex = compileRegex(node.pattern, { anchored: true });
  for await (const batch of inner) {
    const out: Series[] = [];
    for (const series of batch) {
      const labels = replaced(series.labels, node, regex);
      if (labels === series.labels) out.push(series);
      else {
        const key = printLabels(labels);
        budget.hold(2 * key.length);
        out.push({ ...series, labels, key });
      }
      const turn = pacer.step();
      if (turn !== undefined) await turn;
    }
    yield out;
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
  let size = template.length;
  return template.replace(VARIABLE, (all, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return all === "$$" ? "$" : all;
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name);
    const text = groups[index] ?? "";
    size += text.length;
    if (size > VALUE_MAX) {
      throw new LimitExceeded(
        "label_replace_size",
        `label_replace makes a value of more than ${VALUE_MAX} characters, the limit label_replace_size`,
      );
    }
    return text;
  });
}
