/** Replacing and counting matches as Go's regexp does. */
import type { RegexMatch } from "../../regex/match.ts";
import type { Regex } from "../../regex/regex.ts";
import { checkSize, type Effort } from "./limits.ts";

export function countMatches(regex: Regex, text: string, effort: Effort): number {
  let count = 0;
  for (const _ of matchesOf(regex, text, effort)) count += 1;
  return count;
}

/** Each match replaced. Unless `literal`, `$1`, `${1}` and `${name}` in the replacement stand for groups. */
export function replaceMatches(
  regex: Regex,
  text: string,
  replacement: string,
  options: { effort: Effort; literal?: boolean },
): string {
  const isPlain = options.literal || !replacement.includes("$");
  const parts = isPlain ? [replacement] : templateOf(replacement, regex.groupNames);
  let out = "";
  let at = 0;
  for (const match of matchesOf(regex, text, options.effort)) {
    out += text.slice(at, match.start) + expand(parts, match);
    checkSize(out.length);
    at = match.end;
  }
  return at === 0 && out === "" ? text : out + text.slice(at);
}

function* matchesOf(regex: Regex, text: string, effort: Effort): Generator<RegexMatch> {
  effort.step(text.length);
  for (const match of regex.matchAll(text)) {
    effort.match();
    yield match;
  }
}

/** Text, and the numbers of groups whose text goes there. */
type Part = string | number;

function expand(parts: readonly Part[], { groups }: RegexMatch): string {
  let out = "";
  for (const part of parts) out += typeof part === "string" ? part : (groups[part] ?? "");
  return out;
}

/** `$name` takes as many letters, digits and _ as there are; a group that does not exist is nothing. */
const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

function templateOf(replacement: string, names: readonly string[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of replacement.matchAll(REFERENCE)) {
    parts.push(replacement.slice(at, match.index));
    at = match.index + match[0].length;
    const name = match[1] ?? match[2];
    if (name === undefined) parts.push("$");
    else {
      const group = /^\d+$/.test(name) ? Number(name) : names.lastIndexOf(name);
      if (group >= 0 && group < names.length) parts.push(group);
    }
  }
  return [...parts, replacement.slice(at)];
}
