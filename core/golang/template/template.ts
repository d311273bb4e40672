/** Templates of line_format and label_format: `{{.level | ToUpper}}: {{.msg}}` (spec logql 10). */
import { compileRegex, type Regex } from "../../regex/regex.ts";
import { fieldsOf } from "./fields.ts";
import { hasFunction } from "./funcs.ts";
import type { CallContext } from "./functions.ts";
import { checkSize, Effort } from "./limits.ts";
import type { Node, PipeNode } from "./nodes.ts";
import { parseTemplate } from "./parse.ts";
import { runTemplate, type Source } from "./run.ts";
import { LabelMap, type TemplateData, type TemplateRow } from "./values.ts";

export interface Template {
  /** The labels that it names as fields. What it finds by `index` or `range` is not among them, as in Loki. */
  readonly fields: ReadonlySet<string>;
  /**
   * The text made of a row. Throws TemplateError with the engine's message when the template fails on
   * it, LimitExceeded when the template goes on for too long or its text grows too large.
   */
  execute(data: TemplateData, row: TemplateRow): string;
}

export interface TemplateOptions {
  /** The clock, Unix nanoseconds. Without one the moment of `now` is the entry's own. */
  readonly now?: () => bigint;
  /** What counts the work done for a row, when several templates share it. */
  readonly effort?: Effort;
}

/** `name` is what messages call it. Throws TemplateError in Go's words when the text is no template. */
export function compileTemplate(
  name: string,
  text: string,
  options: TemplateOptions = {},
): Template {
  const trees = parseTemplate(name, text, hasFunction);
  const fields = new Set([...trees.values()].flatMap((list) => [...fieldsOf(list)]));
  const parts = simpleParts(trees.get(name)!);
  if (parts !== undefined) return { fields, execute: (data) => joinParts(parts, data) };
  const source: Source = { name, text, trees };
  const regex = regexCache();
  return {
    fields,
    execute(data, row) {
      const now = options.now ?? (() => row.timeNs);
      const effort = options.effort ?? new Effort();
      const context: CallContext = { row, now, regex, effort };
      return runTemplate(source, new LabelMap(data), context);
    },
  };
}

/** Text, and labels by name. */
type Part = { readonly text: string } | { readonly label: string };

/** Most templates are text and `{{.label}}` only: they need no engine. */
function simpleParts(nodes: readonly Node[]): readonly Part[] | undefined {
  const parts: Part[] = [];
  for (const node of nodes) {
    if (node.kind === "text") parts.push({ text: node.text });
    else {
      const label = node.kind === "action" ? labelOf(node.pipe) : undefined;
      if (label === undefined) return undefined;
      parts.push({ label });
    }
  }
  return parts;
}

function labelOf({ variables, commands }: PipeNode): string | undefined {
  const args = commands.length === 1 && variables.length === 0 ? commands[0]!.args : [];
  const [field] = args;
  const isLabel = args.length === 1 && field?.kind === "field" && field.names.length === 1;
  return isLabel ? field.names[0] : undefined;
}

function joinParts(parts: readonly Part[], data: TemplateData): string {
  let out = "";
  for (const part of parts) {
    out += "text" in part ? part.text : (data.get(part.label) ?? "");
    checkSize(out.length);
  }
  return out;
}

/** Patterns that come from labels may be many: the cache starts anew when it is full. */
const PATTERNS_MAX = 64;

function regexCache(): (pattern: string) => Regex {
  const known = new Map<string, Regex>();
  return (pattern) => {
    let regex = known.get(pattern);
    if (regex === undefined) {
      regex = compileRegex(pattern);
      if (known.size >= PATTERNS_MAX) known.clear();
      known.set(pattern, regex);
    }
    return regex;
  };
}
