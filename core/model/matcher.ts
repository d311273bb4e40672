/** What a stream selector asks of one label. Compiling it to a test is in core/labels/matcher.ts. */

export type MatchOp = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  /** A literal for `=` and `!=`; an RE2 pattern, anchored at both ends, for `=~` and `!~`. */
  readonly value: string;
}
