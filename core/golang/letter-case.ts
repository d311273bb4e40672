/**
 * Upper and lower case as Go's package unicode has them: rune by rune, one rune for one. JavaScript
 * maps whole texts (ß becomes SS) and looks at neighbours (the final sigma).
 */

const ASCII = /^[\0-\x7f]*$/;

export function toLower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  let out = "";
  for (const char of text) out += lowerRune(char);
  return out;
}

export function toUpper(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  let out = "";
  for (const char of text) out += upperRune(char);
  return out;
}

/** The first letter of each word in upper case, the rest as it is. Letters, digits and _ make words. */
export function toTitle(text: string): string {
  let out = "";
  let before = " ";
  for (const char of text) {
    out += isSeparator(before) ? upperRune(char) : char;
    before = char;
  }
  return out;
}

function isSeparator(char: string): boolean {
  if (char < "\x80") return !/\w/.test(char);
  return !/[\p{L}\p{Nd}]/u.test(char) && /\p{White_Space}/u.test(char);
}

function lowerRune(char: string): string {
  if (char === "İ") return "i";
  return oneRune(char.toLowerCase(), char);
}

function upperRune(char: string): string {
  const upper = char.toUpperCase();
  return UPPER_IOTA.test(char) ? UPPER_OF_IOTA(char) : oneRune(upper, char);
}

/** Greek with iota below: the capital is one rune in Go's tables, two in JavaScript's. */
const UPPER_IOTA = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb3\u1fc3\u1ff3]/u;
const UPPER_OF_IOTA = (char: string): string => {
  const rune = char.codePointAt(0)!;
  return String.fromCodePoint(rune + (rune < 0x1fb0 ? 8 : 9));
};

/** What several runes would stand for has no case of its own in Go's tables. */
function oneRune(mapped: string, char: string): string {
  const isOne = mapped.length === 1 || (mapped.length === 2 && mapped.codePointAt(0)! > 0xffff);
  return isOne ? mapped : char;
}
