/** Matchers to series: which lists are united, which intersected, which taken away. */
import type { CompiledMatcher } from "../labels/matcher.ts";
import type { Postings } from "./postings.ts";
import { intersect, type Refs, subtract, unite } from "./refs.ts";

/**
 * Testing the labels of a candidate costs about as much as testing so many values: with fewer
 * candidates than that, a matcher that would scan its values is left for the candidates.
 */
const CANDIDATE_COST = 4;

export interface Selection {
  readonly refs: Refs;
  /** Matchers that the series of `refs` have yet to pass. */
  readonly untested: readonly CompiledMatcher[];
}

/**
 * A matcher that a missing label passes tells which series to leave out, any other which to keep.
 * Lists that are found by name and value come first, since they are cheap and leave fewer candidates.
 */
export function select(postings: Postings, matchers: readonly CompiledMatcher[]): Selection {
  const found = matchers.filter((matcher) => namedValues(matcher) !== undefined);
  const scanned = matchers.filter((matcher) => namedValues(matcher) === undefined);

  let refs: Refs | undefined;
  const keep = found
    .filter((matcher) => !matcher.matchesEmpty)
    .map((each) => named(postings, each));
  for (const list of keep.sort((a, b) => a.length - b.length)) {
    refs = refs === undefined ? list : intersect(refs, list);
    if (refs.length === 0) return { refs, untested: [] };
  }

  const untested: CompiledMatcher[] = [];
  for (const matcher of scanned.sort((a, b) => Number(a.matchesEmpty) - Number(b.matchesEmpty))) {
    const count = postings.valueCount(matcher.name);
    if (refs !== undefined && refs.length * CANDIDATE_COST < count) untested.push(matcher);
    else if (matcher.matchesEmpty) refs = subtract(refs ?? postings.all(), scan(postings, matcher));
    else {
      const list = scan(postings, matcher);
      refs = refs === undefined ? list : intersect(refs, list);
    }
  }

  refs ??= postings.all();
  for (const matcher of found) {
    if (matcher.matchesEmpty) refs = subtract(refs, named(postings, matcher));
  }
  return { refs, untested };
}

/** The lists of the values that a matcher names: `=` and `!=` of one, `=~` and `!~` of literals. */
function named(postings: Postings, matcher: CompiledMatcher): Refs {
  const values = new Set(namedValues(matcher));
  return unite([...values].map((value) => postings.list(matcher.name, value)));
}

/** Goes through all values of a name, for those that pass, or that do not when a missing label does. */
function scan(postings: Postings, matcher: CompiledMatcher): Refs {
  const { name, matchesEmpty } = matcher;
  const lists: Refs[] = [];
  postings.values(name).forEach((value, index) => {
    if (matcher.test(value) !== matchesEmpty) lists.push(postings.listAt(name, index));
  });
  return unite(lists);
}

/**
 * The values whose lists decide a matcher, undefined when all values must be tried: those that pass
 * when a missing label does not, those that fail when it does.
 */
function namedValues({ op, value, matchesEmpty }: CompiledMatcher): string[] | undefined {
  switch (op) {
    case "=":
      return matchesEmpty ? undefined : [value];
    case "!=":
      return matchesEmpty ? [value] : undefined;
    case "=~":
      return matchesEmpty ? undefined : literals(value);
    case "!~":
      return matchesEmpty ? literals(value) : undefined;
  }
}

const LITERALS =
  /^(?:[^\\.+*?()|[\]{}^$]|\\[\\.+*?()|[\]{}^$-])+(?:\|(?:[^\\.+*?()|[\]{}^$]|\\[\\.+*?()|[\]{}^$-])+)*$/su;

/** The texts that a pattern such as `a|b\.c` stands for, undefined when it is more than literals. */
function literals(pattern: string): string[] | undefined {
  if (!LITERALS.test(pattern)) return undefined;
  const parts = pattern.match(/(?:[^\\|]|\\.)+/gsu) ?? [];
  return parts.map((part) => part.replace(/\\(.)/gsu, "$1"));
}
