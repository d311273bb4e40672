/** Parse tree → tree: matchers and label filters. */
import type { Matcher, MatchOp } from "../../model/matcher.ts";
import type { CompareOp, LabelFilter } from "./ast.ts";
import { checkMatcher } from "./check-text.ts";
import { foldFilters, type Joint } from "./fold.ts";
import { items, optional, type Parsed, part, parts, ruleOf, textOf } from "./node.ts";
import { readBytes, readDuration, readNumber } from "./values.ts";

export function buildSelector(selector: Parsed): Matcher[] {
  return items(part(selector, 1)).map(buildMatcher);
}

export function buildMatcher(matcher: Parsed): Matcher {
  const [name, op, value] = parts(matcher) as [Parsed, Parsed, Parsed];
  const built = { name: textOf(name), op: textOf(op) as MatchOp, value: textOf(value) };
  checkMatcher(built);
  return built;
}

export function buildFilter(filter: Parsed): LabelFilter {
  const [first, joints, others] = parts(filter) as [Parsed, Parsed, Parsed];
  return foldFilters(
    [first, ...parts(others)].map(buildCondition),
    parts(joints).map((joint) => {
      const present = optional(joint);
      return present === undefined ? "" : (textOf(present).toLowerCase() as Joint);
    }),
  );
}

function buildCondition(condition: Parsed): LabelFilter {
  const chosen = part(condition, 0);
  const [first, op, third] = parts(chosen) as [Parsed, Parsed, Parsed];
  switch (ruleOf(chosen)) {
    case "condition_group":
      return buildFilter(op);
    case "condition_ip":
      return {
        kind: "ip",
        name: textOf(first),
        op: textOf(op) as "=" | "!=",
        pattern: textOf(part(chosen, 4)),
      };
    case "condition_matcher":
      return { kind: "string", matcher: buildMatcher(first) };
    default:
      return buildComparison(textOf(first), textOf(op), part(third, 0));
  }
}

function buildComparison(name: string, opText: string, quantity: Parsed): LabelFilter {
  const op = opText === "=" ? "==" : (opText as CompareOp);
  const text = textOf(quantity);
  switch (ruleOf(quantity)) {
    case "quantity_duration":
      return { kind: "duration", name, op, value: readDuration(text)! };
    case "quantity_bytes":
      return { kind: "bytes", name, op, value: readBytes(text)! };
    default:
      return { kind: "number", name, op, value: buildNumber(quantity, "float") };
  }
}

/** The value of `sign? number`. */
export function buildNumber(number: Parsed, what: string): number {
  const [sign, digits] = parts(number) as [Parsed, Parsed];
  const value = readNumber(textOf(digits), what);
  const minus = optional(sign);
  return minus !== undefined && textOf(minus) === "-" ? -value : value;
}
