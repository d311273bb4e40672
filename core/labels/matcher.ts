/** Matchers made into tests of label values. */

import { quote } from "../golang/quote.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";
import { compileRegex } from "../regex/regex.ts";
import { labelValue } from "./labels.ts";

export interface CompiledMatcher extends Matcher {
  /** Whether a value passes; "" stands for a label that is not there. */
  readonly test: (value: string) => boolean;
  /** True when a stream without the label passes. */
  readonly matchesEmpty: boolean;
}

/** Throws BadRequest when the pattern is no RE2. */
export function compileMatcher(matcher: Matcher): CompiledMatcher {
  const test = testOf(matcher);
  return { ...matcher, test, matchesEmpty: test("") };
}

export function matchesAll(matchers: readonly CompiledMatcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.test(labelValue(labels, matcher.name)));
}

/** `{app="x", pod=~"a.*"}` */
export function printMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(({ name, op, value }) => `${name}${op}${quote(value)}`).join(", ")}}`;
}

function testOf({ op, value: wanted }: Matcher): (value: string) => boolean {
  switch (op) {
    case "=":
      return (value) => value === wanted;
    case "!=":
      return (value) => value !== wanted;
    case "=~": {
      const regex = compileRegex(wanted, { anchored: true });
      return (value) => regex.test(value);
    }
    case "!~": {
      const regex = compileRegex(wanted, { anchored: true });
      return (value) => !regex.test(value);
    }
  }
}
