/**
 * Patterns that stand for some texts and no others, such as `a|b|c` or `pod-[01]`: people and Grafana
 * write such matchers with thousands of texts, and one look in a set answers them.
 */
import type { Node } from "./node.ts";

const TEXTS_MAX = 20_000;
const SIZE_MAX = 1024 * 1024;

/** All texts that the whole of the pattern stands for, undefined when they are too many or without end. */
export function literalSetOf(node: Node): ReadonlySet<string> | undefined {
  const texts = textsOf(node);
  return texts && new Set(texts);
}

function textsOf(node: Node): string[] | undefined {
  switch (node.kind) {
    case "empty":
      return [""];
    case "literal":
      return node.fold ? undefined : [stringOf(node.runes)];
    case "class":
      return runesOf(node.ranges);
    case "capture":
      return textsOf(node.sub);
    case "quest": {
      const texts = textsOf(node.sub);
      return texts && ["", ...texts];
    }
    case "concat":
      return node.subs.reduce<string[] | undefined>(
        (heads, sub) => heads && joined(heads, textsOf(sub)),
        [""],
      );
    case "alternate": {
      const all: string[] = [];
      for (const sub of node.subs) {
        const texts = textsOf(sub);
        if (texts === undefined || all.length + texts.length > TEXTS_MAX) return undefined;
        for (const text of texts) all.push(text);
      }
      return all;
    }
    default:
      return undefined;
  }
}

/** Each head with each tail behind it. */
function joined(heads: readonly string[], tails: readonly string[] | undefined) {
  if (tails === undefined || heads.length * tails.length > TEXTS_MAX) return undefined;
  const all = heads.flatMap((head) => tails.map((tail) => head + tail));
  const size = all.reduce((sum, text) => sum + text.length, 0);
  return size > SIZE_MAX ? undefined : all;
}

const RUNES_MAX = 16;

function runesOf(ranges: readonly number[]): string[] | undefined {
  const texts: string[] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    for (let rune = ranges[index]!; rune <= ranges[index + 1]!; rune++) {
      if (texts.push(String.fromCodePoint(rune)) > RUNES_MAX) return undefined;
    }
  }
  return texts;
}

function stringOf(runes: readonly number[]): string {
  let text = "";
  for (const rune of runes) text += String.fromCodePoint(rune);
  return text;
}
