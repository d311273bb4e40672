/**
 * Splits text as Go's package text/scanner does, whose words for broken literals and whose idea of a
 * place Loki passes on. `char` is the next character, read ahead; `place` is where the last token began.
 */
import type { Place } from "./errors.ts";

export type Lexeme = "end" | "word" | "number" | "string" | "raw-string" | "char" | "other";

export interface LexError {
  readonly reason: string;
  readonly place: Place;
  /** Where the token starts in the text. */
  readonly offset: number;
}

const LETTER = /^[\p{L}_]$/u;
const LETTER_OR_DIGIT = /^[\p{L}\p{Nd}_]$/u;

export class Scanner {
  readonly text: string;
  /** The next character, "" at the end. */
  char = "";
  /** Of the last token. */
  offset = 0;
  place: Place;
  /** The first thing that is wrong, and the place of the token at that time. */
  error: LexError | undefined;

  #index = 0;
  #nextIndex = 0;
  #line = 1;
  #column = 0;
  #lastLineSize = 0;

  /** `column` is the one that the place has before the first token. */
  constructor(text: string, column = 0) {
    this.text = text;
    this.place = { line: 0, column };
    this.#advance();
    if (this.char === "\ufeff") this.#advance();
  }

  /** Where the next character stands. */
  get index(): number {
    return this.#index;
  }

  /** The text of the last token, which ends before the next character. */
  lexeme(): string {
    return this.text.slice(this.offset, this.#index);
  }

  fail(reason: string): void {
    this.error ??= { reason, place: this.place, offset: this.offset };
  }

  /** Steps over characters outside of any token. The place loses its line, as it does in Go. */
  skip(count: number): void {
    this.place = { line: 0, column: this.place.column };
    for (; count > 0; count--) this.#advance();
  }

  /** Reads the next token past blanks and comments of the kinds that Go has. */
  scan(): Lexeme {
    this.place = { line: 0, column: this.place.column };
    for (;;) {
      while (isBlank(this.char)) this.#advance();
      this.#startToken();
      if (this.char !== "/") return this.#scanToken();
      this.#advance();
      if (this.char !== "/" && this.char !== "*") return "other";
      this.#scanComment();
    }
  }

  #startToken(): void {
    this.offset = this.#index;
    const isAfterNewline = this.#column === 0;
    this.place = isAfterNewline
      ? { line: this.#line - 1, column: this.#lastLineSize }
      : { line: this.#line, column: this.#column };
  }

  #scanToken(): Lexeme {
    const { char } = this;
    if (char === "") return "end";
    if (LETTER.test(char)) {
      while (LETTER_OR_DIGIT.test(this.char)) this.#advance();
      return "word";
    }
    if (isDigit(char)) return this.#scanNumber(false);
    this.#advance();
    switch (char) {
      case '"':
        this.#scanQuoted('"');
        return "string";
      case "'":
        if (this.#scanQuoted("'") !== 1) this.fail("invalid char literal");
        return "char";
      case "`":
        this.#scanRaw();
        return "raw-string";
      case ".":
        return isDigit(this.char) ? this.#scanNumber(true) : "other";
      default:
        return "other";
    }
  }

  #scanComment(): void {
    const isLine = this.char === "/";
    this.#advance();
    if (isLine) {
      while (this.char !== "\n" && this.char !== "") this.#advance();
      return;
    }
    for (let last = ""; this.char !== ""; ) {
      const char = this.char;
      this.#advance();
      if (last === "*" && char === "/") return;
      last = char;
    }
    this.fail("comment not terminated");
  }

  /** Up to the closing quote; gives the number of characters. */
  #scanQuoted(quote: string): number {
    let count = 0;
    for (; this.char !== quote; count++) {
      if (this.char === "\n" || this.char === "") {
        this.fail("literal not terminated");
        return count;
      }
      const isEscape = this.char === "\\";
      this.#advance();
      if (isEscape) this.#scanEscape(quote);
    }
    this.#advance();
    return count;
  }

