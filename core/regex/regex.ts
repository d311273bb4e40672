/**
 * Regular expressions with RE2's syntax and meaning, in time linear in the text.
 * re2js is the engine: a port of RE2 that is kept up with its Go original.
 */
import { RE2JS } from "re2js";
import { BadRequest } from "../model/errors.ts";

export interface Regex {
  /** The pattern as given. */
  readonly source: string;
  /** Whether the pattern is found in the text (in all of it, when anchored). */
  test(text: string): boolean;
}

/** Throws BadRequest in the words of Go's regexp when the pattern is none. */
export function compileRegex(pattern: string, options: { anchored?: boolean } = {}): Regex {
  const whole = options.anchored ? `^(?:${pattern})$` : pattern;
  const engine = compile(whole);
  return { source: pattern, test: (text) => engine.matcher(text).find() };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new BadRequest(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
