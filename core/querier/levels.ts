/**
 * The level of a plain line, found as Loki 3.x finds it in lines that bring none: the first of the
 * level words that stands by itself (spec logql §15, detected_level).
 */
import type { Block, MetadataColumn } from "../model/block.ts";

const WORDS: Readonly<Record<string, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  warning: 3,
  error: 4,
  err: 4,
  critical: 5,
  fatal: 6,
};
const LEVELS = ["trace", "debug", "info", "warn", "error", "critical", "fatal"];
/** Only so much of a line is looked at. */
const LOOK_BYTES = 512;
const LONGEST = 8;

/** The words that name a level, in lower case, and the level of each. */
export function levelWords(): [word: string, level: string][] {
  return Object.entries(WORDS).map(([word, level]) => [word, LEVELS[level]!]);
}

/** A column with `detected_level` for the rows where one is found. */
export function levelsOf(block: Block): MetadataColumn {
  const firsts = new Uint32Array(block.rows + 1);
  const pairs: number[] = [];
  for (let row = 0; row < block.rows; row++) {
    const level = levelOf(block.text, block.starts[row]!, block.ends[row]!);
    if (level !== undefined) pairs.push(0, 1 + level);
    firsts[row + 1] = pairs.length / 2;
  }
  return { symbols: ["detected_level", ...LEVELS], firsts, pairs: Uint32Array.from(pairs) };
}

function levelOf(text: Uint8Array, start: number, end: number): number | undefined {
  const stop = Math.min(end, start + LOOK_BYTES);
  for (let at = start; at < stop; ) {
    if (!isLetter(text[at]!)) {
      at++;
      continue;
    }
    const from = at;
    while (at < stop && isLetter(text[at]!)) at++;
    if (at - from > LONGEST || at - from < 3) continue;
    if (!opens(text[from - 1], from === start) || !closes(text[at], at === end)) continue;
    let word = "";
    for (let index = from; index < at; index++) word += String.fromCharCode(text[index]! | 0x20);
    const level = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (level !== undefined) return level;
  }
  return undefined;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

const OPENING = new Set([...' \t\n[({"='].map((char) => char.charCodeAt(0)));
const CLOSING = new Set([...' \t\n[](){}:,!"='].map((char) => char.charCodeAt(0)));

function opens(byte: number | undefined, atStart: boolean): boolean {
  return atStart || (byte !== undefined && OPENING.has(byte));
}

function closes(byte: number | undefined, atEnd: boolean): boolean {
  return atEnd || (byte !== undefined && CLOSING.has(byte));
}
