/** `|= "a"`, `!~ "b|c"`, `|> "<_> d"`, `|= ip("10.0.0.0/8")`: conditions on lines (spec logql §7, §15). */
import { BadRequest } from "../../model/errors.ts";
import type { ByteSearch } from "../../ports/byte-search.ts";
import { compileIp } from "../../regex/ip.ts";
import { type Simplified, simplifyRegex } from "../../regex/simplify.ts";
import type { LineFilterStage } from "../syntax/ast.ts";
import {
  AlwaysTest,
  AnyTest,
  BytesTest,
  ContainsTest,
  FoldedTest,
  FoldedTextTest,
  type LineTest,
  NonEmptyTest,
} from "./line-test.ts";
import { PatternFilter } from "./pattern-filter.ts";
import type { Row, RowStage } from "./row.ts";
import { encodeText } from "./text.ts";

/** A test, and whether its lines are the ones to keep. */
export interface LineFilter {
  readonly test: LineTest;
  readonly wanted: boolean;
}

/** Throws BadRequest for a pattern or an address that is none. */
export function compileLineFilter(stage: LineFilterStage, search: ByteSearch): LineFilter {
  const wanted = !stage.op.startsWith("!");
  if (stage.ip && stage.or.length === 0) return { test: ipTest(stage), wanted };
  // In a filter with alternatives ip() is text like the others, as Loki 3 has it.
  const texts = [stage.match, ...stage.or.map(({ match }) => match)];
  const tests = texts.map((text) => textTest(stage.op, text, search));
  return { test: tests.length === 1 ? tests[0]! : new AnyTest(tests), wanted };
}

/** The same filter for one row: where the line is no longer that of the block. */
export class LineFilterRun implements RowStage {
  readonly labelsOnly = false;
  readonly #filter: LineFilter;

  constructor(filter: LineFilter) {
    this.#filter = filter;
  }

  run(row: Row): boolean {
    row.load();
    return this.#filter.test.test(row.text, row.start, row.end) === this.#filter.wanted;
  }
}

function ipTest({ op, match }: LineFilterStage): LineTest {
  if (op !== "|=" && op !== "!=") throw new BadRequest("ip: invalid operation");
  const ip = compileIp(match);
  return new BytesTest((text, start, end) => ip.testBytes(text, start, end));
}

function textTest(op: LineFilterStage["op"], match: string, search: ByteSearch): LineTest {
  switch (op) {
    case "|=":
    case "!=":
      return contains(match, search);
    case "|~":
    case "!~":
      return simplifiedTest(simplifyRegex(match, "line"), search);
    case "|>":
    case "!>":
      return patternTest(match, search);
  }
}

function contains(text: string, search: ByteSearch): LineTest {
  return text === "" ? new AlwaysTest() : new ContainsTest(search, encodeText(text));
}

function patternTest(pattern: string, search: ByteSearch): LineTest {
  const filter = new PatternFilter(pattern);
  const { required } = filter;
  const prefilter = required === undefined ? undefined : new ContainsTest(search, required);
  return new BytesTest((text, start, end) => filter.test(text, start, end), prefilter);
}

const ASCII = /^[\x00-\x7f]*$/;

function simplifiedTest(simplified: Simplified, search: ByteSearch): LineTest {
  switch (simplified.kind) {
    case "true":
      return new AlwaysTest();
    case "nonEmpty":
      return new NonEmptyTest();
    case "or":
      return new AnyTest(simplified.filters.map((filter) => simplifiedTest(filter, search)));
    case "regex": {
      const { regex } = simplified;
      return new BytesTest((text, start, end) => regex.testBytes(text, start, end));
    }
    default:
      if (!simplified.fold) return contains(simplified.literal, search);
      return ASCII.test(simplified.literal)
        ? new FoldedTest(simplified.literal)
        : new FoldedTextTest(simplified.literal);
  }
}
