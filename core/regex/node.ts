/**
 * The tree of a pattern, shaped as Go's regexp/syntax shapes it: prefixes that alternatives share are
 * factored out, alternatives of single characters are one class. Loki's rewriting looks at this shape.
 */
import type { Ranges } from "./ranges.ts";

export type Node =
  | { readonly kind: "noMatch" }
  | { readonly kind: "empty" }
  | Literal
  | CharClass
  /** `.` with the s flag, and without it. */
  | { readonly kind: "any" }
  | { readonly kind: "anyNotNewline" }
  | { readonly kind: Assertion }
  | Capture
  | { readonly kind: "star" | "plus" | "quest"; readonly greedy: boolean; readonly sub: Node }
  | Repeat
  | { readonly kind: "concat" | "alternate"; readonly subs: Node[] };

/** Runes in a row. With `fold` any case matches; each rune is then the least of its cases, `K` for `k`. */
export interface Literal {
  readonly kind: "literal";
  readonly fold: boolean;
  readonly runes: number[];
}

export interface CharClass {
  readonly kind: "class";
  readonly ranges: Ranges;
}

export type Assertion =
  | "beginLine"
  | "endLine"
  | "beginText"
  | "endText"
  | "wordBoundary"
  | "noWordBoundary";

export interface Capture {
  readonly kind: "capture";
  /** From 1, by the order of the opening parentheses. */
  readonly index: number;
  readonly name: string | undefined;
  readonly sub: Node;
}

export interface Repeat {
  readonly kind: "repeat";
  readonly greedy: boolean;
  readonly min: number;
  /** -1 for no bound. */
  readonly max: number;
  readonly sub: Node;
}

export const EMPTY: Node = { kind: "empty" };

/** The parts of a node, in order. */
export function partsOf(node: Node): readonly Node[] {
  if ("sub" in node) return [node.sub];
  return "subs" in node ? node.subs : [];
}

/** Whether the node stands for exactly one character out of a set. */
export function isOneChar(node: Node): boolean {
  switch (node.kind) {
    case "literal":
      return node.runes.length === 1;
    case "class":
    case "any":
    case "anyNotNewline":
      return true;
    default:
      return false;
  }
}

/** Whether the node may match without reading a character. */
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case "literal":
    case "class":
    case "any":
    case "anyNotNewline":
    case "noMatch":
      return false;
    case "star":
    case "quest":
      return true;
    case "repeat":
      return node.min === 0 || isNullable(node.sub);
    case "alternate":
      return node.subs.some(isNullable);
    default:
      return partsOf(node).every(isNullable);
  }
}

/** Whether two trees are the same, captures and all. */
export function sameNode(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  const [partsA, partsB] = [partsOf(a), partsOf(b)];
  if (partsA.length !== partsB.length || !sameOwn(a, b)) return false;
  return partsA.every((part, index) => sameNode(part, partsB[index]!));
}

function sameOwn(a: Node, b: Node): boolean {
  if (a.kind === "literal" && b.kind === "literal") {
    return a.fold === b.fold && sameNumbers(a.runes, b.runes);
  }
  if (a.kind === "class" && b.kind === "class") return sameNumbers(a.ranges, b.ranges);
  if (a.kind === "capture" && b.kind === "capture") {
    return a.index === b.index && a.name === b.name;
  }
  if (a.kind === "repeat" && b.kind === "repeat" && (a.min !== b.min || a.max !== b.max)) {
    return false;
  }
  return !("greedy" in a) || !("greedy" in b) || a.greedy === b.greedy;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
