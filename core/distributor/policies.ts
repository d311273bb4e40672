/**
 * Policies: groups of a tenant's streams, for which Loki 3 may block pushes and enforce labels apart from the rest.
 * A stream is in the group of the highest priority that it matches; of equal ones the first by name.
 */
import { compareText } from "../bytes/text.ts";
import { type CompiledMatcher, compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits, StreamPolicies, StreamPolicy } from "../model/limits.ts";

/** Under this name stands what is for no policy in particular. */
const EVERY = "*";

export class Policies {
  readonly #policies: StreamPolicies;
  readonly #enforced: readonly string[];
  readonly #groups: readonly Group[];

  constructor({ policies, enforcedLabels }: Limits) {
    this.#policies = policies;
    this.#enforced = enforcedLabels;
    this.#groups = groupsOf(policies.mapping);
  }

  /** The policy of a stream; "" when it is in none. */
  of(labels: Labels): string {
    return this.#groups.find(({ matchers }) => matchesAll(matchers, labels))?.name ?? "";
  }

  /** Labels that a stream of this policy must have. */
  enforced(policy: string): readonly string[] {
    const { enforcedLabels } = this.#policies;
    if (enforcedLabels.size === 0) return this.#enforced;
    const own = policy === "" ? [] : (enforcedLabels.get(policy) ?? []);
    return [...new Set([...this.#enforced, ...(enforcedLabels.get(EVERY) ?? []), ...own])];
  }

  /** Until when streams of this policy are refused, Unix milliseconds; 0 is never. */
  blockedUntilMs(policy: string): number {
    return this.#policies.blockedUntilMs.get(policy === "" ? EVERY : policy) ?? 0;
  }
}

interface Group {
  readonly name: string;
  readonly matchers: readonly CompiledMatcher[];
}

/** Limits stay the same objects until they are read again, and so do their compiled matchers. */
const COMPILED = new WeakMap<readonly StreamPolicy[], readonly Group[]>();

function groupsOf(mapping: readonly StreamPolicy[]): readonly Group[] {
  let groups = COMPILED.get(mapping);
  if (groups === undefined) {
    groups = mapping
      .toSorted((a, b) => b.priority - a.priority || compareText(a.name, b.name))
      .map(({ name, selector }) => ({ name, matchers: selector.map(compileMatcher) }));
    COMPILED.set(mapping, groups);
  }
  return groups;
}