  #scanEscape(quote: string): void {
    const { char } = this;
    const size = { x: 2, u: 4, U: 8 }[char];
    if (char !== "" && `abfnrtv\\${quote}`.includes(char)) {
      this.#advance();
    } else if (char >= "0" && char <= "7") {
      this.#scanEscapeDigits(/[0-7]/, 3);
    } else if (size !== undefined) {
      this.#advance();
      this.#scanEscapeDigits(/[0-9a-fA-F]/, size);
    } else {
      this.fail("invalid char escape");
    }
  }

  #scanEscapeDigits(digit: RegExp, count: number): void {
    for (; count > 0 && digit.test(this.char); count--) this.#advance();
    if (count > 0) this.fail("invalid char escape");
  }

  #scanRaw(): void {
    while (this.char !== "`" && this.char !== "") this.#advance();
    if (this.char === "") this.fail("literal not terminated");
    else this.#advance();
  }

  /** A number as Go source has it: prefixes, underscores, fraction, exponent. */
  #scanNumber(isFraction: boolean): Lexeme {
    let prefix = "";
    if (!isFraction && this.char === "0") {
      this.#advance();
      const letter = this.char.toLowerCase();
      prefix = "xob".includes(letter) && letter !== "" ? letter : "0";
      if (prefix !== "0") this.#advance();
    }
    const name = LITERAL_NAMES[prefix]!;
    const isHex = prefix === "x";
    const whole = isFraction ? "" : this.#digits(isHex);
    let fraction = "";
    if (!isFraction && this.char === ".") {
      this.#advance();
      isFraction = true;
    }
    if (isFraction) {
      if (prefix === "o" || prefix === "b") this.fail(`invalid radix point in ${name}`);
      fraction = this.#digits(isHex);
    }
    const hasDigits = prefix === "0" || /[^_]/.test(whole + fraction);
    if (!hasDigits) this.fail(`${name} has no digits`);
    const hasExponent = this.#scanExponent(prefix);
    if (isHex && isFraction && !hasExponent) {
      this.fail("hexadecimal mantissa requires a 'p' exponent");
    }
    const wrong = WRONG_DIGITS[prefix]?.exec(whole);
    if (wrong && !isFraction && !hasExponent) this.fail(`invalid digit '${wrong[0]}' in ${name}`);
    if (hasStrayUnderscore(this.lexeme(), prefix)) {
      this.fail("'_' must separate successive digits");
    }
    return "number";
  }

  #scanExponent(prefix: string): boolean {
    const letter = this.char.toLowerCase();
    if (letter !== "e" && letter !== "p") return false;
    if (letter === "e" && prefix !== "" && prefix !== "0") {
      this.fail(`'${this.char}' exponent requires decimal mantissa`);
    } else if (letter === "p" && prefix !== "x") {
      this.fail(`'${this.char}' exponent requires hexadecimal mantissa`);
    }
    this.#advance();
    if (this.char === "+" || this.char === "-") this.#advance();
    if (!/\d/.test(this.#digits(false))) this.fail("exponent has no digits");
    return true;
  }

  #digits(isHex: boolean): string {
    const digit = isHex ? /^[0-9a-fA-F_]$/ : /^[0-9_]$/;
    const start = this.#index;
    while (digit.test(this.char)) this.#advance();
    return this.text.slice(start, this.#index);
  }

  /** Reads one character ahead; what is wrong with it is found now, while the token before it is read. */
  #advance(): void {
    const previous = this.char;
    this.#index = this.#nextIndex;
    const code = this.text.codePointAt(this.#index);
    if (code === undefined) {
      // The end has a column of its own, once, and none in a text that is empty.
      if (previous !== "") this.#column++;
      this.char = "";
      return;
    }
    this.char = String.fromCodePoint(code);
    this.#nextIndex += this.char.length;
    this.#column++;
    if (code === 0) this.fail("invalid character NUL");
    if (code >= 0xd800 && code <= 0xdfff) this.fail("invalid UTF-8 encoding");
    if (this.char === "\n") {
      this.#line++;
      this.#lastLineSize = this.#column;
      this.#column = 0;
    }
  }
}

export function isBlank(char: string): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r";
}

export function isDigit(char: string): boolean {
  return char >= "0" && char <= "9" && char.length === 1;
}

const LITERAL_NAMES: Readonly<Record<string, string>> = {
  "": "decimal literal",
  "0": "octal literal",
  o: "octal literal",
  b: "binary literal",
  x: "hexadecimal literal",
};

const WRONG_DIGITS: Readonly<Record<string, RegExp>> = { "0": /[89]/, o: /[89]/, b: /[2-9]/ };

/** An underscore stands between two digits, or between a prefix and a digit. */
function hasStrayUnderscore(literal: string, prefix: string): boolean {
  if (!literal.includes("_")) return false;
  const digit = prefix === "x" ? "[0-9a-fA-F]" : "[0-9]";
  const body = prefix === "" || prefix === "0" ? literal : `0${literal.slice(2)}`;
  return new RegExp(`(?<!${digit})_|_(?!${digit})`).test(body);
}
