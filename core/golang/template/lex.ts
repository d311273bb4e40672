/**
 * Cuts a template into items: text, and the words inside `{{ }}`. It works like the lexer of Go's
 * text/template, so that errors are found at the same places and have the same words.
 */
import { quote } from "../quote.ts";

export type ItemKind =
  | "error"
  | "eof"
  | "text"
  | "leftDelim"
  | "rightDelim"
  | "space"
  | "assign" // =
  | "declare" // :=
  | "pipe"
  | "leftParen"
  | "rightParen"
  | "char" // Any other printable sign, such as a comma.
  | "bool"
  | "charConstant"
  | "number"
  | "string"
  | "rawString"
  | "dot"
  | "field" // .name
  | "variable" // $name
  | "identifier"
  | Keyword;

export type Keyword =
  | "block"
  | "break"
  | "continue"
  | "define"
  | "else"
  | "end"
  | "if"
  | "nil"
  | "range"
  | "template"
  | "with";

export interface Item {
  readonly kind: ItemKind;
  /** Offset in the template. */
  readonly pos: number;
  /** The text of the item; of an error, its message. */
  readonly text: string;
  readonly line: number;
}

const KEYWORDS: ReadonlySet<string> = new Set<Keyword>([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
]);

export function isKeyword(kind: ItemKind): kind is Keyword {
  return KEYWORDS.has(kind);
}

const [LEFT, RIGHT] = ["{{", "}}"];
const SPACE = " \t\r\n";

/** All items up to the end or the first error, which is then the last item. */
export function lex(template: string): Item[] {
  return new Lexer(template).run();
}

class Lexer {
  readonly #input: string;
  readonly #items: Item[] = [];
  #pos = 0;
  /** Where the item in hand begins, and in which line. */
  #start = 0;
  #startLine = 1;
  #lines = 1;
  #countedTo = 0;
  #parens = 0;

  constructor(input: string) {
    this.#input = input;
  }

