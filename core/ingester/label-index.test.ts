/** The index over streams in memory gives what testing every stream would. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { labelsKey, labelsOf } from "../labels/labels.ts";
import { compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher, MatchOp } from "../model/matcher.ts";
import { LabelIndex } from "./label-index.ts";

const VALUE = fc.constantFrom("", "a", "b", "ab", "c");
const SET = fc.record({ x: VALUE, y: VALUE, z: VALUE });
const MATCHER: fc.Arbitrary<Matcher> = fc.record({
  name: fc.constantFrom("x", "y", "z", "w"),
  op: fc.constantFrom<MatchOp>("=", "!=", "=~", "!~"),
  value: fc.constantFrom("", "a", "b", "a.*", ".+", ".*", "a|"),
});

function keys(items: Iterable<{ readonly labels: Labels }>): string[] {
  return Array.from(items, ({ labels }) => labelsKey(labels)).sort();
}

test("select() gives what passes all matchers, also after streams have gone", () => {
  fc.assert(
    fc.property(
      fc.array(SET, { maxLength: 60 }),
      fc.array(MATCHER, { maxLength: 4 }),
      fc.nat(10),
      (sets, matchers, gone) => {
        const index = new LabelIndex<{ labels: Labels }>();
        const items = sets.map((set) => ({ labels: labelsOf(set) }));
        for (const item of items) {
          index.add(item);
          // Asked for while streams come: what is remembered must not be what was.
          index.inOrder("x");
        }
        for (const item of items.slice(0, gone)) index.delete(item);
        const left = items.slice(gone);
        const compiled = matchers.map(compileMatcher);
        const wanted = left.filter(({ labels }) => matchesAll(compiled, labels));
        assert.deepEqual(keys(index.select(matchers)), keys(wanted));
        for (const name of ["x", "w"]) {
          const having = [...index.having(name)].flatMap(([, own]) => [...own]);
          const all = left.filter(({ labels }) => labels.some(([own]) => own === name));
          assert.deepEqual(keys(having), keys(all));
          const ordered = index.inOrder(name).map(([value, own]) => [value, keys(own)]);
          const byValue = [...index.having(name)].map(([value, own]) => [value, keys(own)]);
          assert.deepEqual(
            ordered,
            byValue.sort(([a], [b]) => (a! < b! ? -1 : 1)),
          );
        }
      },
    ),
    { seed: 7, numRuns: 500 },
  );
});
