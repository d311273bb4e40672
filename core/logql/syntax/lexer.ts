/**
 * Loki's lexer: text/scanner's tokens, and on top of them words, pairs of characters, durations, sizes,
 * ranges and flags (spec logql §2). The token ends where the scanner's next character stands.
 */

import { parsePromDuration } from "../../golang/duration.ts";
import { GoError } from "../../golang/go-error.ts";
import { isDigit, type LexError, Scanner } from "./scanner.ts";
import {
  BYTES,
  DURATION,
  END,
  FUNCTIONS,
  FUNCTIONS_BEYOND,
  IDENTIFIER,
  kindOf,
  NUMBER,
  PUNCTUATION,
  PUNCTUATION_3X,
  RANGE,
  RESERVED,
  STRING,
  type Token,
  type TokenKind,
} from "./tokens.ts";
import { readBytes, readDuration, readGoDuration, unquote } from "./values.ts";

export interface LexOptions {
  /** Reads as 2.9.1 does, without what came after it: for error texts. */
  readonly plain?: boolean;
  /** `approx_topk` is a function word. */
  readonly approxTopk?: boolean;
}

export interface Lexed {
  /** Up to `$end`, or up to the token that the error belongs to, without it. */
  readonly tokens: readonly Token[];
  readonly error?: LexError;
}

/**
 * Loki uses its scanners again and leaves them the column where the last sound query ended. It shows in one
 * message, that of a NUL in front of the first token (spec logql-parse-errors §2).
 */
let leftOverColumn = 0;

export function lex(text: string, options: LexOptions = {}): Lexed {
  const scanner = new Scanner(text, leftOverColumn);
  const lexed = readAll(new Lexer(scanner, options), scanner);
  if (lexed.error === undefined) leftOverColumn = scanner.place.column;
  return lexed;
}

function readAll(lexer: Lexer, scanner: Scanner): Lexed {
  const tokens: Token[] = [];
  for (;;) {
    const token = lexer.next(tokens.at(-1)?.kind);
    if (scanner.error !== undefined) return { tokens, error: scanner.error };
    tokens.push(token);
    if (token.kind === END) return { tokens };
  }
}

const PIPE = kindOf("|");
const FLAG = kindOf("PARSER_FLAG");
const ARRAYS_FLAG = kindOf("ARRAYS_FLAG");
const APPROX_TOPK = kindOf("APPROX_TOPK");

