/** White space as Go has it. */

/** What Go's unicode.IsSpace takes for white space: JavaScript adds U+FEFF and lacks U+0085. */
const SPACES =
  "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SPACES_AT_START = new RegExp(`^${SPACES}+`);
const SPACE = new RegExp(SPACES);

/** Go's strings.TrimSpace. */
export function trimSpace(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1]!)) end -= 1;
  return text.slice(0, end).replace(SPACES_AT_START, "");
}
