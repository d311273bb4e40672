import { ParseError } from "./errors.ts";
import type { Lexed, LexOptions } from "./lexer.ts";
export function syntaxError(_text: string, lexed: Lexed, _options: LexOptions): ParseError {
  const { error } = lexed;
  if (error !== undefined) return new ParseError(error.reason, error.place);
  return new ParseError("syntax error");
}
