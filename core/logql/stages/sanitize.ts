/** Names of fields made into names of labels (spec logql §6.3). */

/** As Go counts it: with U+0085, without the byte order mark. */
const WHITE_SPACE = /[^\S\ufeff]|\u0085/;
const NOT_A_NAME = /[^A-Za-z0-9_]/gu;
const DIGIT_FIRST = /^[0-9]/;
const GOOD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A whole name. Empty when nothing but white space was given. */
export function sanitizeName(name: string): string {
  if (GOOD.test(name)) return name;
  return joinNames("", name);
}

/**
 * The name of a nested field: its object's name, `_`, and its own. A segment that is blank is left
 * out, as Loki 3 does. Only the first character of the whole name must not be a digit.
 */
export function joinNames(prefix: string, name: string): string {
  const bare = trimmed(name);
  if (bare === "") return prefix;
  const clean = bare.replace(NOT_A_NAME, "_");
  if (prefix !== "") return `${prefix}_${clean}`;
  return DIGIT_FIRST.test(clean) ? `_${clean}` : clean;
}

/** Step by step: a pattern for the end of a text tries every blank in its middle, and those behind it again. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text[start]!)) start++;
  while (end > start && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}
