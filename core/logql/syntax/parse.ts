/**
 * Query text → tree. The lexer is Loki's, the grammar is grammar.ohm over its tokens, and what Loki refuses
 * is refused in its words: syntax-error.ts finds those, for a parse that fails knows only that it did.
 */
// The parser generator: https://ohmjs.org. The grammar comes to it ready-made, so that loading costs little.
import * as ohm from "ohm-js";
import { utf8Size } from "../../bytes/text.ts";
import { BadRequest } from "../../model/errors.ts";
import type { Matcher } from "../../model/matcher.ts";
import type { Expr, LogExpr } from "./ast.ts";
import { buildQuery } from "./build.ts";
import { checkExpr } from "./check.ts";
import { ParseError } from "./errors.ts";
import { RECIPE } from "./grammar.gen.ts";
import { type Lexed, type LexOptions, lex } from "./lexer.ts";
import { syntaxError } from "./syntax-error.ts";
import { charOf, kindOf, type Token } from "./tokens.ts";
import { depthOf, logsOf } from "./visit.ts";

/** Queries of this many bytes are refused, as in 3.x; 2.9.1 takes fewer than 5120. */
const MAX_BYTES = 131_072;

/** The parser remembers what it tried at each token: some four kilobytes a token. */
const MAX_TOKENS = 50_000;

/** Parentheses inside each other. The parser takes some fifteen calls for each. */
const MAX_NESTING = 128;

/** Queries or filters inside each other, as chains of operators make them: whoever walks the tree may recurse. */
const MAX_DEPTH = 1000;

/** Stages of one pipeline. Each is there for every line, and none of them can be interrupted within one. */
const MAX_STAGES = 1000;

export type ParseOptions = Pick<LexOptions, "approxTopk">;

/** Throws ParseError in Loki's words. */
export function parseQuery(text: string, options: ParseOptions = {}): Expr {
  const expr = parseTree(text, options);
  checkExpr(expr);
  return expr;
}

/** A query that returns lines. */
export function parseLogQuery(text: string, options: ParseOptions = {}): LogExpr {
  const expr = parseQuery(text, options);
  if (expr.kind !== "log") throw new BadRequest("only log selector is supported");
  return expr;
}

/**
 * A bare selector, as the series and label endpoints take it. `{}` and its like pass unless `checked`:
 * what they select there is every stream.
 */
export function parseSelector(
  text: string,
  options: { checked?: boolean } = {},
): readonly Matcher[] {
  const expr = parseTree(text, {});
  if (expr.kind !== "log" || expr.stages.length > 0) {
    throw new BadRequest("only label matchers is supported");
  }
  if (options.checked === true) checkExpr(expr);
  return expr.matchers;
}

function parseTree(text: string, options: ParseOptions): Expr {
  const bytes = utf8Size(text);
  if (bytes >= MAX_BYTES) {
    throw new ParseError(`input size too long (${bytes} > ${MAX_BYTES})`);
  }
  const lexed = lex(text, options);
  if (lexed.error !== undefined) throw syntaxError(text, lexed, options);
  checkSize(lexed.tokens);
  const { grammar, read } = (parser ??= makeParser());
  const match = grammar.match(charsOf(lexed));
  if (match.failed()) throw syntaxError(text, lexed, options);
  const expr = buildQuery({ node: read(match), tokens: lexed.tokens });
  const depth = depthOf(expr);
  if (depth > MAX_DEPTH) throw new ParseError(`query nests too deep (${depth} > ${MAX_DEPTH})`);
  const stages = Math.max(0, ...logsOf(expr).map((log) => log.stages.length));
  if (stages > MAX_STAGES) {
    throw new ParseError(`pipeline has too many stages (${stages} > ${MAX_STAGES})`);
  }
  return expr;
}

const OPEN = kindOf("(");
const CLOSE = kindOf(")");

function checkSize(tokens: readonly Token[]): void {
  if (tokens.length > MAX_TOKENS) {
    throw new ParseError(`query has too many tokens (${tokens.length} > ${MAX_TOKENS})`);
  }
  let depth = 0;
  let deepest = 0;
  for (const { kind } of tokens) {
    if (kind === OPEN) deepest = Math.max(deepest, ++depth);
    else if (kind === CLOSE) depth--;
  }
  if (deepest > MAX_NESTING) {
    throw new ParseError(`parentheses nest too deep (${deepest} > ${MAX_NESTING})`);
  }
}

/** The tokens without `$end`, a character each. */
function charsOf({ tokens }: Lexed): string {
  return tokens
    .slice(0, -1)
    .map(({ kind }) => charOf(kind))
    .join("");
}

interface Parser {
  readonly grammar: ohm.Grammar;
  readonly read: (match: ohm.MatchResult) => ohm.Node;
}

/** Made with the first query. */
let parser: Parser | undefined;

function makeParser(): Parser {
  // Ohm's types leave this one function out.
  const { makeRecipe } = ohm as unknown as { makeRecipe(recipe: unknown): ohm.Grammar };
  const grammar = makeRecipe(RECIPE);
  const semantics = grammar.createSemantics();
  return { grammar, read: (match) => semantics(match) as unknown as ohm.Node };
}