  run(): Item[] {
    try {
      this.#text();
    } catch (error) {
      if (!(error instanceof LexError)) throw error;
      this.#items.push({
        kind: "error",
        pos: this.#start,
        text: error.message,
        line: this.#startLine,
      });
    }
    return this.#items;
  }

  /** Text up to the end, with every action in it. */
  #text(): void {
    for (;;) {
      const found = this.#input.indexOf(LEFT!, this.#pos);
      const end = found < 0 ? this.#input.length : found;
      const isTrimmed = found >= 0 && this.#trimsLeft(found + 2);
      const stop = isTrimmed ? trimmedEnd(this.#input, this.#pos, end) : end;
      this.#pos = stop;
      if (stop > this.#start) this.#emit("text");
      this.#pos = end;
      this.#ignore();
      if (found < 0) {
        this.#emit("eof");
        return;
      }
      this.#delimited(isTrimmed);
    }
  }

  /** `- ` right after the left delimiter trims the text before it. */
  #trimsLeft(at: number): boolean {
    return this.#input[at] === "-" && SPACE.includes(this.#input[at + 1] ?? "?");
  }

  #delimited(isTrimmed: boolean): void {
    const marker = isTrimmed ? 2 : 0;
    this.#pos += 2;
    if (this.#input.startsWith("/*", this.#pos + marker)) {
      this.#pos += marker;
      this.#ignore();
      this.#comment();
      return;
    }
    this.#emit("leftDelim");
    this.#pos += marker;
    this.#ignore();
    this.#parens = 0;
    while (!this.#action()) {}
  }

  #comment(): void {
    const close = this.#input.indexOf("*/", this.#pos + 2);
    if (close < 0) throw new LexError("unclosed comment");
    this.#pos = close + 2;
    if (this.#rightDelimSize() === 0) {
      throw new LexError("comment ends before closing delimiter");
    }
    this.#rightDelim({ emit: false });
  }

  /** Bytes of the right delimiter here, with its trim marker: 0, 2 or 4. */
  #rightDelimSize(): number {
    if (this.#input.startsWith(RIGHT!, this.#pos)) return 2;
    const isMarker = SPACE.includes(this.#input[this.#pos] ?? "?");
    return isMarker && this.#input.startsWith(`-${RIGHT}`, this.#pos + 1) ? 4 : 0;
  }

  #rightDelim(options: { emit: boolean }): void {
    const isTrimmed = this.#rightDelimSize() === 4;
    if (isTrimmed) {
      this.#pos += 2;
      this.#ignore();
    }
    this.#pos += 2;
    if (options.emit) this.#emit("rightDelim");
    while (isTrimmed && this.#pos < this.#input.length && SPACE.includes(this.#peek())) {
      this.#pos += 1;
    }
    this.#ignore();
  }

  /** One item inside an action. True at its end. */
  #action(): boolean {
    if (this.#rightDelimSize() > 0) {
      if (this.#parens > 0) throw new LexError("unclosed left paren");
      this.#rightDelim({ emit: true });
      return true;
    }
    const char = this.#peek();
    if (char === "") throw new LexError("unclosed action");
    if (SPACE.includes(char)) this.#space();
    else if (char === ":") this.#declare();
    else if (char === '"') this.#quoted('"', "string", "unterminated quoted string");
    else if (char === "'") this.#quoted("'", "charConstant", "unterminated character constant");
    else if (char === "`") this.#rawString();
    else if (char === "$") this.#name("variable");
    else if (char === "." && !/^[0-9]?$/.test(this.#input[this.#pos + 1] ?? "")) this.#dotOrField();
    else if (/[-+.0-9]/.test(char)) this.#number();
    else if (isNameChar(char)) this.#identifier();
    else this.#sign(char);
    return false;
  }

  #space(): void {
    while (SPACE.includes(this.#peek()) && this.#peek() !== "") {
      // The last space may belong to a trim marker.
      if (this.#rightDelimSize() > 0) break;
      this.#pos += 1;
    }
    if (this.#pos > this.#start) this.#emit("space");
  }

  #declare(): void {
    if (this.#input[this.#pos + 1] !== "=") throw new LexError("expected :=");
    this.#pos += 2;
    this.#emit("declare");
  }

  #quoted(mark: string, kind: ItemKind, unterminated: string): void {
    for (this.#pos += 1; ; this.#pos += 1) {
      let char = this.#peek();
      if (char === "\\") {
        this.#pos += 1;
        char = this.#peek() === "" || this.#peek() === "\n" ? "\n" : "escaped";
      }
      if (char === "" || char === "\n") throw new LexError(unterminated);
      if (char === mark) break;
    }
    this.#pos += 1;
    this.#emit(kind);
  }

  #rawString(): void {
    const close = this.#input.indexOf("`", this.#pos + 1);
    if (close < 0) throw new LexError("unterminated raw quoted string");
    this.#pos = close + 1;
    this.#emit("rawString");
  }

  #dotOrField(): void {
    this.#pos += 1;
    if (this.#isAtTerminator()) this.#emit("dot");
    else {
      this.#pos -= 1;
      this.#name("field");
    }
  }

  /** `.name` or `$name`; `$` alone is a name too. */
  #name(kind: "field" | "variable"): void {
    this.#pos += 1;
    this.#skipNameChars();
    this.#checkTerminator();
    this.#emit(kind);
  }

  #identifier(): void {
    this.#skipNameChars();
    this.#checkTerminator();
    const word = this.#input.slice(this.#start, this.#pos);
    if (KEYWORDS.has(word)) this.#emit(word as Keyword);
    else this.#emit(word === "true" || word === "false" ? "bool" : "identifier");
  }

  #skipNameChars(): void {
    while (isNameChar(this.#peek())) this.#pos += this.#peek().length;
  }

  #checkTerminator(): void {
    if (!this.#isAtTerminator()) throw new LexError(`bad character ${describe(this.#peek())}`);
  }

  #isAtTerminator(): boolean {
    const char = this.#peek();
    return (
      char === "" || `${SPACE}.,|:()`.includes(char) || this.#input.startsWith(RIGHT!, this.#pos)
    );
  }

  #number(): void {
    const match = NUMBER.exec(this.#input.slice(this.#pos))!;
    this.#pos += match[0].length;
    const next = this.#peek();
    if (isNameChar(next) || next === "+" || next === "-") {
      this.#pos += isNameChar(next) ? next.length : 0;
      throw new LexError(`bad number syntax: ${quote(this.#input.slice(this.#start, this.#pos))}`);
    }
    this.#emit("number");
  }

  #sign(char: string): void {
    this.#pos += char.length;
    if (char === "(") this.#parens += 1;
    if (char === ")") this.#parens -= 1;
    if (this.#parens < 0) throw new LexError("unexpected right paren");
    if (!/^[!-~]$/.test(char)) {
      throw new LexError(`unrecognized character in action: ${describe(char)}`);
    }
    this.#emit(SIGNS[char] ?? "char");
  }

  #peek(): string {
    const rune = this.#input.codePointAt(this.#pos);
    return rune === undefined ? "" : String.fromCodePoint(rune);
  }

  #emit(kind: ItemKind): void {
    const text = this.#input.slice(this.#start, this.#pos);
    this.#items.push({ kind, pos: this.#start, text, line: this.#startLine });
    this.#ignore();
  }

  /** Begins the next item here. */
  #ignore(): void {
    this.#start = this.#pos;
    for (; this.#countedTo < this.#pos; this.#countedTo++) {
      if (this.#input[this.#countedTo] === "\n") this.#lines += 1;
    }
    this.#startLine = this.#lines;
  }
}

class LexError extends Error {}

const SIGNS: Readonly<Record<string, ItemKind>> = {
  "=": "assign",
  "|": "pipe",
  "(": "leftParen",
  ")": "rightParen",
};

const NUMBER =
  /^[+-]?(?:0[xX][\da-fA-F_]*\.?[\da-fA-F_]*(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*\.?[0-7_]*|0[bB][01_]*\.?[01_]*|[\d_]*\.?[\d_]*(?:[eE][+-]?[\d_]*)?)i?/;

function isNameChar(char: string): boolean {
  return char === "_" || (char !== "" && /^[\p{L}\p{Nd}]$/u.test(char));
}

/** `U+0025 '%'`, as Go's %#U. */
function describe(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char) ? `U+${code} '${char}'` : `U+${code}`;
}

/** Where the text ends without the white space at its end. */
function trimmedEnd(text: string, start: number, end: number): number {
  let stop = end;
  while (stop > start && SPACE.includes(text[stop - 1]!)) stop -= 1;
  return stop;
}
