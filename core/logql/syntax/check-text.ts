/** The small languages inside a query's strings, as far as Loki looks at them while it parses. */
import { compileMatcher } from "../../labels/matcher.ts";
import { BadRequest } from "../../model/errors.ts";
import type { Matcher } from "../../model/matcher.ts";
import { compileRegex } from "../../regex/regex.ts";
import { ParseError } from "./errors.ts";
import { captureName, captures, splitPattern } from "./pattern-text.ts";

/** Refuses a matcher whose pattern is no RE2. */
export function checkMatcher(matcher: Matcher): void {
  if (matcher.op === "=" || matcher.op === "!=") return;
  asParseError("", () => compileMatcher(matcher));
}

/** Refuses what cannot be the pattern of `label_replace`. */
export function checkReplacePattern(pattern: string): void {
  asParseError("invalid regex in label_replace: ", () => compileRegex(pattern, { anchored: true }));
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Gives the pattern back when each of its named groups can be a label. */
export function checkRegexpParser(pattern: string): string {
  const prefix = "invalid regexp parser: ";
  const { groupNames } = asParseError(prefix, () => compileRegex(pattern));
  const names = groupNames.filter((name) => name !== "");
  names.forEach((name, index) => {
    if (!LABEL_NAME.test(name)) {
      throw new ParseError(`${prefix}invalid extracted label name '${name}'`);
    }
    if (names.indexOf(name) < index) {
      throw new ParseError(`${prefix}duplicate extracted label name '${name}'`);
    }
  });
  if (names.length === 0) {
    throw new ParseError(`${prefix}at least one named capture must be supplied`);
  }
  return pattern;
}

/** Gives the expression back when it has a name to set and text between any two captures. */
export function checkPatternParser(expression: string): string {
  const refuse = (reason: string) => new ParseError(`invalid pattern parser: ${reason}`);
  const parts = splitPattern(expression);
  if (parts.length === 0) {
    throw refuse(
      "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL",
    );
  }
  const names = captures(parts).filter((name) => name !== "_");
  if (names.length === 0) throw refuse("at least one capture is required");
  const second = parts.findIndex(
    (part, index) => captureName(part) !== undefined && captureName(parts[index - 1]) !== undefined,
  );
  if (second > 0) {
    const pair = `${parts[second - 1]}${parts[second]}`;
    throw refuse(`found consecutive capture '${pair}': invalid expression`);
  }
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) {
    throw refuse(`duplicate capture name (${repeated}): invalid expression`);
  }
  return expression;
}

/** The number of rows of `| first 5`: a whole number that a table can have. */
export function checkLimit(stage: string, text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ParseError(`invalid parameter for ${stage}: ${text}, want a whole number above 0`);
  }
  return count;
}

function asParseError<T>(prefix: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new ParseError(prefix + error.message, undefined, { cause: error });
  }
}
