/** Arithmetic and comparison of two numbers, as Loki does them (spec query-evaluation §6.1). */
import type { BinaryOp } from "./ast.ts";

export type SetOp = "and" | "or" | "unless";
export type NumberOp = Exclude<BinaryOp, SetOp>;
export type ComparisonOp = "==" | "!=" | ">" | ">=" | "<" | "<=";

export function isSetOp(op: BinaryOp): op is SetOp {
  return op === "and" || op === "or" || op === "unless";
}

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return op in COMPARE;
}

/** `left op right`; a comparison gives 1 or 0. */
export function calculate(op: NumberOp, left: number, right: number): number {
  return isComparison(op) ? Number(COMPARE[op](left, right)) : ARITHMETIC[op](left, right);
}

/** Whether the comparison holds. */
export function compare(op: ComparisonOp, left: number, right: number): boolean {
  return COMPARE[op](left, right);
}

const COMPARE: Readonly<Record<ComparisonOp, (left: number, right: number) => boolean>> = {
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
};

type ArithmeticOp = Exclude<NumberOp, ComparisonOp>;

const ARITHMETIC: Readonly<Record<ArithmeticOp, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  // Zero divisors give NaN, never an infinity.
  "/": (left, right) => (right === 0 ? Number.NaN : left / right),
  "%": (left, right) => left % right,
  "^": power,
};

/** IEEE 754 pow: unlike JavaScript's, 1 to any power is 1, and so is -1 to an infinite one. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) return 1;
  return base ** exponent;
}
