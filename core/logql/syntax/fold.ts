/** Chains without parentheses made into trees (spec logql §3.1, §3.3). No recursion: chains may be long. */
import { calculate, isSetOp } from "./arithmetic.ts";
import type { BinaryOp, Expr, LabelFilter, MetricExpr, VectorMatching } from "./ast.ts";
import { ParseError } from "./errors.ts";

export interface Operator {
  readonly op: BinaryOp;
  readonly bool: boolean;
  readonly matching?: VectorMatching;
}

const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "^": 6,
};

/** `operands[0] operators[0] operands[1] …` by precedence; `^` groups from the right, all others from the left. */
export function foldOperators(operands: readonly Expr[], operators: readonly Operator[]): Expr {
  return fold(operands, operators, combine, (last, next) => isFirst(last.op, next.op));
}

/** Whether in `a last b next c` the operator to the left takes b. */
export function isFirst(last: BinaryOp, next: BinaryOp): boolean {
  if (last === "^" && next === "^") return false;
  return PRECEDENCE[last] >= PRECEDENCE[next];
}

/** What stands between two label filters; "" is nothing at all. */
export type Joint = "and" | "or" | "," | "";

/**
 * A comma and mere neighbourhood mean `and`. They have no precedence in Loki's grammar, and its parser
 * then prefers to read on: what follows them, and what precedes them, groups to the right.
 */
export function foldFilters(
  filters: readonly LabelFilter[],
  joints: readonly Joint[],
): LabelFilter {
  const isNamed = (joint: Joint) => joint === "and" || joint === "or";
  return fold(
    filters,
    joints,
    (left, joint, right) => ({ kind: joint === "or" ? "or" : "and", left, right }),
    (last, next) => isNamed(last) && isNamed(next) && !(last === "or" && next === "and"),
  );
}

/** Joins from the left wherever `isLastFirst(last, next)`, and what then is left from the right. */
function fold<Item, Joint>(
  items: readonly Item[],
  joints: readonly Joint[],
  join: (left: Item, joint: Joint, right: Item) => Item,
  isLastFirst: (last: Joint, next: Joint) => boolean,
): Item {
  const open: Item[] = [items[0]!];
  const waiting: Joint[] = [];
  const joinLast = () => {
    const right = open.pop()!;
    open.push(join(open.pop()!, waiting.pop()!, right));
  };
  joints.forEach((joint, index) => {
    while (waiting.length > 0 && isLastFirst(waiting.at(-1)!, joint)) joinLast();
    waiting.push(joint);
    open.push(items[index + 1]!);
  });
  while (waiting.length > 0) joinLast();
  return open[0]!;
}

function combine(left: Expr, operator: Operator, right: Expr): MetricExpr {
  const { op } = operator;
  const [l, r] = [metricLeg(left, "left", op), metricLeg(right, "right", op)];
  if (isSetOp(op)) {
    refuseLiteral(l, "left", op);
    refuseLiteral(r, "right", op);
  } else if (l.kind === "literal" && r.kind === "literal") {
    return { kind: "literal", value: calculate(op, l.value, r.value) };
  }
  return { kind: "binary", ...operator, left: l, right: r };
}

function metricLeg(leg: Expr, side: "left" | "right", op: BinaryOp): MetricExpr {
  if (leg.kind !== "log") return leg;
  const type = leg.stages.length === 0 ? "MatchersExpr" : "PipelineExpr";
  throw new ParseError(
    `unexpected type for ${side} leg of binary operation (${op}): *syntax.${type}`,
  );
}

function refuseLiteral(leg: MetricExpr, side: "left" | "right", op: BinaryOp): void {
  if (leg.kind !== "literal") return;
  const value = leg.value.toFixed(6);
  throw new ParseError(
    `unexpected literal for ${side} leg of logical/set binary operation (${op}): ${value}`,
  );
}
