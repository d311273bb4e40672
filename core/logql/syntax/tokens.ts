/**
 * The tokens of LogQL and the words among them. A kind is an index into TOKEN_NAMES. The order is that in
 * which Loki declares its tokens: its messages list alternatives so (spec logql-parse-errors §3). What
 * Loki 2.9.1 does not have stands behind.
 */

export type TokenKind = number;

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string what it says, of a range what stands between the brackets. */
  readonly text: string;
  /** Where it starts in the query, in UTF-16 units. */
  readonly offset: number;
  /** As Loki counts: lines and columns from 1, in code points; line 0 after a look-ahead (spec §2). */
  readonly line: number;
  readonly column: number;
}

/** How Loki's messages name the tokens. */
export const TOKEN_NAMES: readonly string[] = [
  "$end",
  ..."BYTES IDENTIFIER STRING NUMBER PARSER_FLAG DURATION RANGE".split(" "),
  ..."= =~ !~ { } [ ] , . |~ |= ( ) by without".split(" "),
  ..."COUNT_OVER_TIME RATE RATE_COUNTER SUM SORT SORT_DESC AVG MAX MIN COUNT".split(" "),
  ..."STDDEV STDVAR BOTTOMK TOPK BYTES_OVER_TIME BYTES_RATE bool json regexp".split(" "),
  ..."logfmt | line_format label_format unwrap AVG_OVER_TIME SUM_OVER_TIME".split(" "),
  ..."MIN_OVER_TIME MAX_OVER_TIME STDVAR_OVER_TIME STDDEV_OVER_TIME".split(" "),
  ..."QUANTILE_OVER_TIME BYTES_CONV DURATION_CONV DURATION_SECONDS_CONV".split(" "),
  ..."FIRST_OVER_TIME LAST_OVER_TIME ABSENT_OVER_TIME VECTOR label_replace".split(" "),
  ..."unpack offset pattern ip on ignoring group_left group_right decolorize".split(" "),
  ..."drop keep or and unless == != < <= > >= + - * / % ^".split(" "),
  // Of 3.x.
  ..."|> !> APPROX_TOPK VARIANTS of".split(" "),
  // Ours.
  ..."COUNT_DISTINCT APPROX_COUNT_DISTINCT ARRAYS_FLAG".split(" "),
  ..."distinct sort first last asc desc".split(" "),
];

const KINDS: ReadonlyMap<string, TokenKind> = new Map(
  TOKEN_NAMES.map((name, index) => [name, index]),
);

/** The kind of a token by its name; a name that is none is a mistake of ours. */
export function kindOf(name: string): TokenKind {
  const kind = KINDS.get(name);
  if (kind === undefined) throw new RangeError(`no token is named ${name}`);
  return kind;
}

/** The character that stands for a token in the grammar: of the private use area, so that none is special. */
export function charOf(kind: TokenKind): string {
  return String.fromCharCode(0xe000 + kind);
}

/** Characters and pairs of characters that are tokens by themselves. `[` begins a range. */
export const PUNCTUATION: ReadonlyMap<string, TokenKind> = tableOf(
  "{ } ] , . ( ) = =~ !~ != |~ |= | == < <= > >= + - * / % ^".split(" "),
);

/** Pairs that only 3.x has. */
export const PUNCTUATION_3X: ReadonlyMap<string, TokenKind> = tableOf(["|>", "!>"]);

/** Words that are never names. */
export const RESERVED: ReadonlyMap<string, TokenKind> = tableOf([
  ..."by without bool unwrap offset on ignoring group_left group_right or and unless".split(" "),
  ..."json regexp logfmt unpack pattern label_format line_format decolorize drop keep".split(" "),
]);

/** Words that are names unless a parenthesis, or a grouping with one, follows. */
export const FUNCTIONS: ReadonlyMap<string, TokenKind> = new Map([
  ...tableOf(["label_replace", "ip"]),
  ...upperCased(
    "rate rate_counter count_over_time bytes_rate bytes_over_time avg_over_time sum_over_time",
    "min_over_time max_over_time stdvar_over_time stddev_over_time quantile_over_time",
    "first_over_time last_over_time absent_over_time vector",
    "sum avg max min count stddev stdvar bottomk topk sort sort_desc",
  ),
  ["bytes", kindOf("BYTES_CONV")],
  ["duration", kindOf("DURATION_CONV")],
  ["duration_seconds", kindOf("DURATION_SECONDS_CONV")],
]);

/** The same of words that Loki 2.9.1 does not know. */
export const FUNCTIONS_BEYOND: ReadonlyMap<string, TokenKind> = new Map([
  ...upperCased("approx_topk variants count_distinct approx_count_distinct"),
  ...tableOf(["of"]),
]);

export const END = kindOf("$end");
export const IDENTIFIER = kindOf("IDENTIFIER");
export const STRING = kindOf("STRING");
export const NUMBER = kindOf("NUMBER");
export const DURATION = kindOf("DURATION");
export const BYTES = kindOf("BYTES");
export const RANGE = kindOf("RANGE");

function tableOf(names: readonly string[]): Map<string, TokenKind> {
  return new Map(names.map((name) => [name, kindOf(name)]));
}

function upperCased(...lines: string[]): [string, TokenKind][] {
  const words = lines.join(" ").split(" ");
  return words.map((word) => [word, kindOf(word.toUpperCase())]);
}
