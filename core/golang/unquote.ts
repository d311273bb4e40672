/** Go's string and character literals. */

const ESCAPE =
  /\\(?:([abfnrtv\\'"])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))/y;

const SHORT: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * The value of `"…"` or of a raw string, undefined when it is no literal. `byte` makes text of a byte
 * that \x or \ooo name and that is not ASCII.
 */
export function unquoteString(
  literal: string,
  byte: (value: number) => string,
): string | undefined {
  if (literal.startsWith("`")) return literal.slice(1, -1).replaceAll("\r", "");
  return unescaped(literal.slice(1, -1), '"', byte);
}

/** The rune of `'…'`, undefined when it is no literal. */
export function unquoteChar(literal: string): number | undefined {
  let numeric: number | undefined;
  const text = unescaped(literal.slice(1, -1), "'", (value) => {
    numeric = value;
    return "?";
  });
  if (text === undefined || [...text].length !== 1) return undefined;
  return numeric ?? text.codePointAt(0);
}

function unescaped(
  text: string,
  quote: string,
  byte: (value: number) => string,
): string | undefined {
  let out = "";
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === quote || char === "\n") return undefined;
    if (char !== "\\") {
      out += char;
      at += 1;
      continue;
    }
    ESCAPE.lastIndex = at;
    const match = ESCAPE.exec(text);
    if (match === null) return undefined;
    const [all, short, hex, small, large, octal] = match;
    // Either quote may be escaped only where it would end the literal.
    if ((short === "'" || short === '"') && short !== quote) return undefined;
    if (short !== undefined) out += SHORT[short];
    else if (small !== undefined || large !== undefined) {
      const rune = Number.parseInt((small ?? large)!, 16);
      if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return undefined;
      out += String.fromCodePoint(rune);
    } else {
      const value = hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16);
      if (value > 255) return undefined;
      out += value < 0x80 ? String.fromCharCode(value) : byte(value);
    }
    at += all.length;
  }
  return out;
}
