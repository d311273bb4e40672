/**
 * Loki's words for a query that does not parse: `syntax error: unexpected X, expecting A or B`. They come
 * from its LALR(1) parser: which token it stops at, and which others that state would have read (spec
 * logql-parse-errors §3). A second parser over a table of the same kind finds both. It reads the query as
 * Loki 2.9.1 would; where that stops at something that is fine with us, as we do.
 */
import { checkMatcher } from "./check-text.ts";
import { ParseError } from "./errors.ts";
import { type Lexed, type LexOptions, lex } from "./lexer.ts";
import { MessageTable } from "./message-table.ts";
import { LOKI_TABLE, OUR_TABLE } from "./messages.gen.ts";
import { IDENTIFIER, kindOf, STRING, TOKEN_NAMES, type Token } from "./tokens.ts";

/** The error of a query that the grammar does not match. `lexed` is what `lex(text, options)` gave. */
export function syntaxError(text: string, lexed: Lexed, options: LexOptions): ParseError {
  const ours = firstError(lexed, OUR_TABLE);
  const plain = firstError(lex(text, { ...options, plain: true }), LOKI_TABLE);
  if (ours === undefined) return (plain ?? { error: new ParseError("syntax error") }).error;
  return plain !== undefined && plain.offset >= ours.offset ? plain.error : ours.error;
}

interface Found {
  readonly error: ParseError;
  /** Where in the text. */
  readonly offset: number;
}

function firstError({ tokens, error }: Lexed, tableText: string): Found | undefined {
  const stop = new MessageTable(tableText).run(tokens);
  const read = stop === undefined ? tokens : tokens.slice(0, stop.index);
  const found = brokenMatcher(read);
  if (found !== undefined) return found;
  if (stop !== undefined) {
    const token = tokens[stop.index]!;
    return { error: new ParseError(reasonOf(token, stop.expected), token), offset: token.offset };
  }
  if (error === undefined) return undefined;
  return { error: new ParseError(error.reason, error.place), offset: error.offset };
}

function reasonOf(token: Token, expected: readonly number[]): string {
  const unexpected = `syntax error: unexpected ${TOKEN_NAMES[token.kind]}`;
  if (expected.length === 0) return unexpected;
  return `${unexpected}, expecting ${expected.map((kind) => TOKEN_NAMES[kind]).join(" or ")}`;
}

const REGEX_OPS: ReadonlyMap<number, "=~" | "!~"> = new Map([
  [kindOf("=~"), "=~"],
  [kindOf("!~"), "!~"],
]);

/** Loki compiles a matcher's pattern as soon as it has read it, before it knows what follows. */
function brokenMatcher(tokens: readonly Token[]): Found | undefined {
  for (let index = 2; index < tokens.length; index++) {
    const [name, operator, value] = tokens.slice(index - 2, index + 1) as [Token, Token, Token];
    const op = REGEX_OPS.get(operator.kind);
    if (name.kind !== IDENTIFIER || op === undefined || value.kind !== STRING) continue;
    try {
      checkMatcher({ name: name.text, op, value: value.text });
    } catch (error) {
      if (error instanceof ParseError) return { error, offset: value.offset };
      throw error;
    }
  }
  return undefined;
}
