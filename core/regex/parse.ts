/**
 * Reads a pattern of RE2's syntax with Perl's flags, as Go's regexp/syntax does: a stack of nodes on
 * which `(` and `|` wait as markers. The order of the steps decides how alternatives are merged, and
 * Loki's rewriting looks at the outcome, so the order is Go's.
 */
import { collapse, mergeAll, tidyClass } from "./factor.ts";
import { EMPTY, isOneChar, type Node, partsOf } from "./node.ts";
import { readClass, readEscape, readGroup, runeText } from "./parse-class.ts";
import { regexError } from "./parse-error.ts";
import { casesOf } from "./unicode.ts";

const NESTING_MAX = 1000;
const REPEAT_MAX = 1000;

interface Flags {
  /** i: any case. */
  readonly fold: boolean;
  /** m: ^ and $ also at lines. */
  readonly multiline: boolean;
  /** s: the dot is any character. */
  readonly dotAll: boolean;
  /** U: x* prefers less, x*? prefers more. */
  readonly ungreedy: boolean;
}

/** A marker remembers what holds again when its group closes. */
interface Open {
  readonly kind: "(";
  readonly flags: Flags;
  /** 0 when the group does not capture. */
  readonly capture: number;
  readonly name: string | undefined;
}

/** Alternatives of one character each, merged when the list is complete. */
interface Chars {
  readonly kind: "chars";
  readonly list: Node[];
}

type Item = Node | Chars | Open | { readonly kind: "|" };

/** Throws BadRequest in Go's words when the pattern is none. */
export function parseRegex(pattern: string): Node {
  const node = new Parser(pattern).parse();
  if (isDeeperThan(node, NESTING_MAX)) throw regexError("expression nests too deeply", pattern);
  return node;
}

/** The names of the capture groups by index; index 0 is the whole match. */
export function groupNamesOf(node: Node): string[] {
  const names = [""];
  const visit = (part: Node): void => {
    if (part.kind === "capture") names[part.index] = part.name ?? "";
    partsOf(part).forEach(visit);
  };
  visit(node);
  return names;
}

class Parser {
  readonly #pattern: string;
  readonly #stack: Item[] = [];
  #flags: Flags = { fold: false, multiline: false, dotAll: false, ungreedy: false };
  #captures = 0;
  #nesting = 0;
  /** Offset of a repetition that ends right here: another one may not follow it. */
  #repeatAt: number | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  parse(): Node {
    for (let at = 0; at < this.#pattern.length; ) {
      const repeatBefore = this.#repeatAt;
      this.#repeatAt = undefined;
      at = this.#step(at, repeatBefore);
    }
    const node = this.#alternate();
    if (this.#stack.length > 0) throw regexError("missing closing )", this.#pattern);
    return node;
  }

  /** Reads what stands at an offset and gives the offset behind it. */
  #step(at: number, repeatBefore: number | undefined): number {
    const char = runeText(this.#pattern, at);
    switch (char) {
      case "(":
        return this.#open(at);
      case ")":
        this.#close();
        return at + 1;
      case "|":
        this.#bar();
        return at + 1;
      case "^":
        this.#push({ kind: this.#flags.multiline ? "beginLine" : "beginText" });
        return at + 1;
      case "$":
        this.#push({ kind: this.#flags.multiline ? "endLine" : "endText" });
        return at + 1;
      case ".":
        this.#push({ kind: this.#flags.dotAll ? "any" : "anyNotNewline" });
        return at + 1;
      case "[": {
        const { value, end } = readClass(this.#pattern, at, this.#flags.fold);
        this.#pushClass(value);
        return end;
      }
      case "*":
      case "+":
      case "?":
        return this.#repeat(at, at + 1, char, repeatBefore);
      case "{":
        return this.#bounded(at, repeatBefore);
      case "\\":
        return this.#backslash(at);
      default:
        this.#literal(char.codePointAt(0)!);
        return at + char.length;
    }
  }

  #literal(rune: number): void {
    const { fold } = this.#flags;
    this.#push({ kind: "literal", fold, runes: [fold ? casesOf(rune)[0]! : rune] });
  }

