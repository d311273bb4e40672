/**
 * Texts that every match of a pattern contains, found in its tree. A line without any of them need not
 * be put to the automaton.
 */
import { type Node, partsOf } from "./node.ts";
import { casesOf } from "./unicode.ts";

/** More alternatives than this are slower to look for than the pattern is to run. */
const LITERALS_MAX = 16;

/**
 * Every match contains one of these. Empty when nothing is known. U+FFFD is never among them: in a
 * pattern it also stands for bytes that are no UTF-8.
 */
export function literalsOf(node: Node): readonly string[] {
  const sets = candidates(node).filter((set) => !set.some((text) => text.includes("\ufffd")));
  return best(sets) ?? [];
}

/** The text that every match begins with, "" when there is none. */
export function prefixOf(node: Node): string {
  switch (node.kind) {
    case "literal":
      return node.fold ? "" : stringOf(node.runes);
    case "capture":
    case "plus":
      return prefixOf(node.sub);
    case "concat":
      return prefixOf(node.subs[0]!);
    default:
      return "";
  }
}

/** Sets of texts of which a match contains at least one. Each set is true by itself. */
function candidates(node: Node): string[][] {
  switch (node.kind) {
    case "literal":
      return node.fold ? caseless(node.runes).map((text) => [text]) : [[stringOf(node.runes)]];
    case "capture":
    case "plus":
      return candidates(node.sub);
    case "repeat":
      return node.min > 0 ? candidates(node.sub) : [];
    case "concat":
      return partsOf(node).flatMap(candidates);
    case "alternate": {
      const union: string[] = [];
      for (const sub of node.subs) {
        const set = best(candidates(sub));
        if (set === undefined) return [];
        union.push(...set);
        if (union.length > LITERALS_MAX) return [];
      }
      return [union];
    }
    default:
      return [];
  }
}

/** The set whose shortest text is longest; of equals, the one of fewer texts. */
function best(sets: readonly string[][]): string[] | undefined {
  let found: string[] | undefined;
  for (const set of sets) {
    if (found === undefined || worth(set) > worth(found)) found = set;
  }
  return found;
}

function worth(set: readonly string[]): number {
  return Math.min(...set.map((text) => text.length)) - set.length / (LITERALS_MAX + 1);
}

/** The stretches of runes that have one case only. */
function caseless(runes: readonly number[]): string[] {
  const texts: string[] = [];
  let text = "";
  for (const rune of runes) {
    if (casesOf(rune).length === 1) text += String.fromCodePoint(rune);
    else {
      if (text !== "") texts.push(text);
      text = "";
    }
  }
  if (text !== "") texts.push(text);
  return texts;
}

function stringOf(runes: readonly number[]): string {
  let text = "";
  for (const rune of runes) text += String.fromCodePoint(rune);
  return text;
}
