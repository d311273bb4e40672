/**
 * Tree → query text, as Loki prints it (spec logql §4): parsing the text gives the same tree again. Where
 * 2.9.1 prints less than the tree says (sizes to two digits, `by ()`) it is said in full, as in 3.x.
 */
import { printByteSize } from "../../golang/bytes-size.ts";
import { printGoDuration, printPromDuration } from "../../golang/duration.ts";
import { formatFixed, formatFloat, formatV } from "../../golang/float.ts";
import { quote } from "../../golang/quote.ts";
import { printMatchers } from "../../labels/matcher.ts";
import type { Matcher } from "../../model/matcher.ts";
import { simplifyRegex } from "../../regex/simplify.ts";
import type {
  BinaryExpr,
  Expr,
  Extraction,
  Grouping,
  LabelFilter,
  LabelFormat,
  LineFilterStage,
  LogExpr,
  LogRange,
  RangeAggregation,
  Stage,
  Unwrap,
  VectorAggregation,
} from "./ast.ts";
import { readBytes } from "./values.ts";

export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case "log":
      return printLog(expr);
    case "range":
      return printRangeAggregation(expr);
    case "vector-aggregation":
      return printVectorAggregation(expr);
    case "binary":
      return `(${printExpr(expr.left)} ${printOperator(expr)} ${printExpr(expr.right)})`;
    case "literal":
      return printNumber(expr.value);
    case "vector":
      return `vector(${printVectorValue(expr.value)})`;
    case "label-replace": {
      const texts = [expr.target, expr.replacement, expr.source, expr.pattern].map(quote);
      return `label_replace(${[printExpr(expr.inner), ...texts].join(",")})`;
    }
    case "variants": {
      const variants = expr.variants.map(printExpr).join(", ");
      return `variants(${variants}) of (${printRange(expr.of)})`;
    }
  }
}

// ---- Log queries ----

function printLog({ matchers, stages }: LogExpr): string {
  return [printMatchers(matchers), ...stages.map(printStage)].join(" ");
}

/** A stage with its bar: `| json`, `|= "a"`. Errors about a stage quote it so. */
export function printStage(stage: Stage): string {
  switch (stage.kind) {
    case "line-filter":
      return printLineFilter(stage);
    case "json":
      return `| json${stage.arrays === true ? " --arrays" : ""}${printExtractions(stage.extractions)}`;
    case "logfmt": {
      const flags = `${stage.strict ? " --strict" : ""}${stage.keepEmpty ? " --keep-empty" : ""}`;
      return `| logfmt${flags}${printExtractions(stage.extractions)}`;
    }
    case "regexp":
    case "pattern":
      return `| ${stage.kind} ${quote(stage.pattern)}`;
    case "unpack":
    case "decolorize":
      return `| ${stage.kind}`;
    case "label-filter":
      return `| ${printFilter(stage.filter)}`;
    case "line-format":
      return `| line_format ${quote(stage.template)}`;
    case "label-format":
      return `| label_format ${stage.formats.map(printFormat).join(",")}`;
    case "drop":
    case "keep": {
      const names = stage.names.map(({ name, matcher }) =>
        matcher ? printMatcher(matcher) : name,
      );
      return `| ${stage.kind} ${names.join(",")}`;
    }
    case "distinct":
      return `| distinct ${stage.names.join(",")}`;
    case "sort": {
      const keys = stage.by.map(({ name, descending }) => (descending ? `${name} desc` : name));
      return `| sort by ${keys.join(",")}`;
    }
    case "first":
    case "last":
      return `| ${stage.kind} ${stage.count}`;
  }
}

function printLineFilter({ op, match, ip, or }: LineFilterStage): string {
  const texts = [{ match, ip }, ...or].map((part) =>
    part.ip ? `ip(${quote(part.match)})` : quote(part.match),
  );
  return `${op} ${texts.join(" or ")}`;
}

function printExtractions(extractions: readonly Extraction[]): string {
  if (extractions.length === 0) return "";
  return ` ${extractions.map(({ name, path }) => `${name}=${quote(path)}`).join(",")}`;
}

function printFormat(format: LabelFormat): string {
  return `${format.name}=${format.kind === "rename" ? format.source : quote(format.template)}`;
}

