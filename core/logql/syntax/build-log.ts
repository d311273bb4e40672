/** Parse tree → tree: log queries and their stages. */
import type { Extraction, LabelFormat, LineFilterOp, LogExpr, NamesStage, Stage } from "./ast.ts";
import { buildFilter, buildMatcher, buildSelector } from "./build-filter.ts";
import { checkLimit, checkPatternParser, checkRegexpParser } from "./check-text.ts";
import { items, optional, type Parsed, part, parts, ruleOf, textOf } from "./node.ts";

export function buildLog(log: Parsed): LogExpr {
  const [selector, stages] = parts(log) as [Parsed, Parsed];
  return { kind: "log", matchers: buildSelector(selector), stages: parts(stages).map(buildStage) };
}

export function buildStage(stage: Parsed): Stage {
  const chosen = part(stage, 0);
  if (ruleOf(chosen) === "stage_pipe") return buildPipe(part(part(chosen, 1), 0));
  const [op, first, , others] = parts(chosen) as [Parsed, Parsed, Parsed, Parsed];
  return {
    kind: "line-filter",
    op: textOf(op) as LineFilterOp,
    ...buildFilterText(first),
    or: parts(others).map(buildFilterText),
  };
}

function buildFilterText(text: Parsed): { match: string; ip: boolean } {
  const chosen = part(text, 0);
  const ip = ruleOf(chosen) === "filterText_ip";
  return { match: textOf(ip ? part(chosen, 2) : chosen), ip };
}

/** `pipe` is a case of the rule of that name. */
function buildPipe(pipe: Parsed): Stage {
  const second = pipe.node.numChildren > 1 ? part(pipe, 1) : pipe;
  switch (ruleOf(pipe)) {
    case "pipe_json": {
      const extractions = items(part(pipe, 2)).map(buildExtraction);
      const hasFlag = optional(second) !== undefined;
      return hasFlag ? { kind: "json", extractions, arrays: true } : { kind: "json", extractions };
    }
    case "pipe_logfmt": {
      const flags = parts(second).map(textOf);
      return {
        kind: "logfmt",
        strict: flags.includes("--strict"),
        keepEmpty: flags.includes("--keep-empty"),
        extractions: items(part(pipe, 2)).map(buildExtraction),
      };
    }
    case "pipe_regexp":
      return { kind: "regexp", pattern: checkRegexpParser(textOf(second)) };
    case "pipe_pattern":
      return { kind: "pattern", pattern: checkPatternParser(textOf(second)) };
    case "pipe_unpack":
      return { kind: "unpack" };
    case "pipe_lineFormat":
      return { kind: "line-format", template: textOf(second) };
    case "pipe_labelFormat":
      return { kind: "label-format", formats: items(second).map(buildFormat) };
    case "pipe_decolorize":
      return { kind: "decolorize" };
    case "pipe_names":
      return {
        kind: textOf(pipe).toLowerCase() as "drop" | "keep",
        names: items(second).map(buildSelected),
      };
    case "pipe_distinct":
      return { kind: "distinct", names: items(second).map(textOf) };
    case "pipe_sort":
      return { kind: "sort", by: items(part(pipe, 2)).map(buildSortKey) };
    case "pipe_limit":
      return {
        kind: textOf(pipe).toLowerCase() as "first" | "last",
        count: checkLimit(textOf(pipe).toLowerCase(), textOf(second)),
      };
    default:
      return { kind: "label-filter", filter: buildFilter(part(pipe, 0)) };
  }
}

function buildExtraction(extraction: Parsed): Extraction {
  const [name, , path] = parts(extraction) as [Parsed, Parsed, Parsed];
  const given = optional(path);
  return { name: textOf(name), path: textOf(given ?? name) };
}

function buildFormat(format: Parsed): LabelFormat {
  const [name, , source] = parts(format) as [Parsed, Parsed, Parsed];
  return ruleOf(source) === "name"
    ? { kind: "rename", name: textOf(name), source: textOf(source) }
    : { kind: "template", name: textOf(name), template: textOf(source) };
}

function buildSelected(selected: Parsed): NamesStage["names"][number] {
  const chosen = part(selected, 0);
  if (ruleOf(chosen) === "name") return { name: textOf(chosen) };
  const matcher = buildMatcher(chosen);
  return { name: matcher.name, matcher };
}

function buildSortKey(key: Parsed): { name: string; descending: boolean } {
  const [name, order] = parts(key) as [Parsed, Parsed];
  const given = optional(order);
  return {
    name: textOf(name),
    descending: given !== undefined && textOf(given).toLowerCase() === "desc",
  };
}
