/**
 * Loki's rewriting of patterns to searches for text (spec logql 7.2 and 9.2). It is more than a speed-up:
 * `foo|.*` comes to mean "contains foo", `failed.*(card|expired)` "contains failedcard or
 * failedexpired", and on a label `foo.*` is no longer anchored. Users see these answers from Loki, so
 * they get the same from us.
 */
import type { Node } from "./node.ts";
import { parseRegex } from "./parse.ts";
import { compileRegex, type Regex } from "./regex.ts";

/** A line is searched, a label value compared. */
export type SimplifyMode = "line" | "label";

export type Simplified =
  | TextFilter
  /** Passes everything. */
  | { readonly kind: "true" }
  /** Passes all but the empty text. */
  | { readonly kind: "nonEmpty" }
  /** Passes when one of the filters does. */
  | { readonly kind: "or"; readonly filters: readonly Simplified[] }
  | { readonly kind: "regex"; readonly regex: Regex };

export interface TextFilter {
  readonly kind: "contains" | "equals";
  /** In lower case when `fold`. */
  readonly literal: string;
  /** In any case of letters. */
  readonly fold: boolean;
}

const CONCAT_MAX = 3;

/** The filters that stand for a pattern. Throws BadRequest in Go's words when it is none. */
export function simplifyRegex(pattern: string, mode: SimplifyMode): Simplified {
  const whole = mode === "label" ? compileRegex(pattern, { anchored: true }) : undefined;
  const filter = simplify(parseRegex(pattern), mode);
  return filter ?? { kind: "regex", regex: whole ?? compileRegex(pattern) };
}

function simplify(node: Node, mode: SimplifyMode): Simplified | undefined {
  const simple = withoutCounts(node);
  switch (simple?.kind) {
    case "capture":
      return simplify(simple.sub, mode);
    case "alternate":
      return eitherOf(simple.subs.map((sub) => simplify(sub, mode)));
    case "concat":
      return simplifyConcat(simple.subs, undefined);
    case "literal": {
      const kind = mode === "line" ? "contains" : "equals";
      return textFilter(kind, stringOf(simple.runes), simple.fold);
    }
    case "star":
      return isDot(simple.sub) ? { kind: "true" } : undefined;
    case "plus":
      return isDot(simple.sub) ? { kind: "nonEmpty" } : undefined;
    case "empty":
      return { kind: "true" };
    default:
      return undefined;
  }
}

/** All or nothing, and a branch that is always true is left out: what remains decides. */
function eitherOf(branches: readonly (Simplified | undefined)[]): Simplified | undefined {
  const filters: Simplified[] = [];
  for (const branch of branches) {
    if (branch === undefined) return undefined;
    if (branch.kind === "or") filters.push(...branch.filters);
    else if (branch.kind !== "true") filters.push(branch);
  }
  if (filters.length === 0) return { kind: "true" };
  return filters.length === 1 ? filters[0] : { kind: "or", filters };
}

/** Text found so far on the way into nested alternatives. */
interface Base {
  readonly text: string;
  readonly fold: boolean;
}

/** One literal, and beside it `.*` or, after it, alternatives of how it goes on. */
function simplifyConcat(parts: readonly Node[], outer: Base | undefined): Simplified | undefined {
  const subs = parts.map(withoutCaptures).filter((sub) => sub?.kind !== "empty");
  if (subs.length > CONCAT_MAX) return undefined;
  let base = outer;
  let literals = 0;
  const filters: Simplified[] = [];
  for (const sub of subs) {
    if (sub?.kind === "literal") {
      if (++literals > 1) return undefined;
      base = extend(base, sub);
      if (base === undefined) return undefined;
    } else if (sub?.kind === "alternate" && base !== undefined) {
      const branches = continuations(sub.subs, base);
      if (branches === undefined) return undefined;
      filters.push(...branches);
    } else if (sub?.kind !== "star" || !isDot(sub.sub)) return undefined;
  }
  if (filters.length > 0) return eitherOf(filters);
  return base === undefined ? undefined : textFilter("contains", base.text, base.fold);
}

/** Each branch put behind the text that comes before the alternatives. */
function continuations(branches: readonly Node[], base: Base): Simplified[] | undefined {
  const filters: Simplified[] = [];
  for (const branch of branches) {
    const filter = continuation(withoutCounts(branch), base);
    if (filter === undefined) return undefined;
    filters.push(filter);
  }
  return filters;
}

function continuation(branch: Node | undefined, base: Base): Simplified | undefined {
  switch (branch?.kind) {
    case "empty":
      return textFilter("contains", base.text, base.fold);
    case "literal": {
      const longer = extend(base, branch);
      return longer && textFilter("contains", longer.text, longer.fold);
    }
    case "star":
      return isDot(branch.sub) ? textFilter("contains", base.text, base.fold) : undefined;
    case "concat":
      return simplifyConcat(branch.subs, base);
    default:
      return undefined;
  }
}

/** Undefined when case matters in the text and not in the literal that follows it, or the reverse. */
function extend(base: Base | undefined, literal: Node & { kind: "literal" }): Base | undefined {
  const text = stringOf(literal.runes);
  if (base === undefined) return { text, fold: literal.fold };
  return base.fold === literal.fold ? { text: base.text + text, fold: base.fold } : undefined;
}

function textFilter(kind: "contains" | "equals", literal: string, fold: boolean): TextFilter {
  return { kind, literal: fold ? literal.toLowerCase() : literal, fold };
}

/** Go's parser leaves `.` as one node only without the s flag, and Loki looks for that one. */
function isDot(node: Node): boolean {
  return node.kind === "anyNotNewline";
}

function withoutCaptures(node: Node): Node | undefined {
  let inner = withoutCounts(node);
  while (inner?.kind === "capture") inner = withoutCounts(inner.sub);
  return inner;
}

/** `x{0,}` as `x*` and so on. Undefined for counts that only copies of x could express: no literal comes of it. */
function withoutCounts(node: Node): Node | undefined {
  if (node.kind === "star" && node.sub.kind === "star" && node.greedy === node.sub.greedy) {
    return withoutCounts(node.sub);
  }
  if (node.kind !== "repeat") return node;
  const { min, max, greedy, sub } = node;
  if (max === 0) return { kind: "empty" };
  if (min === 1 && max === 1) return withoutCounts(sub);
  if (max === -1 && min <= 1) return { kind: min === 0 ? "star" : "plus", greedy, sub };
  return undefined;
}

function stringOf(runes: readonly number[]): string {
  let text = "";
  for (const rune of runes) text += String.fromCodePoint(rune);
  return text;
}
