/**
 * The tree of a LogQL query: plain readonly objects with a `kind`. Behaviour is in functions over
 * them: parse.ts makes them, check.ts refuses what Loki refuses, print.ts gives Loki's texts,
 * core/logql/plan turns them into work.
 */
import type { Matcher } from "../../model/matcher.ts";

export type Expr = LogExpr | MetricExpr;

// ---- Log queries ----

/** `{app="x"} |= "a" | json` */
export interface LogExpr {
  readonly kind: "log";
  readonly matchers: readonly Matcher[];
  readonly stages: readonly Stage[];
}

export type Stage =
  | LineFilterStage
  | ParserStage
  | LabelFilterStage
  | LineFormatStage
  | LabelFormatStage
  | DecolorizeStage
  | NamesStage
  | BeyondStage;

export type LineFilterOp = "|=" | "!=" | "|~" | "!~" | "|>" | "!>";

/** One filter of a chain. `or` holds the alternatives of `|= "a" or "b"`, the first one apart. */
export interface LineFilterStage {
  readonly kind: "line-filter";
  readonly op: LineFilterOp;
  readonly match: string;
  /** True for `|= ip("…")`. */
  readonly ip: boolean;
  readonly or: readonly { readonly match: string; readonly ip: boolean }[];
}

export type ParserStage =
  /** Empty `extractions` means everything; `arrays` is ours: descend into arrays too. */
  | {
      readonly kind: "json";
      readonly extractions: readonly Extraction[];
      readonly arrays?: boolean;
    }
  | {
      readonly kind: "logfmt";
      readonly strict: boolean;
      readonly keepEmpty: boolean;
      readonly extractions: readonly Extraction[];
    }
  | { readonly kind: "regexp"; readonly pattern: string }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "unpack" };

/** `name="path"`; a bare name stands for `name="name"`. */
export interface Extraction {
  readonly name: string;
  readonly path: string;
}

export interface LabelFilterStage {
  readonly kind: "label-filter";
  readonly filter: LabelFilter;
}

export type CompareOp = ">" | ">=" | "<" | "<=" | "==" | "!=";

export type LabelFilter =
  | { readonly kind: "and" | "or"; readonly left: LabelFilter; readonly right: LabelFilter }
  | { readonly kind: "string"; readonly matcher: Matcher }
  | {
      readonly kind: "number";
      readonly name: string;
      readonly op: CompareOp;
      readonly value: number;
    }
  /** Nanoseconds. */
  | {
      readonly kind: "duration";
      readonly name: string;
      readonly op: CompareOp;
      readonly value: bigint;
    }
  /** Bytes. */
  | {
      readonly kind: "bytes";
      readonly name: string;
      readonly op: CompareOp;
      readonly value: bigint;
    }
  | {
      readonly kind: "ip";
      readonly name: string;
      readonly op: "=" | "!=";
      readonly pattern: string;
    };

export interface LineFormatStage {
  readonly kind: "line-format";
  readonly template: string;
}

export interface LabelFormatStage {
  readonly kind: "label-format";
  readonly formats: readonly LabelFormat[];
}

/** `name=source` renames, `name="template"` computes. */
export type LabelFormat =
  | { readonly kind: "rename"; readonly name: string; readonly source: string }
  | { readonly kind: "template"; readonly name: string; readonly template: string };

export interface DecolorizeStage {
  readonly kind: "decolorize";
}

/** `| drop a, b="x"` and `| keep …`: a bare name has no matcher. */
export interface NamesStage {
  readonly kind: "drop" | "keep";
  readonly names: readonly { readonly name: string; readonly matcher?: Matcher }[];
}

/** What Loki does not have; each is a syntax error there. */
export type BeyondStage =
  | { readonly kind: "distinct"; readonly names: readonly string[] }
  | {
      readonly kind: "sort";
      readonly by: readonly { readonly name: string; readonly descending: boolean }[];
    }
  | { readonly kind: "first" | "last"; readonly count: number };

// ---- Metric queries ----

export type MetricExpr =
  | RangeAggregation
  | VectorAggregation
  | BinaryExpr
  | LiteralExpr
  | VectorExpr
  | LabelReplaceExpr
  | VariantsExpr;

export type RangeOp =
  | "rate"
  | "rate_counter"
  | "count_over_time"
  | "bytes_rate"
  | "bytes_over_time"
  | "avg_over_time"
  | "sum_over_time"
  | "min_over_time"
  | "max_over_time"
  | "stdvar_over_time"
  | "stddev_over_time"
  | "quantile_over_time"
  | "first_over_time"
  | "last_over_time"
  | "absent_over_time";

export interface RangeAggregation {
  readonly kind: "range";
  readonly op: RangeOp;
  /** φ of `quantile_over_time`. */
  readonly parameter?: number;
  readonly range: LogRange;
  readonly grouping?: Grouping;
}

/** `{app="x"} | json | unwrap bytes(size) | size > 1 [5m] offset 1h` */
export interface LogRange {
  readonly log: LogExpr;
  readonly unwrap?: Unwrap;
  /** Nanoseconds. */
  readonly range: bigint;
  /** Nanoseconds; positive looks back. */
  readonly offset: bigint;
}

export interface Unwrap {
  readonly name: string;
  readonly conversion?: "bytes" | "duration" | "duration_seconds";
  /** The label filters after it, as in `| unwrap x | __error__=""`. */
  readonly filters: readonly LabelFilter[];
}

export interface Grouping {
  readonly without: boolean;
  readonly names: readonly string[];
}

export type VectorOp =
  | "sum"
  | "avg"
  | "max"
  | "min"
  | "count"
  | "stddev"
  | "stdvar"
  | "bottomk"
  | "topk"
  | "approx_topk"
  | "sort"
  | "sort_desc"
  /** Ours: how many different values of the grouping's complement; see the beyond-Loki table. */
  | "count_distinct"
  | "approx_count_distinct";

export interface VectorAggregation {
  readonly kind: "vector-aggregation";
  readonly op: VectorOp;
  /** k of `topk` and its like. */
  readonly parameter?: number;
  readonly inner: MetricExpr;
  readonly grouping?: Grouping;
}

export type BinaryOp =
  | "or"
  | "and"
  | "unless"
  | "=="
  | "!="
  | ">"
  | ">="
  | "<"
  | "<="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^";

export interface BinaryExpr {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly left: MetricExpr;
  readonly right: MetricExpr;
  readonly bool: boolean;
  readonly matching?: VectorMatching;
}

export interface VectorMatching {
  readonly on: boolean;
  readonly names: readonly string[];
  readonly card: "one-to-one" | "many-to-one" | "one-to-many";
  /** The labels in `group_left(…)` or `group_right(…)`. */
  readonly include: readonly string[];
}

export interface LiteralExpr {
  readonly kind: "literal";
  readonly value: number;
}

export interface VectorExpr {
  readonly kind: "vector";
  readonly value: number;
}

export interface LabelReplaceExpr {
  readonly kind: "label-replace";
  readonly inner: MetricExpr;
  readonly target: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
}

/** `variants(count_over_time(…), rate(…)) of ({app="x"} [5m])` (3.x). */
export interface VariantsExpr {
  readonly kind: "variants";
  readonly variants: readonly MetricExpr[];
  readonly of: LogRange;
}