/** A parenthesis, or a grouping with one. In Loki only blanks may come before, in our reading comments too. */
const PLAIN_CALL = /\s*(?:(?:by|without)\s*)?\(/uy;
// Each comment can end in one place only, so nothing is tried twice.
const GAP = String.raw`(?:\s|(?:#|//)[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/)*`;
const CALL = new RegExp(String.raw`${GAP}(?:(?:by|without)${GAP})?\(`, "iuy");
const COMPARISON = /\s*[=<>]/uy;
// What reaches this bound is no flag, duration or size. Without it a long text would be looked at again from
// each of its characters.
const AHEAD_MAX = 100;
const LETTERS = /[\p{L}-]{0,100}/uy;
const DURATION_REST = /[\p{N}.nuµmshdwy]{0,100}/uy;
const BYTES_REST = /[\p{N}.BikKMGTP]{0,100}/uy;

/** Stages of ours and what makes the word one: something that in Loki cannot follow a name. */
const STAGE_WORDS: ReadonlyMap<string, { readonly kind: TokenKind; readonly before: RegExp }> =
  new Map([
    ["distinct", { kind: kindOf("distinct"), before: /\s+[\p{L}_]/uy }],
    ["sort", { kind: kindOf("sort"), before: /\s+by\s+[\p{L}_]/iuy }],
    ["first", { kind: kindOf("first"), before: /\s+\d/uy }],
    ["last", { kind: kindOf("last"), before: /\s+\d/uy }],
  ]);

/** After a name no second one can stand in Loki. */
const ORDER_WORDS: ReadonlyMap<string, TokenKind> = new Map([
  ["asc", kindOf("asc")],
  ["desc", kindOf("desc")],
]);

class Lexer {
  readonly #scanner: Scanner;
  readonly #options: LexOptions;

  constructor(scanner: Scanner, options: LexOptions) {
    this.#scanner = scanner;
    this.#options = options;
  }

  next(previous: TokenKind | undefined): Token {
    for (;;) {
      const lexeme = this.#scanner.scan();
      switch (lexeme) {
        case "end":
          return this.#token(END);
        case "word":
          return this.#token(this.#word(this.#scanner.lexeme(), previous));
        case "number":
          return this.#token(this.#number());
        case "string":
        case "raw-string":
          return this.#string(lexeme);
        case "char":
          return this.#token(IDENTIFIER);
        case "other": {
          const token = this.#other();
          if (token !== undefined) return token;
        }
      }
    }
  }

  #token(kind: TokenKind, text = this.#scanner.lexeme()): Token {
    const { offset, place } = this.#scanner;
    return { kind, text, offset, line: place.line, column: place.column };
  }

  #word(word: string, previous: TokenKind | undefined): TokenKind {
    const { plain = false, approxTopk = false } = this.#options;
    const key = plain ? word : word.toLowerCase();
    const reserved = RESERVED.get(key);
    if (reserved !== undefined) {
      // In 2.9.1 `Pattern` is a name: it stays one where a name is compared.
      return key !== word && this.#follows(COMPARISON) ? IDENTIFIER : reserved;
    }
    const call = FUNCTIONS.get(key) ?? (plain ? undefined : FUNCTIONS_BEYOND.get(key));
    const isKnown = call !== undefined && (call !== APPROX_TOPK || approxTopk);
    if (isKnown && this.#follows(plain ? PLAIN_CALL : CALL)) return call;
    if (plain) return IDENTIFIER;
    const stage = previous === PIPE ? STAGE_WORDS.get(key) : undefined;
    if (stage !== undefined && this.#follows(stage.before)) return stage.kind;
    const order = previous === IDENTIFIER ? ORDER_WORDS.get(key) : undefined;
    return order ?? IDENTIFIER;
  }

  #number(): TokenKind {
    const literal = this.#scanner.lexeme();
    const duration = this.#ahead(DURATION_REST);
    if (duration !== "" && readDuration(literal + duration) !== undefined) {
      this.#skip(duration);
      return DURATION;
    }
    const bytes = this.#ahead(BYTES_REST);
    if (bytes !== "" && readBytes(literal + bytes) !== undefined) {
      this.#skip(bytes);
      return BYTES;
    }
    return NUMBER;
  }

  #string(lexeme: "string" | "raw-string"): Token {
    const body = this.#scanner.lexeme().slice(1, -1);
    if (lexeme === "raw-string" || this.#scanner.error !== undefined) {
      return this.#token(STRING, body);
    }
    const text = unquote(body);
    if (text === undefined) this.#scanner.fail("invalid syntax");
    return this.#token(STRING, text);
  }

  /** Undefined after a comment. */
  #other(): Token | undefined {
    const char = this.#scanner.lexeme();
    if (char === "#") {
      this.#skipLine();
      return undefined;
    }
    if (char === "[") return this.#range();
    if (char === "-") {
      const kind = this.#minus();
      if (kind !== undefined) return this.#token(kind);
    }
    const pair = char + this.#scanner.char;
    const kind =
      PUNCTUATION.get(pair) ?? (this.#options.plain ? undefined : PUNCTUATION_3X.get(pair));
    if (pair.length > 1 && kind !== undefined) {
      this.#scanner.skip(1);
      return this.#token(kind);
    }
    return this.#token(PUNCTUATION.get(char) ?? IDENTIFIER);
  }

  #skipLine(): void {
    while (this.#scanner.char !== "\n" && this.#scanner.char !== "") this.#scanner.skip(1);
  }

  /** `[5m]`, taken as it stands up to the bracket. */
  #range(): Token {
    const start = this.#scanner.index;
    const end = this.#scanner.text.indexOf("]", start);
    const text = this.#scanner.text.slice(start, end < 0 ? undefined : end);
    this.#skip(text);
    if (end < 0) {
      this.#scanner.fail("missing closing ']' in duration");
      return this.#token(RANGE, text);
    }
    this.#scanner.skip(1);
    try {
      parsePromDuration(text);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      this.#scanner.fail(error.message);
    }
    return this.#token(RANGE, text);
  }

  /** A flag or a negative duration; undefined when the minus is an operator. */
  #minus(): TokenKind | undefined {
    if (this.#scanner.char === "-") {
      const letters = this.#ahead(LETTERS);
      const kind = this.#flag(`-${letters}`);
      if (kind !== undefined) this.#skip(letters);
      return kind;
    }
    const duration = this.#ahead(DURATION_REST);
    const isDuration = /\D$/u.test(duration) && readGoDuration(`-${duration}`) !== undefined;
    if (!isDigit(this.#scanner.char) || !isDuration) return undefined;
    this.#skip(duration);
    return DURATION;
  }

  #flag(text: string): TokenKind | undefined {
    if (text === "--strict" || text === "--keep-empty") return FLAG;
    return text === "--arrays" && !this.#options.plain ? ARRAYS_FLAG : undefined;
  }

  #follows(pattern: RegExp): boolean {
    pattern.lastIndex = this.#scanner.index;
    return pattern.test(this.#scanner.text);
  }

  /** What the pattern takes of the text that comes next; nothing when that is too long. */
  #ahead(pattern: RegExp): string {
    pattern.lastIndex = this.#scanner.index;
    const [text] = pattern.exec(this.#scanner.text)!;
    return text.length < AHEAD_MAX ? text : "";
  }

  #skip(text: string): void {
    this.#scanner.skip([...text].length);
  }
}
