/**
 * The runtime's own RegExp for patterns that cannot hurt it. It is some twenty times as fast at finding
 * groups, but it backtracks: a pattern runs there only when backtracking.ts knows a bound, and only on
 * texts so short that the bound is small. Time stays linear in the text for all texts.
 */
import { backtrackingEffort } from "./backtracking.ts";
import { rangesOfChar } from "./factor.ts";
import { prefixOf } from "./literals.ts";
import { type Node, partsOf } from "./node.ts";
import type { Ranges } from "./ranges.ts";
import { casesOf } from "./unicode.ts";

/** Steps that a search may take where they are not bound to the length of the text. */
const STEPS_MAX = 1 << 18;

/** The same where they are: for each character no more than there are ways and copies in the pattern. */
const LINEAR_STEPS_MAX = 1 << 22;

/** Of a longer prefix no more is looked for: what begins with all of it begins with this. */
const PREFIX_MAX = 32;

/** So many starts count as one: each looks at the text at most once. */
const STARTS_MAX = 8;

export class NativeRegex {
  readonly #search: RegExp;
  /** A match can only begin where the search does: at the start, or with `.*` in a text of one line. */
  readonly #start: "text" | "line" | "anywhere";
  readonly #degree: number;
  readonly #factor: number;
  readonly #loops: boolean;
  readonly #prefix: string;

  private constructor(node: Node, effort: { degree: number; factor: number; loops: boolean }) {
    this.#start = startOf(node);
    this.#search = new RegExp(translate(node), this.#start === "anywhere" ? "gu" : "yu");
    this.#degree = effort.degree;
    this.#factor = effort.factor;
    this.#loops = effort.loops;
    this.#prefix = prefixOf(node).slice(0, PREFIX_MAX);
  }

  /** Undefined when the pattern may hurt, or when RegExp would find other groups than RE2. */
  static of(node: Node): NativeRegex | undefined {
    const effort = backtrackingEffort(node);
    if (effort === undefined || losesCaptures(node) || looksForNoBoundary(node)) return undefined;
    return new NativeRegex(node, effort);
  }

  /** Whether a search of this text is within the bounds. */
  suits(text: string): boolean {
    const { length } = text;
    if (this.#start === "line" && text.includes("\n")) return false;
    let degree = this.#degree;
    if (this.#start === "anywhere" && this.#loops && !this.#startsSeldom(text)) degree += 1;
    return this.#factor * length ** degree <= (degree === 1 ? LINEAR_STEPS_MAX : STEPS_MAX);
  }

  /** The first match at or behind an offset, as RegExp.exec has it. */
  find(text: string, from: number): RegExpExecArray | null {
    if (from > 0 && this.#start !== "anywhere") return null;
    this.#search.lastIndex = from;
    return this.#search.exec(text);
  }

  #startsSeldom(text: string): boolean {
    if (this.#prefix === "") return false;
    let starts = 0;
    for (let at = text.indexOf(this.#prefix); at >= 0; starts++) {
      if (starts === STARTS_MAX) return false;
      at = text.indexOf(this.#prefix, at + 1);
    }
    return true;
  }
}

function startOf(node: Node): "text" | "line" | "anywhere" {
  switch (node.kind) {
    case "beginText":
      return "text";
    case "capture":
      return startOf(node.sub);
    case "concat":
      return startOf(node.subs[0]!);
    case "star":
      return node.sub.kind === "anyNotNewline" ? "line" : "anywhere";
    default:
      return "anywhere";
  }
}

/** RegExp forgets the groups of a loop at each turn, RE2 keeps what an earlier turn found. */
function losesCaptures(node: Node): boolean {
  const isLoop = node.kind === "star" || node.kind === "plus" || node.kind === "repeat";
  if (isLoop && hasOptionalCapture(node.sub)) return true;
  return partsOf(node).some(losesCaptures);
}

/** V8 also looks between the two halves of a character, and there finds \B and negative lookaheads. */
function looksForNoBoundary(node: Node): boolean {
  return node.kind === "noWordBoundary" || partsOf(node).some(looksForNoBoundary);
}

/** Whether a turn may leave out a capture. */
function hasOptionalCapture(node: Node): boolean {
  switch (node.kind) {
    case "alternate":
    case "quest":
    case "star":
    case "repeat":
      return hasCapture(node);
    default:
      return partsOf(node).some(hasOptionalCapture);
  }
}

function hasCapture(node: Node): boolean {
  return node.kind === "capture" || partsOf(node).some(hasCapture);
}

/** The pattern as a RegExp of the u flag: every set is spelt out, so that no other flag is needed. */
function translate(node: Node): string {
  switch (node.kind) {
    case "noMatch":
      return "[]";
    case "empty":
      return "(?:)";
    case "literal":
      return node.runes.map((rune) => char(rune, node.fold)).join("");
    case "any":
      return "[^]";
    case "anyNotNewline":
      return "[^\\n]";
    case "class":
      return set(rangesOfChar(node));
    case "beginText":
      return "^";
    case "endText":
      return "$";
    case "beginLine":
      return "(?<=^|\\n)";
    case "endLine":
      return "(?=\\n|$)";
    case "wordBoundary":
      return "\\b";
    case "noWordBoundary":
      return "\\B";
    case "capture":
      return `(${translate(node.sub)})`;
    case "star":
      return `(?:${translate(node.sub)})*${node.greedy ? "" : "?"}`;
    case "plus":
      return `(?:${translate(node.sub)})+${node.greedy ? "" : "?"}`;
    case "quest":
      return `(?:${translate(node.sub)})?${node.greedy ? "" : "?"}`;
    case "repeat": {
      const bounds = `{${node.min},${node.max < 0 ? "" : node.max}}`;
      return `(?:${translate(node.sub)})${bounds}${node.greedy ? "" : "?"}`;
    }
    case "concat":
      return node.subs.map(translate).join("");
    case "alternate":
      return `(?:${node.subs.map(translate).join("|")})`;
  }
}

function char(rune: number, fold: boolean): string {
  const cases = fold ? casesOf(rune) : [rune];
  return cases.length === 1 ? escapeRune(rune) : set(cases.flatMap((each) => [each, each]));
}

function set(ranges: Ranges): string {
  let inside = "";
  for (let index = 0; index < ranges.length; index += 2) {
    const [low, high] = [ranges[index]!, ranges[index + 1]!];
    inside += low === high ? escapeRune(low) : `${escapeRune(low)}-${escapeRune(high)}`;
  }
  return `[${inside}]`;
}

function escapeRune(rune: number): string {
  const text = String.fromCodePoint(rune);
  return /^\w$/.test(text) ? text : `\\u{${rune.toString(16)}}`;
}
