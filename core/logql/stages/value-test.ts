/** Conditions on the text of a label's value, as `| a=~"…"` has them (spec logql §9.2). */
import { type Simplified, simplifyRegex, type TextFilter } from "../../regex/simplify.ts";
import { lowerRunes } from "./line-test.ts";

export type ValueTest = (value: string) => boolean;

/** A pattern on a label: not always a regular expression, and then not always anchored. */
export function patternTest(pattern: string): ValueTest {
  return testOf(simplifyRegex(pattern, "label"));
}

function testOf(simplified: Simplified): ValueTest {
  switch (simplified.kind) {
    case "true":
      return () => true;
    case "nonEmpty":
      return (value) => value !== "";
    case "or": {
      const tests = simplified.filters.map(testOf);
      return (value) => tests.some((test) => test(value));
    }
    case "regex":
      return (value) => simplified.regex.test(value);
    default:
      return textTest(simplified);
  }
}

function textTest({ kind, literal, fold }: TextFilter): ValueTest {
  if (kind === "contains") {
    if (!fold) return (value) => value.includes(literal);
    return (value) => lowerRunes(value).includes(literal);
  }
  if (!fold) return (value) => value === literal;
  return (value) => value.length === literal.length && lowerRunes(value) === literal;
}
