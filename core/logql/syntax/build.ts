/** Parse tree → tree: metric queries, and the query as a whole. */
import { parsePromDuration } from "../../golang/duration.ts";
import { assert } from "../../model/errors.ts";
import type {
  BinaryOp,
  Expr,
  Grouping,
  LogExpr,
  LogRange,
  MetricExpr,
  RangeOp,
  Unwrap,
  VariantsExpr,
  VectorMatching,
  VectorOp,
} from "./ast.ts";
import { buildFilter, buildNumber, buildSelector } from "./build-filter.ts";
import { buildLog, buildStage } from "./build-log.ts";
import { rangeParameter, vectorParameter } from "./check.ts";
import { foldOperators, type Operator } from "./fold.ts";
import { items, optional, type Parsed, part, parts, ruleOf, textOf } from "./node.ts";
import { readDuration, readNumber } from "./values.ts";

export function buildQuery(query: Parsed): Expr {
  const chosen = part(query, 0);
  return ruleOf(chosen) === "variants" ? buildVariants(chosen) : buildExpr(chosen);
}

function buildExpr(expr: Parsed): Expr {
  const [first, operators, others] = parts(expr) as [Parsed, Parsed, Parsed];
  return foldOperators(
    [first, ...parts(others)].map(buildOperand),
    parts(operators).map(buildOperator),
  );
}

function buildMetric(metric: Parsed): MetricExpr {
  const built = buildExpr(part(metric, 0));
  assert(built.kind !== "log", "the grammar let a log query stand for a metric query");
  return built;
}

function buildOperand(operand: Parsed): Expr {
  const chosen = part(operand, 0);
  switch (ruleOf(chosen)) {
    case "operand_group":
      return buildExpr(part(chosen, 1));
    case "log":
      return buildLog(chosen);
    case "rangeAggregation":
      return buildRangeAggregation(chosen);
    case "vectorAggregation":
      return buildVectorAggregation(part(chosen, 0));
    case "labelReplace":
      return buildLabelReplace(chosen);
    case "vector":
      return {
        kind: "vector",
        value: readNumber(textOf(part(chosen, 2)), "vectorExpr as a float"),
      };
    default:
      return { kind: "literal", value: buildNumber(chosen, "literal as a float") };
  }
}

function buildLabelReplace(call: Parsed): MetricExpr {
  const text = (index: number) => textOf(part(call, index));
  return {
    kind: "label-replace",
    inner: buildMetric(part(call, 2)),
    target: text(4),
    replacement: text(6),
    source: text(8),
    pattern: text(10),
  };
}

function buildVariants(call: Parsed): VariantsExpr {
  return {
    kind: "variants",
    variants: items(part(call, 2)).map(buildMetric),
    of: buildRange(part(call, 6)),
  };
}

function buildRangeAggregation(call: Parsed): MetricExpr {
  const [name, , parameter, range, , grouping] = parts(call) as Parsed[];
  const op = textOf(name!).toLowerCase() as RangeOp;
  return {
    kind: "range",
    op,
    range: buildRange(range!),
    ...rangeParameter(op, parameterText(parameter!)),
    ...groupingOf(optional(grouping!)),
  };
}

/** The grouping stands before the parenthesis or after it; `call` is the case of the rule. */
function buildVectorAggregation(call: Parsed): MetricExpr {
  const children = parts(call);
  const grouping =
    ruleOf(call) === "vectorAggregation_before"
      ? children.splice(1, 1)[0]
      : optional(children.at(-1)!);
  const [name, , parameter, inner] = children;
  const op = textOf(name!).toLowerCase() as VectorOp;
  return {
    kind: "vector-aggregation",
    op,
    inner: buildMetric(inner!),
    ...vectorParameter(op, parameterText(parameter!)),
    ...groupingOf(grouping),
  };
}

function parameterText(parameter: Parsed): string | undefined {
  const given = optional(parameter);
  return given && textOf(given);
}

function groupingOf(grouping: Parsed | undefined): { grouping?: Grouping } {
  if (grouping === undefined) return {};
  const [word, names] = parts(grouping) as [Parsed, Parsed];
  const without = textOf(word).toLowerCase() === "without";
  return { grouping: { without, names: namesOf(names) } };
}

function namesOf(names: Parsed): string[] {
  return items(part(names, 1)).map(textOf);
}

function buildRange(range: Parsed): LogRange {
  const chosen = part(range, 0);
  const child = (index: number) => part(chosen, index);
  switch (ruleOf(chosen)) {
    case "range_group":
      return buildRange(child(1));
    case "range_bareGroup":
      return rangeOf(bareLog(child(1)), child(3), child(4));
    case "range_logGroup":
      return rangeOf(buildLog(child(1)), child(4), child(2));
    case "range_early": {
      const stages = parts(child(2)).map(buildStage);
      return rangeOf({ ...bareLog(child(0)), stages }, child(1), child(3));
    }
    default:
      return rangeOf(buildLog(child(0)), child(2), child(1));
  }
}

function bareLog(selector: Parsed): LogExpr {
  return { kind: "log", matchers: buildSelector(selector), stages: [] };
}

function rangeOf(log: LogExpr, window: Parsed, unwrap: Parsed): LogRange {
  const [range, offset] = parts(window) as [Parsed, Parsed];
  const shift = optional(offset);
  const given = optional(unwrap);
  return {
    log,
    ...(given && { unwrap: buildUnwrap(given) }),
    range: parsePromDuration(textOf(range)),
    offset: shift === undefined ? 0n : readDuration(textOf(part(shift, 1)))!,
  };
}

function buildUnwrap(unwrap: Parsed): Unwrap {
  const chosen = part(part(unwrap, 2), 0);
  const filters = parts(part(unwrap, 4)).map(buildFilter);
  if (ruleOf(chosen) === "unwrapped_plain") return { name: textOf(chosen), filters };
  return {
    name: textOf(part(chosen, 2)),
    conversion: textOf(chosen).toLowerCase() as "bytes" | "duration" | "duration_seconds",
    filters,
  };
}

function buildOperator(operator: Parsed): Operator {
  const [op, bool, matching] = parts(operator) as [Parsed, Parsed, Parsed];
  const given = optional(matching);
  return {
    op: textOf(op).toLowerCase() as BinaryOp,
    bool: optional(bool) !== undefined,
    ...(given && { matching: buildMatching(given) }),
  };
}

function buildMatching(matching: Parsed): VectorMatching {
  const [word, names, group] = parts(matching) as [Parsed, Parsed, Parsed];
  const base = { on: textOf(word).toLowerCase() === "on", names: namesOf(names) };
  const given = optional(group);
  if (given === undefined) return { ...base, card: "one-to-one", include: [] };
  const isLeft = textOf(given).toLowerCase() === "group_left";
  const included = part(part(given, 1), 0);
  return {
    ...base,
    card: isLeft ? "many-to-one" : "one-to-many",
    include: ruleOf(included) === "groupNames_some" ? namesOf(part(included, 0)) : [],
  };
}
