/**
 * Factoring of alternatives, in the rounds of Go's regexp/syntax: common literal prefixes, then common
 * first parts, then single characters into one class, then repeated empty alternatives.
 * `foo|foobar` becomes `foo(?:|bar)`, `abc|abd` becomes `ab[cd]`.
 */
import { EMPTY, isOneChar, type Literal, type Node, sameNode } from "./node.ts";
import { appendRanges, cleanRanges, MAX_RUNE, type Ranges } from "./ranges.ts";
import { casesOf } from "./unicode.ts";

const NEWLINE = 0x0a;

/** One node of several: nested nodes of the same kind are taken up, alternatives are factored. */
export function collapse(kind: "concat" | "alternate", subs: Node[]): Node {
  if (subs.length === 1) return subs[0]!;
  const flat = subs.flatMap((sub) => (sub.kind === kind ? sub.subs : [sub]));
  if (kind === "concat") return { kind, subs: flat };
  const factored = factor(flat);
  return factored.length === 1 ? factored[0]! : { kind, subs: factored };
}

function factor(subs: Node[]): Node[] {
  if (subs.length < 2) return subs;
  const merged = mergeChars(factorFirstParts(factorPrefixes(subs)));
  return merged.filter((sub, at) => sub.kind !== "empty" || merged[at + 1]?.kind !== "empty");
}

function factorPrefixes(subs: readonly Node[]): Node[] {
  const out: Node[] = [];
  let start = 0;
  let prefix: Literal | undefined;
  for (let at = 0; at <= subs.length; at++) {
    const next = at < subs.length ? leadingLiteral(subs[at]!) : undefined;
    const same = commonLength(prefix, next);
    if (same > 0) {
      prefix = { ...prefix!, runes: prefix!.runes.slice(0, same) };
      continue;
    }
    if (at === start + 1) out.push(subs[start]!);
    else if (at > start) {
      const size = prefix!.runes.length;
      const rests = subs.slice(start, at).map((sub) => withoutPrefix(sub, size));
      out.push({ kind: "concat", subs: [prefix!, collapse("alternate", rests)] });
    }
    start = at;
    prefix = next;
  }
  return out;
}

function factorFirstParts(subs: readonly Node[]): Node[] {
  const out: Node[] = [];
  let start = 0;
  let first: Node | undefined;
  for (let at = 0; at <= subs.length; at++) {
    const next = at < subs.length ? leadingPart(subs[at]!) : undefined;
    if (first !== undefined && next !== undefined && isFixed(first) && sameNode(first, next)) {
      continue;
    }
    if (at === start + 1) out.push(subs[start]!);
    else if (at > start) {
      const rests = subs.slice(start, at).map(withoutFirst);
      out.push({ kind: "concat", subs: [first!, collapse("alternate", rests)] });
    }
    start = at;
    first = next;
  }
  return out;
}

/** Runs of single characters become one class. */
function mergeChars(subs: readonly Node[]): Node[] {
  const out: Node[] = [];
  for (let at = 0; at < subs.length; ) {
    const start = at;
    while (at < subs.length && isOneChar(subs[at]!)) at += 1;
    if (at === start) out.push(subs[at++]!);
    else if (at === start + 1) out.push(subs[start]!);
    else out.push(mergeAll(subs.slice(start, at)));
  }
  return out;
}

/** One node for any of several single characters. */
export function mergeAll(chars: readonly Node[]): Node {
  const [first] = chars;
  if (first?.kind === "literal" && chars.every((char) => sameNode(first, char))) return first;
  const ranges: Ranges = [];
  for (const char of chars) appendRanges(ranges, rangesOfChar(char));
  return tidyClass(ranges);
}

/** A class, or the dot when that is what the ranges say. */
export function tidyClass(ranges: Ranges): Node {
  const clean = cleanRanges(ranges);
  if (clean.length === 2 && clean[0] === 0 && clean[1] === MAX_RUNE) return { kind: "any" };
  const [low, beforeNewline, afterNewline, high] = clean;
  const isDot = low === 0 && beforeNewline === NEWLINE - 1 && afterNewline === NEWLINE + 1;
  if (clean.length === 4 && isDot && high === MAX_RUNE) return { kind: "anyNotNewline" };
  return { kind: "class", ranges: clean };
}

/** What a node of one character accepts. */
export function rangesOfChar(node: Node): Ranges {
  switch (node.kind) {
    case "literal": {
      const rune = node.runes[0]!;
      return (node.fold ? casesOf(rune) : [rune]).flatMap((each) => [each, each]);
    }
    case "class":
      return node.ranges;
    case "anyNotNewline":
      return [0, NEWLINE - 1, NEWLINE + 1, MAX_RUNE];
    default:
      return [0, MAX_RUNE];
  }
}

function leadingLiteral(node: Node): Literal | undefined {
  const first = node.kind === "concat" ? node.subs[0] : node;
  return first?.kind === "literal" ? first : undefined;
}

function commonLength(a: Literal | undefined, b: Literal | undefined): number {
  if (a === undefined || b === undefined || a.fold !== b.fold) return 0;
  let same = 0;
  while (same < a.runes.length && same < b.runes.length && a.runes[same] === b.runes[same]) same++;
  return same;
}

function withoutPrefix(node: Node, size: number): Node {
  if (node.kind === "concat") {
    const first = withoutPrefix(node.subs[0]!, size);
    const rest = node.subs.slice(1);
    if (first.kind !== "empty") return { kind: "concat", subs: [first, ...rest] };
    return rest.length === 1 ? rest[0]! : { kind: "concat", subs: rest };
  }
  if (node.kind !== "literal") return node;
  const runes = node.runes.slice(size);
  return runes.length === 0 ? EMPTY : { ...node, runes };
}

function leadingPart(node: Node): Node | undefined {
  const first = node.kind === "concat" ? node.subs[0]! : node;
  return first.kind === "empty" ? undefined : first;
}

/** Only what takes one path through the text may be factored out: a character, or so many of it. */
function isFixed(node: Node): boolean {
  if (node.kind === "repeat") return node.min === node.max && isOneChar(node.sub);
  return isOneChar(node);
}

function withoutFirst(node: Node): Node {
  if (node.kind !== "concat") return EMPTY;
  const rest = node.subs.slice(1);
  return rest.length === 1 ? rest[0]! : { kind: "concat", subs: rest };
}
