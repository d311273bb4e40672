/**
 * Regular expressions with RE2's syntax and meaning, in time linear in the text. Whether there is a
 * match is answered by our own automaton, on bytes as they are; where its groups are, by re2js.
 */
import { type Matcher, RE2JS } from "re2js";
import { Dfa } from "./dfa.ts";
import { literalsOf } from "./literals.ts";
import { Needle } from "./needle.ts";
import { groupNamesOf, parseRegex } from "./parse.ts";
import { compileProgram } from "./program.ts";

const ENCODER = new TextEncoder();

/** A match: where it is in the text, and its groups, undefined for one that took no part. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

export class Regex {
  /** The pattern as given. */
  readonly source: string;
  /** Every match contains at least one of these, case and all. Empty when nothing is known. */
  readonly literals: readonly Uint8Array[];
  /** The names of the groups by index, "" for those without; index 0 is the whole match. */
  readonly groupNames: readonly string[];
  readonly #text: string;
  readonly #dfa: Dfa;
  readonly #needles: readonly Needle[];
  #engine: RE2JS | undefined;

  constructor(pattern: string, options: { anchored: boolean }) {
    // Loki anchors in the text of the pattern, and users see that text in errors: `^(?:()$`.
    const text = options.anchored ? `^(?:${pattern})$` : pattern;
    const node = parseRegex(text);
    const literals = literalsOf(node);
    this.source = pattern;
    this.#text = text;
    this.groupNames = groupNamesOf(node);
    this.literals = literals.map((text) => ENCODER.encode(text));
    this.#needles = this.literals.map((bytes) => new Needle(bytes));
    this.#dfa = new Dfa(compileProgram(node, text), { pattern: text, anchored: options.anchored });
  }

  /** The one text that every match contains, when there is one. */
  get required(): Uint8Array | undefined {
    return this.literals.length === 1 ? this.literals[0] : undefined;
  }

  /** Whether the pattern is found in the text (in all of it, when anchored). */
  test(text: string): boolean {
    return this.#dfa.test(text);
  }

  /** Whether the pattern is found in text[start, end), as UTF-8. A byte that is none counts as U+FFFD. */
  testBytes(text: Uint8Array, start: number, end: number): boolean {
    const needles = this.#needles;
    if (needles.length > 0) {
      let index = 0;
      while (index < needles.length && needles[index]!.indexOf(text, start, end) < 0) index += 1;
      if (index === needles.length) return false;
    }
    return this.#dfa.testBytes(text, start, end);
  }

  /** The leftmost match and its groups, undefined for a group that took no part. Undefined when there is no match. */
  exec(text: string): (string | undefined)[] | undefined {
    if (!this.#dfa.test(text)) return undefined;
    const match = this.#compiled().exec(text);
    return match === null ? undefined : Array.from(match);
  }

  /** Every match from left to right, none within another, and no empty one right behind another. */
  *matchAll(text: string): Generator<RegexMatch> {
    if (!this.#dfa.test(text)) return;
    const matcher = this.#compiled().matcher(text);
    let lastEnd = -1;
    for (let from = 0; from <= text.length && matcher.find(from); ) {
      const [start, end] = [matcher.start(), matcher.end()];
      if (end > start || end !== lastEnd) yield { start, end, groups: groupsOf(matcher) };
      lastEnd = end;
      const rune = text.codePointAt(end) ?? 0;
      from = end > from ? end : from + (rune > 0xffff ? 2 : 1);
    }
  }

  #compiled(): RE2JS {
    this.#engine ??= RE2JS.compile(this.#text);
    return this.#engine;
  }
}

/** Throws BadRequest in the words of Go's regexp when the pattern is none. */
export function compileRegex(pattern: string, options: { anchored?: boolean } = {}): Regex {
  return new Regex(pattern, { anchored: options.anchored ?? false });
}

function groupsOf(matcher: Matcher): (string | undefined)[] {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => {
    return matcher.group(group) ?? undefined;
  });
}
