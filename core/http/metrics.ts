/** The meter that `/metrics` prints. A family takes its kind from the first call that names it. */
import type { Meter } from "../ports/meter.ts";
import { type Family, type Format, printFamilies, type Series } from "./exposition.ts";
import { bucketsOf } from "./metric-buckets.ts";
import type { FamilyInfo, Kind } from "./metric-families.ts";

export type MetricLabels = Readonly<Record<string, string>>;

/** Series that one family may have; what comes after is counted, not kept, so labels cannot eat the memory. */
const SERIES_MAX = 20_000;

const DROPPED = "lokits_metrics_series_dropped_total";

export class Metrics implements Meter {
  readonly #families = new Map<string, Family>();
  readonly #collectors: ((meter: Meter) => void)[] = [];
  readonly #known: ReadonlyMap<string, FamilyInfo>;

  /** What is known of families beforehand: their texts, and series that are there from the start. */
  constructor(known: ReadonlyMap<string, FamilyInfo> = new Map()) {
    this.#known = known;
    for (const [name, { kind, initial }] of known) {
      for (const labels of initial) this.#series(name, kind, labels);
    }
  }

  count(name: string, add: number, labels?: MetricLabels): void {
    const series = this.#series(name, "counter", labels);
    if (series !== undefined) series.value += add;
  }

  gauge(name: string, value: number, labels?: MetricLabels): void {
    const series = this.#series(name, "gauge", labels);
    if (series !== undefined) series.value = value;
  }

  observe(name: string, value: number, labels?: MetricLabels, times = 1): void {
    const series = this.#series(name, "histogram", labels);
    if (series?.histogram === undefined) return;
    const { bounds, counts } = series.histogram;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[bucket]! += times;
    series.histogram.count += times;
    series.value += value * times;
  }

  /** Calls `collector` before each print: for gauges that somebody else knows, such as memory in use. */
  onPrint(collector: (meter: Meter) => void): void {
    this.#collectors.push(collector);
  }

  print(format: Format = "text"): string {
    for (const collector of this.#collectors) collector(this);
    return printFamilies(this.#families, format);
  }

  #series(name: string, kind: Kind, labels: MetricLabels = {}): Series | undefined {
    let family = this.#families.get(name);
    if (family === undefined) {
      const help = this.#known.get(name)?.help ?? (this.#known.size > 0 ? inWords(name) : "");
      this.#families.set(name, (family = { kind, help, series: new Map() }));
    }
    const key = printLabels(labels);
    let series = family.series.get(key);
    if (series === undefined) {
      if (family.series.size >= SERIES_MAX) {
        if (name !== DROPPED) this.count(DROPPED, 1, { metric: name });
        return undefined;
      }
      family.series.set(key, (series = newSeries(name, family.kind)));
    }
    return series;
  }
}

/** A family that nobody has a text for is told by its own name: `lokits inflight pushes`. */
function inWords(name: string): string {
  return `${name.replace(/_total$/, "").replaceAll("_", " ")}.`;
}

function newSeries(name: string, kind: Kind): Series {
  if (kind !== "histogram") return { value: 0 };
  const bounds = bucketsOf(name);
  const counts = new Float64Array(bounds.length + 1);
  return { value: 0, histogram: { bounds, counts, count: 0 } };
}

function printLabels(labels: MetricLabels): string {
  let text = "";
  for (const name in labels) {
    text += `${text === "" ? "{" : ","}${name}="${escapeValue(labels[name]!)}"`;
  }
  return text === "" ? "" : `${text}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