  /** A class of one rune, or of one letter in both its cases, is a literal. */
  #pushClass(ranges: number[]): void {
    const runes = ranges.length <= 4 ? smallSet(ranges) : undefined;
    const cases = runes?.length === 2 ? casesOf(runes[0]!) : undefined;
    if (runes?.length === 1) this.#push({ kind: "literal", fold: false, runes });
    else if (runes !== undefined && cases?.join() === runes.join()) {
      this.#push({ kind: "literal", fold: true, runes: [runes[0]!] });
    } else this.#push({ kind: "class", ranges });
  }

  #push(node: Node): void {
    this.#joinLiterals();
    this.#stack.push(node);
  }

  /** Two literals on top become one. Not sooner: a repetition takes the last rune only. */
  #joinLiterals(): void {
    const [below, top] = this.#stack.slice(-2);
    if (below?.kind !== "literal" || top?.kind !== "literal" || below.fold !== top.fold) return;
    for (const rune of top.runes) below.runes.push(rune);
    this.#stack.pop();
  }

  /** What is above the last marker, as one node on top of it. */
  #concat(): void {
    this.#joinLiterals();
    const subs: Node[] = [];
    for (let top = this.#stack.at(-1); isNode(top); top = this.#stack.at(-1)) {
      subs.push(top);
      this.#stack.pop();
    }
    this.#stack.push(subs.length === 0 ? EMPTY : collapse("concat", subs.reverse()));
  }

  #bar(): void {
    this.#concat();
    if (!this.#swapBar()) this.#stack.push({ kind: "|" });
  }

  /**
   * The concatenation on top goes below the bar, where alternatives gather. Two single characters that
   * meet there are one class. False when there is no bar.
   */
  #swapBar(): boolean {
    const stack = this.#stack;
    const [below, bar, top] = [stack.at(-3), stack.at(-2), stack.at(-1)!];
    if (bar?.kind !== "|") return false;
    if (isChars(below) && isNode(top) && isOneChar(top)) {
      const list = below.kind === "chars" ? below.list : [below];
      list.push(top);
      stack.splice(-3, 3, { kind: "chars", list }, bar);
    } else stack.splice(-2, 2, top, bar);
    return true;
  }

  /** Ends a group's alternatives: takes them off the stack as one node. */
  #alternate(): Node {
    this.#concat();
    if (this.#swapBar()) this.#stack.pop();
    const subs: Node[] = [];
    for (let top = this.#stack.at(-1); top?.kind === "chars" || isNode(top); ) {
      subs.push(tidy(top));
      this.#stack.pop();
      top = this.#stack.at(-1);
    }
    return collapse("alternate", subs.reverse());
  }

  #open(at: number): number {
    if (++this.#nesting > NESTING_MAX) {
      throw regexError("expression nests too deeply", this.#pattern);
    }
    if (this.#pattern[at + 1] === "?") return this.#openPerl(at);
    this.#stack.push(this.#marker(++this.#captures));
    return at + 1;
  }

  #marker(capture: number, name?: string): Open {
    return { kind: "(", flags: this.#flags, capture, name };
  }

  #close(): void {
    const node = this.#alternate();
    const open = this.#stack.pop();
    if (open?.kind !== "(") throw regexError("unexpected )", this.#pattern);
    this.#nesting -= 1;
    this.#flags = open.flags;
    if (open.capture === 0) this.#pushAgain(node);
    else this.#push({ kind: "capture", index: open.capture, name: open.name, sub: node });
  }

  /** A group that does not capture leaves its node; a class in it may now prove to be a literal. */
  #pushAgain(node: Node): void {
    if (node.kind === "class") this.#pushClass(node.ranges);
    else this.#push(node);
  }

  /** `(?P<name>`, `(?<name>`, `(?i)`, `(?i-s:` */
  #openPerl(at: number): number {
    const pattern = this.#pattern;
    const named = /^\(\?P?</.exec(pattern.slice(at, at + 4));
    if (named !== null && pattern.length > at + named[0].length) {
      const close = pattern.indexOf(">", at);
      if (close < 0) throw regexError("invalid named capture", pattern.slice(at));
      const name = pattern.slice(at + named[0].length, close);
      if (!/^\w+$/.test(name)) {
        throw regexError("invalid named capture", pattern.slice(at, close + 1));
      }
      this.#stack.push(this.#marker(++this.#captures, name));
      return close + 1;
    }
    return this.#openFlags(at);
  }

  #openFlags(at: number): number {
    const rest = this.#pattern.slice(at);
    const match = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
    if (match === null) {
      const fragment = /^\(\?(?:[imsU]*-)?[imsU]*/.exec(rest)![0];
      throw regexError(
        "invalid or unsupported Perl syntax",
        fragment + runeText(rest, fragment.length),
      );
    }
    const [all, on = "", off = "", end] = match;
    const flags = withFlags(this.#flags, on, off);
    if (end === ":") this.#stack.push(this.#marker(0));
    else this.#nesting -= 1;
    this.#flags = flags;
    return at + all.length;
  }

  #repeat(at: number, end: number, char: string, repeatBefore: number | undefined): number {
    const { sub, greedy, end: after } = this.#repeated(at, end, repeatBefore);
    const kind = char === "*" ? "star" : char === "+" ? "plus" : "quest";
    this.#stack.push({ kind, greedy, sub });
    return after;
  }

  #bounded(at: number, repeatBefore: number | undefined): number {
    const match = /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/.exec(this.#pattern.slice(at));
    if (match === null) {
      this.#literal(0x7b); // Not a repetition: the brace stands for itself.
      return at + 1;
    }
    const [fragment, low = "", comma, high = ""] = match;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" ? -1 : Number(high);
    if (min > REPEAT_MAX || max > REPEAT_MAX || (max >= 0 && min > max)) {
      throw regexError("invalid repeat count", fragment);
    }
    const { sub, greedy, end } = this.#repeated(at, at + fragment.length, repeatBefore);
    const node: Node = { kind: "repeat", greedy, min, max, sub };
    if ((min >= 2 || max >= 2) && !repeatsAtMost(node, REPEAT_MAX)) {
      throw regexError("invalid repeat count", this.#pattern.slice(at, end));
    }
    this.#stack.push(node);
    return end;
  }

  /** Takes what is to be repeated off the stack. */
  #repeated(at: number, end: number, repeatBefore: number | undefined) {
    const isReluctant = this.#pattern[end] === "?";
    const after = isReluctant ? end + 1 : end;
    if (repeatBefore !== undefined) {
      const fragment = this.#pattern.slice(repeatBefore, after);
      throw regexError("invalid nested repetition operator", fragment);
    }
    const top = this.#stack.at(-1);
    if (!isNode(top)) {
      throw regexError("missing argument to repetition operator", this.#pattern.slice(at, after));
    }
    this.#stack.pop();
    this.#repeatAt = at;
    return { sub: top, greedy: isReluctant === this.#flags.ungreedy, end: after };
  }

  #backslash(at: number): number {
    const pattern = this.#pattern;
    const assertion = ASSERTIONS[pattern[at + 1] ?? ""];
    if (assertion !== undefined) {
      this.#push({ kind: assertion });
      return at + 2;
    }
    if (pattern[at + 1] === "Q") {
      const close = pattern.indexOf("\\E", at + 2);
      const quoted = pattern.slice(at + 2, close < 0 ? pattern.length : close);
      for (const char of quoted) this.#literal(char.codePointAt(0)!);
      return close < 0 ? pattern.length : close + 2;
    }
    const group = readGroup(pattern, at, this.#flags.fold);
    if (group !== undefined) {
      this.#pushClass(group.value);
      return group.end;
    }
    const { value, end } = readEscape(pattern, at);
    this.#literal(value);
    return end;
  }
}

const ASSERTIONS: Readonly<
  Record<string, "beginText" | "endText" | "wordBoundary" | "noWordBoundary">
> = {
  A: "beginText",
  z: "endText",
  b: "wordBoundary",
  B: "noWordBoundary",
};

function withFlags(flags: Flags, on: string, off: string): Flags {
  const value = (letter: string, before: boolean) =>
    (before || on.includes(letter)) && !off.includes(letter);
  return {
    fold: value("i", flags.fold),
    multiline: value("m", flags.multiline),
    dotAll: value("s", flags.dotAll),
    ungreedy: value("U", flags.ungreedy),
  };
}

function isNode(item: Item | undefined): item is Node {
  return item !== undefined && item.kind !== "(" && item.kind !== "|" && item.kind !== "chars";
}

function isChars(item: Item | undefined): item is Node | Chars {
  if (item === undefined) return false;
  return item.kind === "chars" || (isNode(item) && isOneChar(item));
}

function tidy(item: Node | Chars): Node {
  if (item.kind === "chars") return mergeAll(item.list);
  return item.kind === "class" ? tidyClass(item.ranges) : item;
}

/** The one or two runes of a small class, ascending. */
function smallSet(ranges: readonly number[]): number[] | undefined {
  const [a, b, c, d] = ranges;
  if (ranges.length === 2 && b! - a! <= 1) return a === b ? [a!] : [a!, b!];
  return ranges.length === 4 && a === b && c === d ? [a!, c!] : undefined;
}

/** Whether nested counted repetitions together stay within so many copies. */
function repeatsAtMost(node: Node, copies: number): boolean {
  let left = copies;
  if (node.kind === "repeat") {
    const most = node.max < 0 ? node.min : node.max;
    if (node.max === 0) return true;
    if (most > left) return false;
    if (most > 0) left = Math.floor(left / most);
  }
  return partsOf(node).every((part) => repeatsAtMost(part, left));
}

function isDeeperThan(node: Node, levels: number): boolean {
  return levels === 0 || partsOf(node).some((part) => isDeeperThan(part, levels - 1));
}
