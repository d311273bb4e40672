/** Which streams have which label: the index over what is in memory. */
import { compareText } from "../bytes/text.ts";
import { labelValue } from "../labels/labels.ts";
import { type CompiledMatcher, compileMatcher } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";

export class LabelIndex<T extends { readonly labels: Labels }> {
  readonly #all = new Set<T>();
  /** Name, then value, to those that have them. */
  readonly #byName = new Map<string, Map<string, Set<T>>>();

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
      if (items === undefined) values.set(value, new Set([item]));
      else items.add(item);
    }
  }

  delete(item: T): void {
    this.#all.delete(item);
    for (const [name, value] of item.labels) {
      const values = this.#byName.get(name);
      const items = values?.get(value);
      if (items?.delete(item) && items.size === 0) {
        values!.delete(value);
        if (values!.size === 0) this.#byName.delete(name);
      }
    }
  }

  /** What passes all matchers. The rarest equality is looked up, the rest is tested. */
  *select(matchers: readonly Matcher[]): Generator<T> {
    const compiled = matchers.map(compileMatcher);
    for (const item of this.#candidates(compiled)) {
      if (compiled.every((matcher) => matcher.test(labelValue(item.labels, matcher.name))))
        yield item;
    }
  }

  names(): string[] {
    return [...this.#byName.keys()].sort(compareText);
  }

  valuesOf(name: string): string[] {
    return [...(this.#byName.get(name)?.keys() ?? [])].sort(compareText);
  }

  #candidates(matchers: readonly CompiledMatcher[]): Iterable<T> {
    let best: Set<T> | undefined;
    for (const { op, name, value } of matchers) {
      if (op !== "=" || value === "") continue;
      const items = this.#byName.get(name)?.get(value);
      if (items === undefined) return [];
      if (best === undefined || items.size < best.size) best = items;
    }
    return best ?? this.#all;
  }
}
