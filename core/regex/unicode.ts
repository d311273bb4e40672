/**
 * Unicode classes and the cases of letters. The tables are re2js's, which are Go's: a pattern of one
 * class is compiled there and its ranges read back, so that both engines always agree on them.
 */
import { RE2JS } from "re2js";
import { cleanRanges, hasRune, type Ranges } from "./ranges.ts";

const RANGES = new Map<string, Ranges | undefined>();

/** `\p{name}`: a category such as `Lu`, a script such as `Greek`, or `Any`. Undefined when there is none. */
export function unicodeClass(name: string, fold: boolean): Ranges | undefined {
  if (!/^\w+$/.test(name)) return undefined;
  return rangesOf(`${fold ? "(?i)" : ""}\\p{${name}}`);
}

/** The ranges and every other case of what is in them. */
export function foldRanges(ranges: Ranges): Ranges {
  const guard = GUARDS.find((rune) => [-1, 0, 1].every((near) => !hasRune(ranges, rune + near)));
  let inside = guard === undefined ? "" : escapeRune(guard);
  for (let index = 0; index < ranges.length; index += 2) {
    inside += `${escapeRune(ranges[index]!)}-${escapeRune(ranges[index + 1]!)}`;
  }
  return rangesOf(`(?i)[${inside}]`)!.filter((bound) => bound !== guard);
}

/**
 * Private runes without case. One joins the class, else the engine takes `[Dd]` for the letter d and
 * the other case is not among the ranges. Where both are taken the class is more than a letter.
 */
const GUARDS = [0xe000, 0xf000];

const ORBITS = new Map<number, readonly number[]>();

/** The rune and its other cases, ascending: `k` gives K, k and the Kelvin sign. */
export function casesOf(rune: number): readonly number[] {
  if (rune < 0x80) return ASCII_CASES[rune]!;
  let cases = ORBITS.get(rune);
  if (cases === undefined) {
    const found: number[] = [];
    const ranges = foldRanges([rune, rune]);
    for (let index = 0; index < ranges.length; index += 2) {
      for (let at = ranges[index]!; at <= ranges[index + 1]!; at++) found.push(at);
    }
    cases = found;
    if (ORBITS.size < ORBITS_MAX) ORBITS.set(rune, cases);
  }
  return cases;
}

const ASCII_CASES = Array.from({ length: 0x80 }, (_, rune) => {
  const upper = String.fromCharCode(rune).toUpperCase().charCodeAt(0);
  const lower = String.fromCharCode(rune).toLowerCase().charCodeAt(0);
  if (upper === lower) return [rune];
  if (upper === 0x4b) return [upper, lower, 0x212a]; // The Kelvin sign.
  return upper === 0x53 ? [upper, lower, 0x17f] : [upper, lower]; // The long s.
});

/** More letters than have cases; a bound all the same. */
const ORBITS_MAX = 4096;
const RANGES_MAX = 1024;

function escapeRune(rune: number): string {
  return `\\x{${rune.toString(16)}}`;
}

function rangesOf(pattern: string): Ranges | undefined {
  if (RANGES.has(pattern)) return RANGES.get(pattern);
  const ranges = compileRanges(pattern);
  if (RANGES.size < RANGES_MAX) RANGES.set(pattern, ranges);
  return ranges;
}

function compileRanges(pattern: string): Ranges | undefined {
  let program: ReturnType<RE2JS["re2"]>["prog"];
  try {
    program = RE2JS.compile(pattern).re2().prog;
  } catch {
    return undefined; // The only pattern that cannot compile is one with an unknown class.
  }
  // Instruction 0 fails, 1 matches the class, 2 is the end.
  const runes = Array.from(program.inst[1].runes as Int32Array);
  return cleanRanges(runes.length === 1 ? [runes[0]!, runes[0]!] : runes);
}
