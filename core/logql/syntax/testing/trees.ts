/** Random trees of the kind that parseQuery gives: what its checks refuse is not among them. */
import fc, { type Arbitrary } from "fast-check";
import type { Matcher } from "../../../model/matcher.ts";
import type {
  BinaryOp,
  Expr,
  Grouping,
  LabelFilter,
  LogExpr,
  LogRange,
  MetricExpr,
  RangeOp,
  Stage,
  Unwrap,
  VariantsExpr,
  VectorMatching,
  VectorOp,
} from "../ast.ts";
import { RESERVED } from "../tokens.ts";

const MAX_INT64 = 2n ** 63n - 1n;
const NS_PER_MS = 1_000_000n;

const name = fc
  .oneof(
    fc.stringMatching(/^[a-z_][a-z0-9_]{0,4}$/),
    fc.constantFrom("rate", "sum", "ip", "bytes", "first", "sort", "desc", "of", "distinct", "é"),
  )
  .filter((word) => !RESERVED.has(word));
const names = fc.array(name, { maxLength: 3 });
const someNames = fc.array(name, { minLength: 1, maxLength: 3 });
const text = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: "binary", maxLength: 4 }));
const regex = fc.constantFrom("a.*", "fo+", "x|y", "(?i)ab", "a`b.+", "[a-z]{2,3}", "\\d\n", "");

const matcher: Arbitrary<Matcher> = fc.oneof(
  fc.record({ name, op: fc.constantFrom("=", "!="), value: text }),
  fc.record({ name, op: fc.constantFrom("=~", "!~"), value: regex }),
);
/** Its first matcher keeps it from selecting every stream. */
const matchers = fc
  .tuple(name, fc.array(matcher, { maxLength: 2 }))
  .map(([first, rest]): Matcher[] => [{ name: first, op: "=", value: "x" }, ...rest]);

// ---- Stages ----

const compareOp = fc.constantFrom(">", ">=", "<", "<=", "==", "!=");
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const positive = fc.double({ min: 0, max: 1e300, noNaN: true }).map((value) => value || 0);
const int64 = fc.bigInt({ min: -MAX_INT64 - 1n, max: MAX_INT64 });
const size = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 53n }),
  fc.integer({ min: 1, max: 16 }).map((count) => BigInt(count) * 10n ** 18n),
);

const { filter } = fc.letrec<{ filter: LabelFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    matcher.map((given): LabelFilter => ({ kind: "string", matcher: given })),
    fc.record({ kind: fc.constant("number"), name, op: compareOp, value: finite }),
    fc.record({ kind: fc.constant("duration"), name, op: compareOp, value: int64 }),
    fc.record({ kind: fc.constant("bytes"), name, op: compareOp, value: size }),
    fc.record({ kind: fc.constant("ip"), name, op: fc.constantFrom("=", "!="), pattern: text }),
    fc.record({
      kind: fc.constantFrom("and", "or"),
      left: tie("filter"),
      right: tie("filter"),
    }),
  ) as Arbitrary<LabelFilter>,
}));

const filterText = fc.record({ match: text, ip: fc.constant(false) });
const alternatives = fc.oneof(
  fc.array(filterText, { maxLength: 2 }),
  text.map((match) => [{ match, ip: true }]),
);
const extractions = fc.array(fc.record({ name, path: text }), { maxLength: 3 });
const format = fc.oneof(
  fc.record({ kind: fc.constant("rename" as const), name, source: name }),
  fc.record({ kind: fc.constant("template" as const), name, template: text }),
);
const selected = fc.oneof(
  name.map((given) => ({ name: given })),
  matcher.map((given) => ({ name: given.name, matcher: given })),
);

