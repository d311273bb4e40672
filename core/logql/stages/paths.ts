/**
 * The expressions of `json a="b.c[0]"` and `logfmt a="key"` (spec logql §8.2, §8.4), and the words in
 * which they are refused: those of a generated parser, which names what it would have taken.
 */
import { BadRequest } from "../../model/errors.ts";

/** A field by its name, an element of an array by its index. */
export type PathStep = string | number;

type TokenKind = "DOT" | "LSB" | "RSB" | "STRING" | "FIELD" | "KEY" | "INDEX" | "$end";

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const END: Token = { kind: "$end", text: "" };

export function parseJsonPath(text: string): PathStep[] {
  return new PathParser(text, "FIELD").json();
}

export function parseLogfmtKey(text: string): string {
  return new PathParser(text, "KEY").logfmt();
}

const SPACE = /[ \t\n]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
/** A quoted key ends at a quote, which goes with it, or before a bracket. */
const QUOTED = /"([^"\]]*)(?:"|(?=\]))/y;
const INDEX = /([0-9]+)(?=[ \t\n]*\])/y;
const SIGNS: Readonly<Record<string, TokenKind>> = { ".": "DOT", "[": "LSB", "]": "RSB" };

class PathParser {
  readonly #text: string;
  readonly #word: TokenKind;
  #at = 0;
  #token: Token = END;
  /** What the scanner did not know. A syntax error goes before it. */
  #unknown: string | undefined;

  constructor(text: string, word: TokenKind) {
    this.#text = text;
    this.#word = word;
    this.#advance();
  }

  json(): PathStep[] {
    const steps: PathStep[] = [this.#first()];
    for (;;) {
      const { kind } = this.#token;
      if (kind === "DOT") {
        this.#advance();
        steps.push(this.#expect("FIELD").text);
      } else if (kind === "LSB") steps.push(this.#bracket());
      else break;
    }
    this.#finish();
    return steps;
  }

  logfmt(): string {
    const { kind, text } = this.#token;
    if (kind !== "STRING" && kind !== "KEY") throw this.#unexpected("STRING", "KEY");
    this.#advance();
    this.#finish();
    return text;
  }

  #first(): PathStep {
    const { kind } = this.#token;
    if (kind === "LSB") return this.#bracket();
    if (kind === "FIELD") return this.#expect("FIELD").text;
    throw this.#unexpected("LSB", "FIELD");
  }

  #bracket(): PathStep {
    this.#advance();
    const { kind, text } = this.#token;
    if (kind !== "STRING" && kind !== "INDEX") throw this.#unexpected("STRING", "INDEX");
    this.#advance();
    this.#expect("RSB");
    return kind === "INDEX" ? Number(text) : text;
  }

  #expect(kind: TokenKind): Token {
    if (this.#token.kind !== kind) throw this.#unexpected(kind);
    const token = this.#token;
    this.#advance();
    return token;
  }

  #finish(): void {
    if (this.#token.kind !== "$end") throw this.#unexpected();
    if (this.#unknown !== undefined) throw this.#refusal(`unexpected char ${this.#unknown}`);
  }

  #unexpected(...wanted: TokenKind[]): BadRequest {
    const expecting = wanted.length === 0 ? "" : `, expecting ${wanted.join(" or ")}`;
    return this.#refusal(`syntax error: unexpected ${this.#token.kind}${expecting}`);
  }

  #refusal(reason: string): BadRequest {
    return new BadRequest(`cannot parse expression [${this.#text}]: ${reason}`);
  }

  #advance(): void {
    this.#take(SPACE);
    this.#token = this.#scan();
  }

  #scan(): Token {
    const word = this.#take(WORD);
    if (word !== undefined) return { kind: this.#word, text: word };
    const quoted = this.#take(QUOTED);
    if (quoted !== undefined) return { kind: "STRING", text: quoted };
    const index = this.#take(INDEX);
    if (index !== undefined) return { kind: "INDEX", text: index };
    const char = [...this.#text.slice(this.#at, this.#at + 2)][0];
    const sign = char === undefined || this.#word === "KEY" ? undefined : SIGNS[char];
    if (sign !== undefined) {
      this.#at++;
      return { kind: sign, text: char! };
    }
    this.#unknown = char;
    return END;
  }

  /** The group of the pattern, or all of it, when it stands here. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match[1] ?? match[0];
  }
}
