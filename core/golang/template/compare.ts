/** eq, ne, lt, le, gt, ge: comparisons of values of one kind. */
import { compareText } from "../../bytes/text.ts";
import { GoError } from "../go-error.ts";
import { define, defineVariadic, type FunctionTable } from "./functions.ts";
import { Int, Time, typeName, type Value } from "./values.ts";

export const COMPARISONS: FunctionTable = {
  eq: defineVariadic(["value"], "value", ([first], others) => equalsAny(first, others)),
  ne: define(["value", "value"], ([a, b]) => !equals(a, b)),
  lt: define(["value", "value"], ([a, b]) => isLess(a, b)),
  le: define(["value", "value"], ([a, b]) => isLess(a, b) || equals(a, b)),
  gt: define(["value", "value"], ([a, b]) => !isLess(a, b) && !equals(a, b)),
  ge: define(["value", "value"], ([a, b]) => !isLess(a, b)),
};

function equalsAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new GoError("missing argument for comparison");
  return others.some((other) => equals(first, other));
}

type Kind = "bool" | "int" | "float" | "string" | "other" | "none";

function kindOf(value: Value): Kind {
  if (value === undefined || value === null) return "none";
  if (value instanceof Int) return "int";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return "float";
    case "string":
      return "string";
    default:
      return "other";
  }
}

function equals(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) {
    if (kind === "none" || kindOf(b) === "none") return false;
    throw incompatible(a, b);
  }
  if (a instanceof Int && b instanceof Int) return a.value === b.value;
  if (kind !== "other") return kind === "none" || a === b;
  if (a instanceof Time && b instanceof Time) {
    return a.ns === b.ns && a.zone === b.zone;
  }
  if (typeName(a) !== typeName(b)) throw incompatible(a, b);
  throw new GoError(`non-comparable type ${typeName(a)}`);
}

function isLess(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  if (kind === "other" || kind === "none" || kindOf(b) === "other" || kindOf(b) === "none") {
    throw new GoError("invalid type for comparison");
  }
  if (kind !== kindOf(b)) throw incompatible(a, b);
  if (a instanceof Int && b instanceof Int) return a.value < b.value;
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b) < 0;
  throw new GoError("invalid type for comparison");
}

function incompatible(a: Value, b: Value): GoError {
  return new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}
