/** Simplified patterns made into tests of lines and label values. */
import { Bug } from "../model/errors.ts";
import { Needle } from "./needle.ts";
import type { Simplified } from "./simplify.ts";

export interface TextTest {
  test(text: string): boolean;
  /** The same for text[start, end), as UTF-8. */
  testBytes(text: Uint8Array, start: number, end: number): boolean;
}

export function compileSimplified(filter: Simplified): TextTest {
  switch (filter.kind) {
    case "true":
      return { test: () => true, testBytes: () => true };
    case "nonEmpty":
      return { test: (text) => text !== "", testBytes: (_text, start, end) => end > start };
    case "regex":
      return filter.regex;
    case "or":
      return anyOf(filter.filters.map(compileSimplified));
    case "contains": {
      const needle = new Needle(filter.literal, filter.fold);
      return {
        test: (text) => needle.isInText(text),
        testBytes: (text, start, end) => needle.isIn(text, start, end),
      };
    }
    case "equals": {
      const needle = new Needle(filter.literal, filter.fold);
      return {
        test: (text) => needle.equalsText(text),
        testBytes: (text, start, end) => needle.equals(text, start, end),
      };
    }
    default:
      throw new Bug(`unknown filter ${JSON.stringify(filter satisfies never)}`);
  }
}

function anyOf(tests: readonly TextTest[]): TextTest {
  return {
    test: (text) => tests.some((each) => each.test(text)),
    testBytes: (text, start, end) => tests.some((each) => each.testBytes(text, start, end)),
  };
}
