/**
 * Regular expressions with RE2's syntax and meaning, in time linear in the text, also where all matches
 * are asked for. Whether there is a match is answered by one automaton (dfa.ts), on bytes as they are;
 * where it is and where its groups are, by another (finder.ts), or where that is safe by the runtime's
 * own engine (native.ts).
 */
import { Dfa } from "./dfa.ts";
import { Finder } from "./finder.ts";
import { literalSetOf } from "./literal-set.ts";
import { literalsOf, prefixOf } from "./literals.ts";
import type { RegexMatch } from "./match.ts";
import { NativeRegex } from "./native.ts";
import { Needle } from "./needle.ts";
import type { Node } from "./node.ts";
import { groupNamesOf, parseRegex } from "./parse.ts";
import { compileProgram } from "./program.ts";

const ENCODER = new TextEncoder();

export class Regex {
  /** The pattern as given. */
  readonly source: string;
  /** Every match contains at least one of these, case and all. Empty when nothing is known. */
  readonly literals: readonly Uint8Array[];
  /** The one text that every match contains, when there is one. */
  readonly required: Uint8Array | undefined;
  /** The names of the groups by index, "" for those without; index 0 is the whole match. */
  readonly groupNames: readonly string[];
  readonly #text: string;
  readonly #node: Node;
  /** All texts that an anchored pattern stands for, when they are few enough. */
  readonly #texts: ReadonlySet<string> | undefined;
  readonly #dfa: Dfa;
  readonly #needle: Needle | undefined;
  /** Where the needle begins every match: the automaton for matches that begin where it does. */
  readonly #prefixDfa: Dfa | undefined;
  #finder: Finder | undefined;
  /** null when the pattern is not for the runtime's own engine. */
  #native: NativeRegex | null | undefined;

  constructor(pattern: string, { anchored }: { anchored: boolean }) {
    // Loki anchors in the text of the pattern, and users see that text in errors: `^(?:()$`.
    const text = anchored ? `^(?:${pattern})$` : pattern;
    const node = parseRegex(text);
    this.source = pattern;
    this.literals = literalsOf(node).map((literal) => ENCODER.encode(literal));
    this.required = this.literals.length === 1 ? this.literals[0] : undefined;
    this.groupNames = groupNamesOf(node);
    this.#text = text;
    this.#node = node;
    this.#texts = anchored ? literalSetOf(withoutAnchors(node)) : undefined;
    const program = compileProgram(node, text);
    this.#dfa = new Dfa(program, { pattern: text, anchored });
    this.#needle = this.required && new Needle(this.required);
    const isPrefix = this.#needle !== undefined && sameBytes(this.required!, prefixOf(node));
    this.#prefixDfa = isPrefix ? new Dfa(program, { pattern: text, anchored: true }) : undefined;
  }

  /** Whether the pattern is found in the text (in all of it, when anchored). */
  test(text: string): boolean {
    return this.#texts === undefined ? this.#dfa.test(text) : this.#texts.has(text);
  }

  /** Whether the pattern is found in text[start, end), as UTF-8. A byte that is none counts as U+FFFD. */
  testBytes(text: Uint8Array, start: number, end: number): boolean {
    if (this.#needle === undefined) return this.#dfa.testBytes(text, start, end);
    let at = this.#needle.indexOf(text, start, end);
    if (at < 0) return false;
    if (this.#prefixDfa === undefined) return this.#dfa.testBytes(text, start, end);
    // A few starts are tried one by one. Of more, each may look at the whole text, so one look takes all.
    for (let tries = 0; tries < PREFIX_TRIES; tries++) {
      if (this.#prefixDfa.testBytes(text, at, end)) return true;
      at = this.#needle.indexOf(text, at + 1, end);
      if (at < 0) return false;
    }
    return this.#dfa.testBytes(text, at, end);
  }

  /** The leftmost match and its groups, undefined for a group that took no part. Undefined when there is no match. */
  exec(text: string): readonly (string | undefined)[] | undefined {
    const native = this.#nativeFor(text);
    if (native !== undefined) return native.find(text, 0) ?? undefined;
    return this.#ownFinder.first(text)?.groups;
  }

  /**
   * Every match from left to right, none within another, and no empty one right behind another. All
   * together take time linear in the text, but an empty match may be between any two characters.
   */
  *matchAll(text: string): Generator<RegexMatch> {
    const native = this.#nativeFor(text);
    if (native !== undefined) {
      yield* untangled(text, (from) => matchOf(native.find(text, from)));
      return;
    }
    const sweep = this.#ownFinder.sweep(text);
    try {
      yield* untangled(text, (from) => sweep.find(from));
    } finally {
      sweep.close();
    }
  }

  get #ownFinder(): Finder {
    const options = { pattern: this.#text, groups: this.groupNames.length };
    this.#finder ??= new Finder(this.#node, options);
    return this.#finder;
  }

  /** The runtime's own engine, if it is safe to search this text. */
  #nativeFor(text: string): NativeRegex | undefined {
    if (this.#native === undefined) this.#native = NativeRegex.of(this.#node) ?? null;
    return this.#native?.suits(text) ? this.#native : undefined;
  }
}

/** Matches one behind the other, as Go's FindAll takes them. */
function* untangled(
  text: string,
  find: (from: number) => RegexMatch | undefined,
): Generator<RegexMatch> {
  let lastEnd = -1;
  for (let from = 0; from <= text.length; ) {
    const match = find(from);
    if (match === undefined) return;
    const { start, end } = match;
    if (end > start || end !== lastEnd) yield match;
    lastEnd = end;
    const rune = text.codePointAt(end) ?? 0;
    from = end > from ? end : from + (rune > 0xffff ? 2 : 1);
  }
}

function matchOf(found: RegExpExecArray | null): RegexMatch | undefined {
  if (found === null) return undefined;
  return { start: found.index, end: found.index + found[0].length, groups: found };
}

/** Starts that testBytes tries one by one. */
const PREFIX_TRIES = 4;

/** Throws BadRequest in the words of Go's regexp when the pattern is none. */
export function compileRegex(pattern: string, options: { anchored?: boolean } = {}): Regex {
  return new Regex(pattern, { anchored: options.anchored ?? false });
}

/** What stands between ^ and $. */
function withoutAnchors(node: Node): Node {
  if (node.kind !== "concat" || node.subs.at(-1)?.kind !== "endText") return node;
  return { kind: "concat", subs: node.subs.slice(1, -1) };
}

function sameBytes(bytes: Uint8Array, text: string): boolean {
  const other = ENCODER.encode(text);
  return bytes.length === other.length && bytes.every((byte, index) => byte === other[index]);
}
