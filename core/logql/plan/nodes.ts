/** The part of a metric plan that puts numbers together: a tree whose ends are leaves and constants. */
import { labelsOf } from "../../labels/labels.ts";
import { Bug } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import type { Matcher } from "../../model/matcher.ts";
import { pushGrouping } from "../stages/extract.ts";
import { calculate, isSetOp, type NumberOp, type SetOp } from "../syntax/arithmetic.ts";
import type {
  BinaryExpr,
  Grouping,
  LabelReplaceExpr,
  MetricExpr,
  RangeAggregation,
  VariantsExpr,
  VectorAggregation,
  VectorMatching,
  VectorOp,
} from "../syntax/ast.ts";
import { NO_REAL_MATCHER } from "../syntax/check.ts";
import { ParseError } from "../syntax/errors.ts";
import type { LeafSet } from "./scans.ts";

export type Node = VectorNode | ConstantNode;

/** Gives series. */
export type VectorNode =
  | { readonly kind: "leaf"; readonly leaf: number }
  /** 1 at each step at which the leaf has no samples at all. */
  | { readonly kind: "absent"; readonly leaf: number; readonly labels: Labels }
  | AggregateNode
  | ScalarNode
  | MatchNode
  | SetNode
  | LabelReplaceNode
  | { readonly kind: "vector"; readonly value: number }
  /** Each variant's series with its place as `__variant__`. */
  | { readonly kind: "variants"; readonly variants: readonly VectorNode[] };

/** A number, the same at every step. */
export interface ConstantNode {
  readonly kind: "constant";
  readonly value: number;
}

export interface AggregateNode {
  readonly kind: "aggregate";
  readonly op: VectorOp;
  readonly parameter?: number;
  readonly grouping: Grouping;
  readonly inner: VectorNode;
}

/** A vector and a number; `side` is where the number stands. */
export interface ScalarNode {
  readonly kind: "scalar";
  readonly op: NumberOp;
  readonly bool: boolean;
  readonly scalar: number;
  readonly side: "left" | "right";
  readonly inner: VectorNode;
}

/** Two vectors, sample by sample. */
export interface MatchNode {
  readonly kind: "match";
  readonly op: NumberOp;
  readonly bool: boolean;
  readonly matching: VectorMatching;
  readonly left: VectorNode;
  readonly right: VectorNode;
}

export interface SetNode {
  readonly kind: "set";
  readonly op: SetOp;
  readonly matching: VectorMatching;
  readonly left: VectorNode;
  readonly right: VectorNode;
}

export interface LabelReplaceNode {
  readonly kind: "label-replace";
  readonly target: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
  readonly inner: VectorNode;
}

/** The node of an expression; its range aggregations go into `leaves`. */
export function nodeOf(expr: MetricExpr, leaves: LeafSet): Node {
  switch (expr.kind) {
    case "range":
      return rangeNode(expr, leaves);
    case "vector-aggregation":
      return aggregateNode(expr, leaves);
    case "binary":
      return binaryNode(expr, leaves);
    case "literal":
      return { kind: "constant", value: expr.value };
    case "vector":
      return { kind: "vector", value: expr.value };
    case "label-replace":
      return labelReplaceNode(expr, leaves);
    case "variants":
      return variantsNode(expr, leaves);
  }
}

function rangeNode(expr: RangeAggregation, leaves: LeafSet): VectorNode {
  const leaf = leaves.add(expr);
  if (expr.op !== "absent_over_time") return { kind: "leaf", leaf };
  return { kind: "absent", leaf, labels: absentLabels(expr.range.log.matchers) };
}

/** What the selector says the missing series would be called: names asked for by one `=` and nothing else. */
function absentLabels(matchers: readonly Matcher[]): Labels {
  return labelsOf(
    matchers
      .filter(
        ({ name, op }) =>
          op === "=" && matchers.filter((other) => other.name === name).length === 1,
      )
      .map(({ name, value }) => [name, value]),
  );
}

function aggregateNode(expr: VectorAggregation, leaves: LeafSet): VectorNode {
  const { op, parameter, grouping = EVERYTHING } = expr;
  return {
    kind: "aggregate",
    op,
    ...(parameter === undefined ? {} : { parameter }),
    grouping,
    // Adding up by stream and then by group is adding up by group, which needs fewer labels.
    inner: vectorOf(pushGrouping(expr) ?? expr.inner, leaves),
  };
}

/** One group. */
const EVERYTHING: Grouping = { without: false, names: [] };

function binaryNode({ op, bool, matching, ...sides }: BinaryExpr, leaves: LeafSet): Node {
  const [left, right] = [nodeOf(sides.left, leaves), nodeOf(sides.right, leaves)];
  if (isSetOp(op)) {
    if (left.kind === "constant" || right.kind === "constant") {
      throw new Bug(`a number beside ${op} got past the parser`);
    }
    return { kind: "set", op, matching: matching ?? ALL_LABELS, left, right };
  }
  if (left.kind === "constant") {
    if (right.kind === "constant") {
      return { kind: "constant", value: calculate(op, left.value, right.value) };
    }
    return { kind: "scalar", op, bool, scalar: left.value, side: "left", inner: right };
  }
  if (right.kind === "constant") {
    return { kind: "scalar", op, bool, scalar: right.value, side: "right", inner: left };
  }
  return { kind: "match", op, bool, matching: matching ?? ALL_LABELS, left, right };
}

/** Samples match when all their labels are equal. */
const ALL_LABELS: VectorMatching = { on: false, names: [], card: "one-to-one", include: [] };

function labelReplaceNode({ kind, inner, ...rest }: LabelReplaceExpr, leaves: LeafSet): VectorNode {
  return { kind, ...rest, inner: vectorOf(inner, leaves) };
}

function variantsNode({ variants }: VariantsExpr, leaves: LeafSet): VectorNode {
  return { kind: "variants", variants: variants.map((variant) => vectorOf(variant, leaves)) };
}

/** A number where series are wanted has no streams to look for, and Loki says so. */
function vectorOf(expr: MetricExpr, leaves: LeafSet): VectorNode {
  const node = nodeOf(expr, leaves);
  if (node.kind === "constant") throw new ParseError(NO_REAL_MATCHER);
  return node;
}
