/** What stands beside a place of a text, as assertions ask for it: `^`, `$`, `\b` and their like. */
import { CONDITION } from "./program.ts";

/** What is in front of a place. */
export const BEFORE = { begin: 0, newline: 1, word: 2, other: 3 } as const;

/** Conditions that ask for words or lines: for them runes of these kinds must be told apart. */
export const LOOK_AROUND =
  CONDITION.wordBoundary | CONDITION.noWordBoundary | CONDITION.beginLine | CONDITION.endLine;

const NEWLINE = 0x0a;

/** `[0-9A-Za-z_]`, which the word assertions ask for. */
const WORD_RUNES = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

/** The sets of runes that assertions tell apart. */
export const LOOK_AROUND_SETS: readonly number[][] = [WORD_RUNES, [NEWLINE, NEWLINE]];

/** What a rune is to the place behind it. */
export function beforeOf(rune: number): number {
  if (rune === NEWLINE) return BEFORE.newline;
  const isWord = WORD_RUNES.some((low, index) => {
    return index % 2 === 0 && rune >= low && rune <= WORD_RUNES[index + 1]!;
  });
  return isWord ? BEFORE.word : BEFORE.other;
}

/** The conditions that hold between what came before and what comes after. */
export function conditionsAt(before: number, after: number, isEnd: boolean): number {
  let conditions = 0;
  if (before === BEFORE.begin) conditions |= CONDITION.beginText | CONDITION.beginLine;
  if (before === BEFORE.newline) conditions |= CONDITION.beginLine;
  if (isEnd) conditions |= CONDITION.endText | CONDITION.endLine;
  if (after === BEFORE.newline && !isEnd) conditions |= CONDITION.endLine;
  const isBoundary = (before === BEFORE.word) !== (after === BEFORE.word && !isEnd);
  return conditions | (isBoundary ? CONDITION.wordBoundary : CONDITION.noWordBoundary);
}
