/**
 * Metrics as text, for who scrapes them: Prometheus' format 0.0.4 and OpenMetrics 1.0.0. They differ in how
 * counters are named and bounds of buckets are written, and in that OpenMetrics tells its end.
 */
import type { Kind } from "./metric-families.ts";

export type Format = "text" | "openmetrics";

export interface Family {
  readonly kind: Kind;
  readonly help: string;
  /** By printed labels, `{a="b"}` or "". */
  readonly series: Map<string, Series>;
}

export interface Series {
  value: number;
  readonly histogram?: Histogram;
}

export interface Histogram {
  readonly bounds: readonly number[];
  /** Observations per bucket, the last one for what is above all bounds; not cumulative. */
  readonly counts: Float64Array;
  count: number;
}

const TYPES: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

export function contentTypeOf(format: Format): string {
  return TYPES[format];
}

/** What a client likes best of the two; the old format when it says nothing. */
export function formatFor(accept: string): Format {
  let best: { format: Format; weight: number } = { format: "text", weight: 0 };
  for (const item of accept.split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const of = (name: string) =>
      parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    const format = formatOf(type, of("version"));
    const weight = Number.parseFloat(of("q") ?? "1");
    // Of equal ones the first counts.
    if (format !== undefined && weight > best.weight) best = { format, weight };
  }
  return best.format;
}

function formatOf(type: string, version: string | undefined): Format | undefined {
  if (type === "application/openmetrics-text") {
    return version === undefined || version === "1.0.0" ? "openmetrics" : undefined;
  }
  return type === "text/plain" || type === "text/*" || type === "*/*" ? "text" : undefined;
}

export function printFamilies(families: ReadonlyMap<string, Family>, format: Format): string {
  const names = [...families.keys()].sort();
  const texts = names.map((name) => printFamily(name, families.get(name)!, format));
  return texts.join("") + (format === "openmetrics" ? "# EOF\n" : "");
}

function printFamily(name: string, family: Family, format: Format): string {
  const { kind, help, series } = family;
  const [told, type] = format === "text" ? [name, kind] : openMetricsName(name, kind);
  let text = help === "" ? "" : `# HELP ${told} ${help}\n`;
  text += `# TYPE ${told} ${type}\n`;
  for (const [labels, { value, histogram }] of series) {
    if (histogram === undefined) text += `${name}${labels} ${printNumber(value)}\n`;
    else text += printHistogram(name, labels, { sum: value, histogram, format });
  }
  return text;
}

/**
 * A counter is called by its name without `_total` there, and has it on its samples. Loki's counters whose
 * name has no such end keep it, since dashboards ask for it: they are of an unknown kind.
 */
function openMetricsName(name: string, kind: Kind): readonly [name: string, type: string] {
  if (kind !== "counter") return [name, kind];
  return name.endsWith("_total") ? [name.slice(0, -"_total".length), kind] : [name, "unknown"];
}

interface PrintedHistogram {
  readonly sum: number;
  readonly histogram: Histogram;
  readonly format: Format;
}

function printHistogram(
  name: string,
  labels: string,
  { sum, histogram, format }: PrintedHistogram,
): string {
  const { bounds, counts, count } = histogram;
  const open = labels === "" ? "{" : `${labels.slice(0, -1)},`;
  const printBound = format === "text" ? printNumber : printFloat;
  let text = "";
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += counts[index]!;
    text += `${name}_bucket${open}le="${printBound(bound)}"} ${below}\n`;
  }
  text += `${name}_bucket${open}le="+Inf"} ${count}\n`;
  return `${text}${name}_sum${labels} ${printNumber(sum)}\n${name}_count${labels} ${count}\n`;
}

/** OpenMetrics' canonical form: a float that happens to be whole has a point all the same. */
function printFloat(value: number): string {
  const text = printNumber(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function printNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
