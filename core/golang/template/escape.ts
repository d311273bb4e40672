/** Text made safe for HTML, JavaScript and URLs, byte for byte as Go does it. */
import { GoError } from "../go-error.ts";
import { quote } from "../quote.ts";
import { fromBytes, toBytes } from "./byte-text.ts";

const HTML: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (char) => HTML[char]!);
}

const JS: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

export function escapeJs(text: string): string {
  return text.replace(/[^ !#-%(-;?-[\]-~]/gu, (char) => {
    const known = JS[char];
    if (known !== undefined) return known;
    if (char >= "\x80" && /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) return char;
    return `\\u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

/** url.QueryEscape: a space is +. */
export function escapeQuery(text: string): string {
  let out = "";
  for (const byte of toBytes(text)) {
    const char = String.fromCharCode(byte);
    if (/[\w.~-]/.test(char)) out += char;
    else if (char === " ") out += "+";
    else out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** url.QueryUnescape. Throws GoError: `invalid URL escape "%zz"`. */
export function unescapeQuery(text: string): string {
  const bad = /%(?![\da-fA-F]{2}).{0,2}/su.exec(text);
  if (bad !== null) throw new GoError(`invalid URL escape ${quote(bad[0])}`);
  if (!text.includes("%")) return text.replaceAll("+", " ");
  const bytes: number[] = [];
  for (const part of text.replaceAll("+", " ").split(/(%[\da-fA-F]{2})/)) {
    if (part.startsWith("%")) bytes.push(Number.parseInt(part.slice(1), 16));
    else for (const byte of toBytes(part)) bytes.push(byte);
  }
  return fromBytes(Uint8Array.from(bytes));
}
