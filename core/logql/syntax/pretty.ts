/**
 * Tree → text over several lines, as `format_query` answers (spec logql §4.4). What takes at most 100 bytes
 * stays on one line; anything longer is broken into its parts, each indented one level deeper.
 */
import { utf8 } from "../../bytes/text.ts";
import { printGoDuration, printPromDuration } from "../../golang/duration.ts";
import { formatFloat } from "../../golang/float.ts";
import { quote } from "../../golang/quote.ts";
import { printMatchers } from "../../labels/matcher.ts";
import type { BinaryExpr, Expr, LogExpr, LogRange, Stage } from "./ast.ts";
import { isFirst } from "./fold.ts";
import { printExpr, printGrouping, printOperator, printStage, printUnwrap } from "./print.ts";
import { readDuration } from "./values.ts";

const LINE_BYTES_MAX = 100;

export function prettyExpr(expr: Expr): string {
  return lines(expr, 0).join("\n");
}

function lines(expr: Expr, level: number): string[] {
  const line = printExpr(expr);
  if (fits(line)) return [indented(line, level)];
  switch (expr.kind) {
    case "log":
      return logLines(expr, level);
    case "range":
      return called(expr.op, level, [
        ...parameterLine(expr.parameter, level),
        ...rangeLines(expr.range, level + 1),
      ]).concat([`${indented(")", level)}${printGrouping(expr.grouping, ", ")}`]);
    case "vector-aggregation":
      return called(`${expr.op}${printGrouping(expr.grouping, ", ")}`, level, [
        ...parameterLine(expr.parameter, level),
        ...lines(expr.inner, level + 1),
      ]).concat([indented(")", level)]);
    case "binary":
      return [
        ...legLines(expr, "left", level + 1),
        indented(printOperator(expr).trimEnd(), level),
        ...legLines(expr, "right", level + 1),
      ];
    case "label-replace": {
      const texts = [expr.target, expr.replacement, expr.source, expr.pattern].map((text) => [
        indented(quote(text), level + 1),
      ]);
      const inner = lines(expr.inner, level + 1);
      return [
        ...called("label_replace", level, commaLines([inner, ...texts])),
        indented(")", level),
      ];
    }
    case "variants": {
      const variants = expr.variants.map((variant) => lines(variant, level + 1));
      return [
        ...called("variants", level, commaLines(variants)),
        indented(") of (", level),
        ...rangeLines(expr.of, level + 1),
        indented(")", level),
      ];
    }
    case "literal":
    case "vector":
      return [indented(line, level)];
  }
}

/** Loki leaves out all parentheses here; we those that may be left out. On one line they are there anyway. */
function legLines(expr: BinaryExpr, side: "left" | "right", level: number): string[] {
  const leg = expr[side];
  const isBroken = leg.kind === "binary" && !fits(printExpr(leg));
  const isGrouped =
    isBroken && (side === "left" ? !isFirst(leg.op, expr.op) : isFirst(expr.op, leg.op));
  if (!isGrouped) return lines(leg, level);
  return [indented("(", level), ...lines(leg, level + 1), indented(")", level)];
}

function called(head: string, level: number, body: readonly string[]): string[] {
  return [indented(`${head}(`, level), ...body];
}

function parameterLine(parameter: number | undefined, level: number): string[] {
  return parameter === undefined ? [] : [indented(`${formatFloat(parameter)},`, level + 1)];
}

/** A comma behind the last line of each part but the last. */
function commaLines(parts: readonly (readonly string[])[]): string[] {
  return parts.flatMap((part, index) =>
    index < parts.length - 1 ? [...part.slice(0, -1), `${part.at(-1)},`] : part,
  );
}

function logLines(log: LogExpr, level: number): string[] {
  return [
    indented(printMatchers(log.matchers), level),
    ...chains(log.stages).flatMap((chain) => chainLines(chain, level + 1)),
  ];
}

/** Line filters that follow each other stay together, any other stage is by itself. */
function chains(stages: readonly Stage[]): Stage[][] {
  const found: Stage[][] = [];
  for (const stage of stages) {
    const last = found.at(-1);
    const goesOn = stage.kind === "line-filter" && last?.[0]?.kind === "line-filter";
    if (goesOn) last!.push(stage);
    else found.push([stage]);
  }
  return found;
}

function chainLines(chain: readonly Stage[], level: number): string[] {
  // Loki leaves this one stage at the margin.
  if (chain[0]!.kind === "decolorize") return [printStage(chain[0]!)];
  const texts = chain.map(printStage);
  const line = texts.join(" ");
  return fits(line) ? [indented(line, level)] : texts.map((text) => indented(text, level));
}

/** The log query, the unwrap and its filters below it, and the range behind the last of these lines. */
function rangeLines({ log, unwrap, range, offset }: LogRange, level: number): string[] {
  const body = lines(log, level);
  if (unwrap !== undefined) {
    body.push(...printUnwrap(unwrap).map((text) => indented(text, level + 1)));
  }
  const shift = offset === 0n ? "" : ` offset ${offsetText(offset)}`;
  return [...body.slice(0, -1), `${body.at(-1)} [${printPromDuration(range)}]${shift}`];
}

/** Prometheus's form, unless parsing it gives something else: it has no nanoseconds, and no minus. */
function offsetText(offset: bigint): string {
  const text = printPromDuration(offset);
  return readDuration(text) === offset ? text : printGoDuration(offset);
}

function fits(line: string): boolean {
  return utf8(line).length <= LINE_BYTES_MAX;
}

function indented(text: string, level: number): string {
  return "  ".repeat(level) + text;
}
