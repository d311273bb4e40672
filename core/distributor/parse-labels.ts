/**
 * Reads the label set of a stream, `{app="x", env="prod"}`, and refuses others in the words and with
 * the positions of Prometheus' parser, which is what Loki answers.
 */

import { quote } from "../golang/quote.ts";
import { labelsOf } from "../labels/labels.ts";
import { BadRequest } from "../model/errors.ts";
import { type Label, type Labels, METRIC_NAME } from "../model/labels.ts";

/** Names may come twice here: validation refuses that, naming the stream. */
export function parseLabels(text: string): Labels {
  const simple = parseSimple(text);
  return simple ?? labelsOf(new LabelParser(text).labels());
}

/** What clients send: no escapes, no surprises. Undefined when the text needs the whole parser. */
function parseSimple(text: string): Labels | undefined {
  if (!SIMPLE.test(text)) return undefined;
  const pairs = Array.from(text.matchAll(SIMPLE_PAIR), ([, name, value]): Label => [name!, value!]);
  return pairs.some(([name]) => name === METRIC_NAME) ? undefined : labelsOf(pairs);
}

const SIMPLE = /^\{[a-zA-Z_]\w*="[^"\\\n\ufffd]*"(?:, ?[a-zA-Z_]\w*="[^"\\\n\ufffd]*")*\}$/;
const SIMPLE_PAIR = /([a-zA-Z_]\w*)="([^"]*)"/g;

type TokenKind = "{" | "}" | "," | "=" | "operator" | "identifier" | "string" | "end";

interface Token {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
  readonly at: number;
  /** The value of a string. */
  readonly value: string;
}

class LabelParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  labels(): Label[] {
    this.#spaces();
    if (this.#at === this.#text.length) return [];
    if (this.#text[this.#at] !== "{") throw this.#unexpectedStart();
    this.#at++;
    const pairs = this.#pairs();
    this.#spaces();
    if (this.#at < this.#text.length) throw this.#unexpectedStart();
    return pairs;
  }

  #pairs(): Label[] {
    const pairs: Label[] = [];
    for (;;) {
      const name = this.#token();
      if (name.kind === "}") return pairs;
      if (name.kind !== "identifier") throw this.#unexpected(name, 'identifier or "}"');
      if (name.text === METRIC_NAME)
        throw this.#error(name.at, `label name ${METRIC_NAME} is taken`);
      const equals = this.#token();
      if (equals.kind !== "=") throw this.#unexpected(equals, '"="');
      const value = this.#token();
      if (value.kind !== "string") throw this.#unexpected(value, "string");
      pairs.push([name.text, value.value]);
      const after = this.#token();
      if (after.kind === "}") return pairs;
      if (after.kind !== ",") throw this.#unexpected(after, '"," or "}"');
    }
  }

  #token(): Token {
    this.#spaces();
    const at = this.#at;
    const char = this.#text[at];
    if (char === undefined) throw this.#error(at, "unexpected end of input inside braces");
    if (char === "}" || char === ",") return this.#take(char, 1);
    if (char === "=")
      return this.#text[at + 1] === "~" ? this.#take("operator", 2) : this.#take("=", 1);
    if (char === "!") {
      if (/[~=]/.test(this.#text[at + 1] ?? "")) return this.#take("operator", 2);
      const next = charAt(this.#text, at + 1);
      const shown = next === "" ? "'\\uffff'" : quoteChar(next);
      throw this.#error(at, `unexpected character after '!' inside braces: ${shown}`);
    }
    if (char === '"' || char === "'" || char === "`") return this.#string(char);
    if (char === "{") throw this.#error(at, "unexpected left brace '{'");
    const name = /[a-zA-Z_][a-zA-Z0-9_]*/y;
    name.lastIndex = at;
    const size = name.exec(this.#text)?.[0].length ?? 0;
    if (size > 0) return this.#take("identifier", size);
    const shown = quoteChar(charAt(this.#text, at));
    throw this.#error(at, `unexpected character inside braces: ${shown}`);
  }

  #take(kind: TokenKind, size: number, value = ""): Token {
    const at = this.#at;
    this.#at += size;
    return { kind, at, text: this.#text.slice(at, this.#at), value };
  }

  #string(open: string): Token {
    const start = this.#at;
    let value = "";
    for (let at = start + 1; ; ) {
      const char = charAt(this.#text, at);
      if (char === open) return this.#take("string", at + 1 - start, value);
      if (char === "" || (char === "\n" && open !== "`")) {
        throw this.#error(start, `unterminated ${open === "`" ? "raw" : "quoted"} string`);
      }
      if (char === "\ufffd") throw this.#error(start, "invalid UTF-8 rune");
      if (char === "\\" && open !== "`") {
        const [text, size] = this.#escape(start, at, open);
        value += text;
        at += size;
      } else {
        value += char;
        at += char.length;
      }
    }
  }

  /** The text that the escape at `at` stands for, and its size in the source. */
  #escape(start: number, at: number, open: string): [text: string, size: number] {
    const char = charAt(this.#text, at + 1);
    const simple = ESCAPES[char] ?? (char === open ? open : undefined);
    if (simple !== undefined) return [simple, 2];
    const form = /\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
    form.lastIndex = at;
    const match = form.exec(this.#text);
    if (match === null) {
      if (char === "") throw this.#error(start, "escape sequence not terminated");
      throw this.#error(start, `unknown escape sequence ${unicode(char)}`);
    }
    const code =
      match[1] === undefined
        ? Number.parseInt(match[2] ?? match[3] ?? match[4]!, 16)
        : Number.parseInt(match[1], 8);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      throw this.#error(start, "escape sequence is an invalid Unicode code point");
    }
    return [String.fromCodePoint(code), match[0].length];
  }

  #spaces(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #unexpected(token: Token, expected: string): BadRequest {
    return this.#error(
      token.at,
      `unexpected ${describe(token)} in label set, expected ${expected}`,
    );
  }

  /** What stands where a label set begins or after it has ended. */
  #unexpectedStart(): BadRequest {
    const rest = this.#text.slice(this.#at);
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(rest)?.[0];
    if (name !== undefined) return this.#error(this.#at, `unexpected identifier ${quote(name)}`);
    const char = charAt(this.#text, this.#at);
    if (char === "{") return this.#error(this.#at, 'unexpected "{"');
    return this.#error(this.#at, `unexpected character: ${quoteChar(char)}`);
  }

  /** Lines and columns count from 1, columns in bytes. */
  #error(at: number, what: string): BadRequest {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = new TextEncoder().encode(before.slice(before.lastIndexOf("\n") + 1)).length + 1;
    return new BadRequest(`couldn't parse labels: ${line}:${column}: parse error: ${what}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

function describe({ kind, text }: Token): string {
  if (kind === "identifier") return `identifier ${quote(text)}`;
  if (kind === "operator") return `<op:${text}>`;
  if (kind !== "string") return quote(text);
  return text.length > 10 ? `string ${quote(text.slice(0, 10))}...` : `string ${quote(text)}`;
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** Go's `%q` of a character. */
function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  return char === '"' ? "'\"'" : `'${quote(char).slice(1, -1)}'`;
}

/** Go's `%#U`: `U+0071 'q'`. */
function unicode(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
}
