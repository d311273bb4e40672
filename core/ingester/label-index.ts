/** Which streams have which label: the index over what is in memory. */
import { compareText } from "../bytes/text.ts";
import { sortTexts } from "../index/texts.ts";
import { labelValue } from "../labels/labels.ts";
import { type CompiledMatcher, compileMatcher } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";

export class LabelIndex<T extends { readonly labels: Labels }> {
  readonly #all = new Set<T>();
  /** Name, then value, to those that have them. */
  readonly #byName = new Map<string, Map<string, Set<T>>>();
  /** The values of names that were asked for, in order; forgotten when the name gains or loses one. */
  readonly #sorted = new Map<string, readonly (readonly [string, ReadonlySet<T>])[]>();

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<T> {
    return this.#all;
  }

  add(item: T): void {
    this.#all.add(item);
    for (const [name, value] of item.labels) {
      let values = this.#byName.get(name);
      if (values === undefined) this.#byName.set(name, (values = new Map()));
      const items = values.get(value);
      if (items === undefined) {
        values.set(value, new Set([item]));
        this.#sorted.delete(name);
      } else {
        items.add(item);
      }
    }
  }

  delete(item: T): void {
    this.#all.delete(item);
    for (const [name, value] of item.labels) {
      const values = this.#byName.get(name);
      const items = values?.get(value);
      if (items?.delete(item) && items.size === 0) {
        values!.delete(value);
        this.#sorted.delete(name);
        if (values!.size === 0) this.#byName.delete(name);
      }
    }
  }

  /**
   * What passes all matchers, in the order in which it came: others are far apart in memory. The rarest
   * equality is looked up, the rest is tested unless everybody passes.
   */
  select(matchers: readonly Matcher[]): Iterable<T> {
    const { items, rest } = this.#candidates(matchers.map(compileMatcher));
    const tested = rest.filter((matcher) => !this.#isMet(matcher, items.size));
    return tested.length === 0 ? items : this.#passing(items, tested);
  }

  /** Values of a name with all that have them. */
  having(name: string): Iterable<[value: string, items: ReadonlySet<T>]> {
    return this.#byName.get(name) ?? [];
  }

  /** The same in the byte order of the values. */
  inOrder(name: string): readonly (readonly [value: string, items: ReadonlySet<T>])[] {
    const values = this.#byName.get(name);
    if (values === undefined) return [];
    let sorted = this.#sorted.get(name);
    if (sorted === undefined) {
      sorted = sortTexts([...values.keys()]).map((value) => [value, values.get(value)!] as const);
      this.#sorted.set(name, sorted);
    }
    return sorted;
  }

  names(): string[] {
    return [...this.#byName.keys()].sort(compareText);
  }

  *#passing(items: ReadonlySet<T>, rest: readonly CompiledMatcher[]): Generator<T> {
    const tests = rest.map((matcher) => this.#cheap(matcher, items.size));
    for (const item of items) {
      if (tests.every(({ name, test }) => test(labelValue(item.labels, name)))) yield item;
    }
  }

  /** Whether every stream passes, where that is quickly seen: `.+` on a label that all have. */
  #isMet({ name, matchesEmpty, test }: CompiledMatcher, candidates: number): boolean {
    const values = this.#byName.get(name);
    if (values === undefined) return matchesEmpty;
    if (values.size > candidates / 4) return false;
    let owners = 0;
    for (const [value, items] of values) {
      if (!test(value)) return false;
      owners += items.size;
    }
    return matchesEmpty || owners === this.#all.size;
  }

  /** The smallest set that holds all that pass, and the matchers that it does not answer by itself. */
  #candidates(matchers: readonly CompiledMatcher[]): {
    items: ReadonlySet<T>;
    rest: readonly CompiledMatcher[];
  } {
    let items: ReadonlySet<T> = this.#all;
    let answered: CompiledMatcher | undefined;
    for (const matcher of matchers) {
      if (matcher.op !== "=" || matcher.value === "") continue;
      const own = this.#byName.get(matcher.name)?.get(matcher.value);
      if (own === undefined) return { items: new Set(), rest: [] };
      if (answered === undefined || own.size < items.size) [items, answered] = [own, matcher];
    }
    return { items, rest: matchers.filter((matcher) => matcher !== answered) };
  }

  /** Where there are fewer values than candidates, each value is tested once. */
  #cheap(matcher: CompiledMatcher, candidates: number): Pick<CompiledMatcher, "name" | "test"> {
    const values = this.#byName.get(matcher.name);
    if (values === undefined || values.size > candidates / 4) return matcher;
    const passing = new Set([...values.keys()].filter(matcher.test));
    if (matcher.matchesEmpty) passing.add("");
    return { name: matcher.name, test: (value) => passing.has(value) };
  }
}
