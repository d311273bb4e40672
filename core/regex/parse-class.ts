/** Character classes and escapes: what stands between brackets or after a backslash. */
import { regexError } from "./parse-error.ts";
import { appendRanges, cleanRanges, MAX_RUNE, negateRanges, type Ranges } from "./ranges.ts";
import { foldRanges, unicodeClass } from "./unicode.ts";

/** Something read from a pattern, and the offset behind it. */
export interface Read<T> {
  readonly value: T;
  readonly end: number;
}

const DIGIT = [0x30, 0x39];
const SPACE = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
const WORD = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

const PERL: Readonly<Record<string, Ranges>> = { d: DIGIT, s: SPACE, w: WORD };

const POSIX: Readonly<Record<string, Ranges>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0x00, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0x00, 0x1f, 0x7f, 0x7f],
  digit: DIGIT,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};

/** `[a-z\d]` at an offset. */
export function readClass(pattern: string, start: number, fold: boolean): Read<Ranges> {
  let at = start + 1;
  const isNegated = pattern[at] === "^";
  if (isNegated) at += 1;
  const ranges: Ranges = [];
  // A ] right at the start stands for itself.
  for (let isFirst = true; isFirst || pattern[at] !== "]"; isFirst = false) {
    const named = readNamed(pattern, at, fold) ?? readGroup(pattern, at, fold);
    const part = named ?? readRange(pattern, at, start, fold);
    appendRanges(ranges, part.value);
    at = part.end;
  }
  const clean = cleanRanges(ranges);
  return { value: isNegated ? negateRanges(clean) : clean, end: at + 1 };
}

/** `\d`, `\PL`, `\p{Greek}` at an offset, undefined when nothing like it is there. */
export function readGroup(pattern: string, at: number, fold: boolean): Read<Ranges> | undefined {
  if (pattern[at] !== "\\") return undefined;
  const letter = pattern[at + 1] ?? "";
  if (letter === "p" || letter === "P") return readUnicode(pattern, at, fold);
  const group = PERL[letter.toLowerCase()];
  if (group === undefined) return undefined;
  return { value: cased(group, { fold, negate: letter < "a" }), end: at + 2 };
}

function cased(ranges: Ranges, how: { fold: boolean; negate: boolean }): Ranges {
  const folded = how.fold ? foldRanges(ranges) : ranges;
  return how.negate ? negateRanges(folded) : folded;
}

function readUnicode(pattern: string, start: number, fold: boolean): Read<Ranges> {
  const first = runeText(pattern, start + 2);
  let end = start + 2 + first.length;
  let name = first;
  if (first === "{") {
    const brace = pattern.indexOf("}", start);
    if (brace < 0) throw regexError("invalid character class range", pattern.slice(start));
    name = pattern.slice(end, brace);
    end = brace + 1;
  }
  const isInverse = name.startsWith("^");
  const ranges = unicodeClass(isInverse ? name.slice(1) : name, fold);
  if (ranges === undefined) {
    throw regexError("invalid character class range", pattern.slice(start, end));
  }
  const negate = (pattern[start + 1] === "P") !== isInverse;
  return { value: negate ? negateRanges(ranges) : ranges, end };
}

/** `[:alpha:]`, `[:^alpha:]` */
function readNamed(pattern: string, at: number, fold: boolean): Read<Ranges> | undefined {
  if (!pattern.startsWith("[:", at) || pattern.length < at + 3) return undefined;
  const close = pattern.indexOf(":]", at + 2);
  if (close < 0) return undefined;
  const end = close + 2;
  const inside = pattern.slice(at + 2, close);
  const negate = inside.startsWith("^");
  const name = negate ? inside.slice(1) : inside;
  if (!Object.hasOwn(POSIX, name)) {
    throw regexError("invalid character class range", pattern.slice(at, end));
  }
  return { value: cased(POSIX[name]!, { fold, negate }), end };
}

function readRange(pattern: string, at: number, classAt: number, fold: boolean): Read<Ranges> {
  const low = readClassChar(pattern, at, classAt);
  let high = low;
  // In [a-] the minus stands for itself.
  if (pattern[low.end] === "-" && low.end + 1 < pattern.length && pattern[low.end + 1] !== "]") {
    high = readClassChar(pattern, low.end + 1, classAt);
    if (high.value < low.value) {
      throw regexError("invalid character class range", pattern.slice(at, high.end));
    }
  }
  const range = [low.value, high.value];
  return { value: fold ? foldRanges(range) : range, end: high.end };
}

function readClassChar(pattern: string, at: number, classAt: number): Read<number> {
  if (at >= pattern.length) throw regexError("missing closing ]", pattern.slice(classAt));
  if (pattern[at] === "\\") return readEscape(pattern, at);
  const char = runeText(pattern, at);
  return { value: char.codePointAt(0)!, end: at + char.length };
}

const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** `\n`, `\x{263a}`, `\012`, `\.`: an escape that stands for one rune. */
export function readEscape(pattern: string, start: number): Read<number> {
  const char = runeText(pattern, start + 1);
  if (char === "") throw regexError("trailing backslash at end of expression", "");
  const end = start + 1 + char.length;
  const control = Object.hasOwn(CONTROL, char) ? CONTROL[char] : undefined;
  if (control !== undefined) return { value: control, end };
  if (char === "x") return readHex(pattern, start);
  const octal = /^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(pattern.slice(start, start + 4));
  if (octal !== null) {
    return { value: Number.parseInt(octal[0].slice(1), 8), end: start + octal[0].length };
  }
  if (char < "\x80" && !/\w/.test(char)) return { value: char.codePointAt(0)!, end };
  if (char === "_") return { value: 0x5f, end };
  throw regexError("invalid escape sequence", pattern.slice(start, end));
}

function readHex(pattern: string, start: number): Read<number> {
  const digits = start + 2;
  if (pattern[digits] !== "{") {
    const pair = pattern.slice(digits, digits + 2);
    if (/^[\da-fA-F]{2}$/.test(pair)) return { value: Number.parseInt(pair, 16), end: digits + 2 };
    const fragment = [...pattern.slice(start, start + 6)].slice(0, 4).join("");
    throw regexError("invalid escape sequence", fragment);
  }
  let value = 0;
  for (let at = digits + 1; at < pattern.length; at++) {
    const char = runeText(pattern, at);
    if (char === "}" && at > digits + 1) return { value, end: at + 1 };
    value = /^[\da-fA-F]$/.test(char) ? 16 * value + Number.parseInt(char, 16) : MAX_RUNE + 1;
    if (value > MAX_RUNE) {
      throw regexError("invalid escape sequence", pattern.slice(start, at + char.length));
    }
  }
  throw regexError("invalid escape sequence", pattern.slice(start));
}

/** The rune at an offset as text, "" at the end. */
export function runeText(pattern: string, at: number): string {
  const rune = pattern.codePointAt(at);
  return rune === undefined ? "" : String.fromCodePoint(rune);
}
