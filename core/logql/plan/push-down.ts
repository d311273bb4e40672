/** What the index can answer of a query's stages. */
import type { Matcher } from "../../model/matcher.ts";
import type { LabelFilter, Stage } from "../syntax/ast.ts";

/**
 * Matchers that streams must pass for any of their lines to get through the stages. A label filter on
 * an untouched name is answered by the index where the stream has the label; a stream without it is
 * kept, since structured metadata or a parser may still bring it.
 */
export function indexMatchers(stages: readonly Stage[]): Matcher[] {
  const matchers: Matcher[] = [];
  for (const stage of stages) {
    if (stage.kind === "label-filter") matchers.push(...matchersOf(stage.filter));
    else if (!KEEPS_STREAM_LABELS.has(stage.kind)) break;
  }
  return matchers;
}

/** What parsers find under a stream label's name gets another name, so they leave stream labels alone. */
const KEEPS_STREAM_LABELS: ReadonlySet<Stage["kind"]> = new Set([
  "line-filter",
  "json",
  "logfmt",
  "regexp",
  "pattern",
  "unpack",
  "line-format",
  "decolorize",
]);

function matchersOf(filter: LabelFilter): Matcher[] {
  if (filter.kind === "and") return [...matchersOf(filter.left), ...matchersOf(filter.right)];
  if (filter.kind !== "string") return [];
  const { name, op, value } = filter.matcher;
  if (name.startsWith("__")) return [];
  // Regexes of label filters are not anchored like those of selectors, so they stay where they are.
  if (op === "!=" && value !== "") return [{ name, op, value }];
  if (op !== "=") return [];
  if (value === "") return [{ name, op, value }];
  return [{ name, op: "=~", value: `${escapeRegex(value)}|` }];
}

function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
