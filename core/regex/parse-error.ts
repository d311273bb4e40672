/** Why a pattern is none, in the words of Go's regexp/syntax. */
import { BadRequest } from "../model/errors.ts";

export type Reason =
  | "missing closing )"
  | "unexpected )"
  | "missing closing ]"
  | "missing argument to repetition operator"
  | "invalid repeat count"
  | "invalid nested repetition operator"
  | "invalid escape sequence"
  | "invalid character class range"
  | "invalid or unsupported Perl syntax"
  | "invalid named capture"
  | "trailing backslash at end of expression"
  | "expression nests too deeply"
  | "expression too large";

/** `error parsing regexp: missing closing ): ` and the offending fragment between backticks. */
export function regexError(reason: Reason, fragment: string): BadRequest {
  return new BadRequest(`error parsing regexp: ${reason}: \`${fragment}\``);
}