const stage: Arbitrary<Stage> = fc.oneof(
  fc.record({
    kind: fc.constant("line-filter" as const),
    op: fc.constantFrom("|=", "!=", "|~", "!~", "|>", "!>"),
    match: text,
    ip: fc.boolean(),
    or: alternatives,
  }),
  fc.record({ kind: fc.constant("json" as const), extractions }),
  fc.record({ kind: fc.constant("json" as const), extractions, arrays: fc.constant(true) }),
  fc.record({
    kind: fc.constant("logfmt" as const),
    strict: fc.boolean(),
    keepEmpty: fc.boolean(),
    extractions,
  }),
  fc.constantFrom<Stage>(
    { kind: "regexp", pattern: "(?P<a>\\w+) `" },
    { kind: "pattern", pattern: '<a> "<_>" <b>' },
    { kind: "unpack" },
    { kind: "decolorize" },
  ),
  filter.map((given): Stage => ({ kind: "label-filter", filter: given })),
  fc.record({ kind: fc.constant("line-format" as const), template: text }),
  fc.record({
    kind: fc.constant("label-format" as const),
    formats: fc.array(format, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constantFrom("drop", "keep"),
    names: fc.array(selected, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("distinct" as const), names: someNames }),
  fc.record({
    kind: fc.constant("sort" as const),
    by: fc.array(fc.record({ name, descending: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constantFrom("first", "last"), count: fc.integer({ min: 1 }) }),
);

const log: Arbitrary<LogExpr> = fc.record({
  kind: fc.constant("log"),
  matchers,
  stages: fc.array(stage, { maxLength: 4 }).filter((stages) => !stages.some(isTakenForMatcher)),
});

/** `| drop a != "x"` drops by a matcher. A line filter there cannot be written, in Loki neither. */
function isTakenForMatcher(stage: Stage, index: number, stages: readonly Stage[]): boolean {
  const before = stages[index - 1];
  if (stage.kind !== "line-filter" || !/!=|!~/.test(stage.op)) return false;
  if (before?.kind !== "drop" && before?.kind !== "keep") return false;
  return before.names.at(-1)!.matcher === undefined;
}

// ---- Metric queries ----

const grouping: Arbitrary<Grouping> = fc.record({ without: fc.boolean(), names });
const maybeGrouped = optional("grouping", grouping);
const unwrap: Arbitrary<Unwrap> = fc
  .record({ name, filters: fc.array(filter, { maxLength: 2 }) })
  .chain((given) =>
    optional("conversion", fc.constantFrom("bytes", "duration", "duration_seconds")).map(
      (conversion) => ({ ...given, ...conversion }),
    ),
  );

function rangeOf(unwrapped: Arbitrary<{ unwrap?: Unwrap }>): Arbitrary<LogRange> {
  const plain = fc.record({
    log,
    range: fc.bigInt({ min: 0n, max: MAX_INT64 / NS_PER_MS }).map((ms) => ms * NS_PER_MS),
    offset: fc.oneof(fc.constant(0n), int64),
  });
  return fc.tuple(plain, unwrapped).map(([range, given]) => ({ ...range, ...given }));
}

const wrapped = rangeOf(fc.constant({}));
const unwrapped = rangeOf(unwrap.map((given) => ({ unwrap: given })));
const either = rangeOf(optional("unwrap", unwrap));

const rangeAggregation: Arbitrary<MetricExpr> = fc.oneof(
  rangeCall(["count_over_time", "bytes_over_time", "bytes_rate"], wrapped, fc.constant({})),
  rangeCall(["rate", "absent_over_time"], either, fc.constant({})),
  rangeCall(["sum_over_time", "rate_counter"], unwrapped, fc.constant({})),
  rangeCall(
    ["avg_over_time", "min_over_time", "max_over_time", "first_over_time", "last_over_time"],
    unwrapped,
    maybeGrouped,
  ),
  rangeCall(
    ["quantile_over_time"],
    unwrapped,
    fc.tuple(positive, maybeGrouped).map(([parameter, grouped]) => ({ parameter, ...grouped })),
  ),
);

function rangeCall(
  ops: readonly RangeOp[],
  range: Arbitrary<LogRange>,
  more: Arbitrary<{ parameter?: number; grouping?: Grouping }>,
): Arbitrary<MetricExpr> {
  return fc
    .tuple(fc.constantFrom(...ops), range, more)
    .map(([op, given, rest]) => ({ kind: "range", op, range: given, ...rest }));
}

const ARITHMETIC: readonly BinaryOp[] = ["+", "-", "*", "/", "%", "^"];
const COMPARISON: readonly BinaryOp[] = ["==", "!=", ">", ">=", "<", "<="];
const SETS: readonly BinaryOp[] = ["or", "and", "unless"];
const GROUPED: readonly VectorOp[] = ["sum", "avg", "count", "stddev", "count_distinct"];

const matching: Arbitrary<VectorMatching> = fc.oneof(
  fc.record({
    on: fc.boolean(),
    names,
    card: fc.constant("one-to-one" as const),
    include: fc.constant([]),
  }),
  fc.record({
    on: fc.boolean(),
    names,
    card: fc.constantFrom("many-to-one", "one-to-many"),
    include: names,
  }),
);

const literal: Arbitrary<MetricExpr> = fc.record({
  kind: fc.constant("literal"),
  value: fc.double(),
});

const { metric } = fc.letrec<{ metric: MetricExpr }>((tie) => ({
  metric: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    rangeAggregation,
    fc.record({ kind: fc.constant("vector" as const), value: positive }),
    literal,
    aggregation(GROUPED, tie("metric"), maybeGrouped),
    aggregation(["sort", "sort_desc"], tie("metric"), fc.constant({})),
    aggregation(
      ["topk", "bottomk"],
      tie("metric"),
      fc
        .tuple(fc.integer({ min: 1 }), maybeGrouped)
        .map(([parameter, grouped]) => ({ parameter, ...grouped })),
    ),
    fc.record({
      kind: fc.constant("label-replace" as const),
      inner: tie("metric"),
      target: text,
      replacement: text,
      source: text,
      pattern: regex,
    }),
    binary([...ARITHMETIC, ...COMPARISON], tie("metric")).filter(
      ({ left, right }) => left.kind !== "literal" || right.kind !== "literal",
    ),
    binary(SETS, tie("metric")).filter(
      ({ left, right }) => left.kind !== "literal" && right.kind !== "literal",
    ),
  ),
}));

function aggregation(
  ops: readonly VectorOp[],
  inner: Arbitrary<MetricExpr>,
  more: Arbitrary<{ parameter?: number; grouping?: Grouping }>,
): Arbitrary<MetricExpr> {
  return fc
    .tuple(fc.constantFrom(...ops), inner, more)
    .map(([op, given, rest]) => ({ kind: "vector-aggregation", op, inner: given, ...rest }));
}

function binary(ops: readonly BinaryOp[], leg: Arbitrary<MetricExpr>) {
  const plain = fc.record({
    kind: fc.constant("binary" as const),
    op: fc.constantFrom(...ops),
    left: leg,
    right: leg,
    bool: fc.boolean(),
  });
  return fc
    .tuple(plain, optional("matching", matching))
    .map(([given, matched]) => ({ ...given, ...matched }));
}

const variants: Arbitrary<VariantsExpr> = fc.record({
  kind: fc.constant("variants"),
  variants: fc.array(metric, { minLength: 1, maxLength: 2 }),
  of: either,
});

export const exprs: Arbitrary<Expr> = fc
  .oneof(
    { weight: 3, arbitrary: log as Arbitrary<Expr> },
    { weight: 5, arbitrary: metric },
    { weight: 1, arbitrary: variants },
  )
  // fast-check's records have no prototype; those of the parser are plain objects.
  .map((tree) => structuredClone(tree));

/** `{}` or `{ [key]: … }`: a field that is absent, not undefined. */
function optional<Key extends string, Value>(
  key: Key,
  value: Arbitrary<Value>,
): Arbitrary<{ [K in Key]?: Value }> {
  return fc
    .option(value, { nil: undefined })
    .map((given) => (given === undefined ? {} : { [key]: given }) as { [K in Key]?: Value });
}
