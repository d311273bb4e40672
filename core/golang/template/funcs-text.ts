/** Loki's template functions over text (spec logql 10.3). Offsets and lengths are bytes unless said otherwise. */
import { GoError } from "../go-error.ts";
import { toLower, toTitle, toUpper } from "../letter-case.ts";
import { trimSpace } from "../space.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { byteSize, sliceBytes } from "./byte-text.ts";
import { escapeQuery, unescapeQuery } from "./escape.ts";
import { countMatches, replaceMatches } from "./funcs-regex.ts";
import { define, type FunctionTable, type GoFunction } from "./functions.ts";
import { checkSize } from "./limits.ts";
import { includesText, splitText } from "./text-search.ts";
import { Int } from "./values.ts";

export const TEXT_FUNCTIONS: FunctionTable = {
  __line__: define([], (_, { row }) => row.line),
  // Go's own names: the subject comes first.
  ToLower: define(["string"], ([s]) => toLower(s)),
  ToUpper: define(["string"], ([s]) => toUpper(s)),
  TrimSpace: define(["string"], ([s]) => trimSpace(s)),
  Trim: define(["string", "string"], ([s, cutset]) => trimEnd(trimStart(s, cutset), cutset)),
  TrimLeft: define(["string", "string"], ([s, cutset]) => trimStart(s, cutset)),
  TrimRight: define(["string", "string"], ([s, cutset]) => trimEnd(s, cutset)),
  TrimPrefix: define(["string", "string"], ([s, prefix]) => trimPrefix(s, prefix)),
  TrimSuffix: define(["string", "string"], ([s, suffix]) => trimSuffix(s, suffix)),
  Replace: define(["string", "string", "string", "int"], ([s, old, replacement, count]) =>
    replace(s, old, replacement, Number(count.value)),
  ),
  // Sprig's names: the subject comes last, so that it can be piped.
  lower: define(["string"], ([s]) => toLower(s)),
  upper: define(["string"], ([s]) => toUpper(s)),
  title: define(["string"], ([s]) => toTitle(s)),
  trim: define(["string"], ([s]) => trimSpace(s)),
  trimAll: define(["string", "string"], ([cutset, s]) => trimEnd(trimStart(s, cutset), cutset)),
  trimPrefix: define(["string", "string"], ([prefix, s]) => trimPrefix(s, prefix)),
  trimSuffix: define(["string", "string"], ([suffix, s]) => trimSuffix(s, suffix)),
  replace: define(["string", "string", "string"], ([old, replacement, s]) =>
    replace(s, old, replacement, -1),
  ),
  repeat: define(["int", "string"], ([count, s]) => repeat(s, Number(count.value))),
  trunc: define(["int", "string"], ([count, s]) => trunc(s, Number(count.value))),
  substr: define(["int", "int", "string"], ([start, end, s]) =>
    substr(s, Number(start.value), Number(end.value)),
  ),
  contains: define(["string", "string"], ([part, s]) => includesText(s, part)),
  hasPrefix: define(["string", "string"], ([prefix, s]) => s.startsWith(prefix)),
  hasSuffix: define(["string", "string"], ([suffix, s]) => s.endsWith(suffix)),
  indent: define(["int", "string"], ([spaces, s]) => indent(s, Number(spaces.value))),
  nindent: define(["int", "string"], ([spaces, s]) => `\n${indent(s, Number(spaces.value))}`),
  alignLeft: align((runes, count) => runes.slice(0, count), "end"),
  alignRight: align((runes, count) => runes.slice(-count), "start"),
  b64enc: define(["string"], ([s]) => encodeBase64(s)),
  b64dec: define(["string"], ([s]) => decodeBase64(s)),
  urlencode: define(["string"], ([s]) => escapeQuery(s)),
  urldecode: define(["string"], ([s]) => unescapeQuery(s)),
  regexReplaceAll: define(["string", "string", "string"], ([pattern, s, replacement], context) =>
    replaceMatches(context.regex(pattern), s, replacement, context),
  ),
  regexReplaceAllLiteral: define(
    ["string", "string", "string"],
    ([pattern, s, replacement], context) =>
      replaceMatches(context.regex(pattern), s, replacement, { ...context, literal: true }),
  ),
  count: define(["string", "string"], ([pattern, s], context) => {
    return new Int(countMatches(context.regex(pattern), s, context.effort));
  }),
};

function trimStart(text: string, cutset: string): string {
  const cut = new Set(cutset);
  let start = 0;
  for (const char of text) {
    if (!cut.has(char)) break;
    start += char.length;
  }
  return text.slice(start);
}

function trimEnd(text: string, cutset: string): string {
  const cut = new Set(cutset);
  let end = text.length;
  while (end > 0) {
    const isPair = end > 1 && text.codePointAt(end - 2)! > 0xffff;
    const size = isPair ? 2 : 1;
    if (!cut.has(text.slice(end - size, end))) break;
    end -= size;
  }
  return text.slice(0, end);
}

function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function trimSuffix(text: string, suffix: string): string {
  return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

/** The first `count` occurrences, all when it is negative. Nothing occurs between any two runes. */
function replace(text: string, old: string, replacement: string, count: number): string {
  if (old === replacement || count === 0) return text;
  const parts = old === "" ? ["", ...text] : splitText(text, old);
  const hits = old === "" ? parts.length : parts.length - 1;
  const times = count < 0 ? hits : Math.min(count, hits);
  checkSize(text.length + times * (replacement.length - old.length));
  let out = parts[0]!;
  for (let index = 1; index < parts.length; index++) {
    out += (index <= times ? replacement : old) + parts[index];
  }
  // After the last rune there is nothing once more.
  return old === "" && times === hits ? out + replacement : out;
}

function repeat(text: string, count: number): string {
  if (count < 0) throw new GoError("strings: negative Repeat count");
  checkSize(text.length * count);
  return text.repeat(count);
}

/** The first bytes, or with a negative count the last. */
function trunc(text: string, count: number): string {
  const size = byteSize(text);
  if (count < 0 && size + count > 0) return sliceBytes(text, size + count, size);
  return count >= 0 && size > count ? sliceBytes(text, 0, count) : text;
}

function substr(text: string, start: number, end: number): string {
  const size = byteSize(text);
  const outOfRange = (bounds: string) =>
    new GoError(`runtime error: slice bounds out of range ${bounds}`);
  if (start < 0) {
    if (end < 0) throw outOfRange(`[:${end}]`);
    if (end > size) throw outOfRange(`[:${end}] with length ${size}`);
    return sliceBytes(text, 0, end);
  }
  const stop = end < 0 || end > size ? size : end;
  if (start > stop) throw outOfRange(`[${start}:${stop}]`);
  return sliceBytes(text, start, stop);
}

function indent(text: string, spaces: number): string {
  const pad = repeat(" ", spaces);
  return pad + replace(text, "\n", `\n${pad}`, -1);
}

/** Cuts or pads to a number of runes. */
function align(
  cut: (runes: string[], count: number) => string[],
  padded: "start" | "end",
): GoFunction {
  return define(["int", "string"], ([{ value }, s]) => {
    const count = Number(value);
    const runes = [...s];
    if (count < 0 || runes.length === count) return s;
    if (runes.length > count) return count === 0 ? "" : cut(runes, count).join("");
    checkSize(count);
    const spaces = " ".repeat(count - runes.length);
    return padded === "end" ? s + spaces : spaces + s;
  });
}
