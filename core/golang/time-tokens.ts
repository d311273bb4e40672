/** Go's layouts, `2006-01-02T15:04:05Z07:00`, cut into their elements and the text between them. */

export type Token = { readonly text: string } | { readonly element: string };

/** Longer elements before those they begin with. A fraction is not followed by a further digit. */
const ELEMENT = new RegExp(
  [
    "January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST",
    "002|0[1-6]|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm",
    "-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07",
    "[.,](?:0+|9+)(?!\\d)",
  ].join("|"),
  "g",
);

const TOKENS = new Map<string, readonly Token[]>();
const TOKENS_MAX = 256;

export function tokensOf(layout: string): readonly Token[] {
  let tokens = TOKENS.get(layout);
  if (tokens === undefined) {
    tokens = tokenize(layout);
    if (TOKENS.size >= TOKENS_MAX) TOKENS.clear();
    TOKENS.set(layout, tokens);
  }
  return tokens;
}

function tokenize(layout: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of layout.matchAll(ELEMENT)) {
    if (match.index > at) tokens.push({ text: layout.slice(at, match.index) });
    tokens.push({ element: match[0] });
    at = match.index + match[0].length;
  }
  if (at < layout.length) tokens.push({ text: layout.slice(at) });
  return tokens;
}
