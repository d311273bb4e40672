/** The expressions of `| pattern` and `|>`: text, and captures such as `<name>` and `<_>` in it. */

const PART = /<[a-zA-Z_][a-zA-Z0-9_]*>|(?:(?!<[a-zA-Z_][a-zA-Z0-9_]*>).)+/gs;

/** Captures with their brackets, and the texts between them. An unfinished `<` is text. */
export function splitPattern(expression: string): string[] {
  return expression.match(PART) ?? [];
}

/** The name of a part that is a capture, `_` of one without; undefined of text. */
export function captureName(part: string | undefined): string | undefined {
  return part !== undefined && /^<\w+>$/.test(part) && !/^<\d/.test(part)
    ? part.slice(1, -1)
    : undefined;
}

export function captures(parts: readonly string[]): string[] {
  return parts.flatMap((part) => captureName(part) ?? []);
}