// ---- Label filters ----

export function printFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case "and":
      return `( ${printFilter(filter.left)} , ${printFilter(filter.right)} )`;
    case "or":
      return `( ${printFilter(filter.left)} or ${printFilter(filter.right)} )`;
    case "string":
      return printFilterMatcher(filter.matcher);
    case "number":
      return `${filter.name}${filter.op}${formatFloat(filter.value)}`;
    case "duration":
      return `${filter.name}${filter.op}${printGoDuration(filter.value)}`;
    case "bytes":
      return `${filter.name}${filter.op}${printBytes(filter.value)}`;
    case "ip":
      return `${filter.name}${filter.op}ip(${quote(filter.pattern)})`;
  }
}

/** A pattern that stays a regular expression stands in backticks, unless it has one itself. */
function printFilterMatcher(matcher: Matcher): string {
  const { name, op, value } = matcher;
  const isRegex = op === "=~" || op === "!~";
  if (!isRegex || value.includes("`") || simplifyRegex(value, "label").kind !== "regex") {
    return printMatcher(matcher);
  }
  return `${name}${op}\`${value}\``;
}

function printMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}${quote(value)}`;
}

/**
 * Loki's short form where it says the same, else every byte. Neither `0B` nor `1EB` can be read: one starts
 * a binary number, the other breaks off an exponent.
 */
function printBytes(bytes: bigint): string {
  if (bytes === 0n) return "0kB";
  const short = printByteSize(Number(bytes));
  return readBytes(short) === bytes && !short.endsWith("EB") ? short : `${bytes}B`;
}

// ---- Metric queries ----

function printRange({ log, unwrap, range, offset }: LogRange): string {
  const parts = [printLog(log), ...(unwrap === undefined ? [] : printUnwrap(unwrap))];
  return `${parts.join(" ")}[${printPromDuration(range)}]${printOffset(offset)}`;
}

function printOffset(offset: bigint): string {
  return offset === 0n ? "" : ` offset ${printGoDuration(offset)}`;
}

/** The unwrap and each filter after it. */
export function printUnwrap({ name, conversion, filters }: Unwrap): string[] {
  const label = conversion === undefined ? name : `${conversion}(${name})`;
  return [`| unwrap ${label}`, ...filters.map((filter) => `| ${printFilter(filter)}`)];
}

function printRangeAggregation({ op, parameter, range, grouping }: RangeAggregation): string {
  const front = parameter === undefined ? "" : `${formatFloat(parameter)},`;
  return `${op}(${front}${printRange(range)})${printGrouping(grouping, ",")}`;
}

function printVectorAggregation({ op, parameter, inner, grouping }: VectorAggregation): string {
  const front = parameter === undefined ? "" : `${parameter},`;
  return `${op}${printGrouping(grouping, ",")}(${front}${printExpr(inner)})`;
}

/** ` by (a,b)`, with its space, or nothing. */
export function printGrouping(grouping: Grouping | undefined, comma: string): string {
  if (grouping === undefined) return "";
  return ` ${grouping.without ? "without" : "by"} (${grouping.names.join(comma)})`;
}

/** `/ on (a) group_left (b)`; without a group a space follows `on (a)`, as Loki has it. */
export function printOperator({ op, bool, matching }: BinaryExpr): string {
  const front = bool ? `${op} bool` : op;
  if (matching === undefined) return front;
  const { on, names, card, include } = matching;
  const joint = `${front} ${on ? "on" : "ignoring"} (${names.join(",")}) `;
  if (card === "one-to-one") return joint;
  const side = card === "many-to-one" ? "group_left" : "group_right";
  return `${joint}${side} (${include.join(",")})`;
}

/** What is no number is written as what gives it: `NaN` would not parse. */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return "(0 / 0)";
  if (value === Number.POSITIVE_INFINITY) return "(2 ^ 1024)";
  if (value === Number.NEGATIVE_INFINITY) return "(-2 ^ 1025)";
  return formatV(value);
}

/** Six decimals unless they would change the value. */
export function printVectorValue(value: number): string {
  const short = formatFixed(value, 6);
  return Number(short) === value ? short : formatFloat(value);
}
