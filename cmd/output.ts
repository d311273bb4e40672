/** How answers of `query` and `tail` are written: for people, raw, or as JSON lines. */
import { formatFloat } from "../core/golang/float.ts";
import { printLabels } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import type { MatrixResult, QueryResult, VectorResult } from "../core/model/result.ts";
import { printNanos, printSeconds } from "../core/model/time.ts";

export type OutputMode = "default" | "raw" | "jsonl";

export interface OutputEntry {
  readonly time: bigint;
  readonly labels: Labels;
  readonly line: string;
  /** Lines of one number follow each other in their stream; only with lines of context. */
  readonly group?: number;
  /** False for a line of context. */
  readonly match?: boolean;
}

export interface OutputOptions {
  readonly mode: OutputMode;
  readonly noLabels: boolean;
  readonly colour: boolean;
}

/** Whether stdout is a terminal that wants colours. */
export function wantsColour(): boolean {
  return process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
}

/** Collects text and writes it in large pieces, waiting for the reader when it is slow. */
export class Output {
  #pending: string[] = [];
  #size = 0;
  readonly #write: (text: string) => Promise<void>;

  constructor(write: (text: string) => Promise<void> = writeStdout) {
    this.#write = write;
  }

  async line(text: string): Promise<void> {
    this.#pending.push(text, "\n");
    this.#size += text.length + 1;
    if (this.#size > 1 << 16) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending.join("");
    this.#pending = [];
    this.#size = 0;
    if (text !== "") await this.#write(text);
  }
}

async function writeStdout(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      // A reader that has seen enough (head, less) is no failure.
      if (error && (error as NodeJS.ErrnoException).code === "EPIPE") process.exit(0);
      else if (error) reject(error);
      else resolve();
    });
  });
}

/** One log line as text, without the newline at its end. */
export function printEntry(
  { time, labels, line, group, match }: OutputEntry,
  { mode, noLabels, colour }: OutputOptions,
): string {
  if (mode === "raw") return line.endsWith("\n") ? line.slice(0, -1) : line;
  if (mode === "jsonl") {
    const entry = {
      ...(noLabels ? {} : { labels: Object.fromEntries(labels) }),
      line,
      timestamp: printNanos(time),
      ...(group === undefined ? {} : { group, match: match === true }),
    };
    return escapeHtml(JSON.stringify(entry));
  }
  const stamp = printSeconds(time);
  const set = noLabels ? "" : `${printLabels(labels)} `;
  if (!colour) return `${stamp} ${set}${line.trim()}`;
  if (match === false) return `\x1b[2m${stamp} ${set}${line.trim()}\x1b[0m`;
  return `\x1b[34m${stamp}\x1b[0m \x1b[31m${set}\x1b[0m${line.trim()}`;
}

/** JSON as Go writes it: these three never appear bare. */
function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Numbers: a table with sparklines for people, one JSON object a line for programs. */
export function* printMetric(
  result: Exclude<QueryResult, { kind: "streams" }>,
  mode: OutputMode,
): Generator<string> {
  if (result.kind === "scalar") {
    const value = formatFloat(result.value);
    yield mode === "jsonl" ? JSON.stringify({ timestamp: result.timeMs / 1000, value }) : value;
  } else if (mode === "jsonl") {
    yield* metricLines(result);
  } else if (result.kind === "vector") {
    const rows = result.samples.map(({ labels, value }) => [
      printLabels(labels),
      formatFloat(value),
    ]);
    yield* table([["series", "value"], ...rows]);
  } else {
    const rows = result.series.map(({ labels, values }) => [
      printLabels(labels),
      sparkline(values),
      ...[Math.min(...values), Math.max(...values), values.at(-1)!].map(shortNumber),
    ]);
    yield* table([["series", "", "min", "max", "last"], ...rows]);
  }
}

function* metricLines(result: MatrixResult | VectorResult): Generator<string> {
  if (result.kind === "vector") {
    for (const { labels, timeMs, value } of result.samples) {
      yield JSON.stringify({
        metric: Object.fromEntries(labels),
        value: [timeMs / 1000, formatFloat(value)],
      });
    }
    return;
  }
  for (const { labels, times, values } of result.series) {
    const points = times.map((time, index) => [time / 1000, formatFloat(values[index]!)]);
    yield JSON.stringify({ metric: Object.fromEntries(labels), values: points });
  }
}

const BARS = "▁▂▃▄▅▆▇█";
const SPARK_WIDTH = 60;

/** The course of a series in one line; of each stretch that shares a place the largest value shows. */
export function sparkline(values: readonly number[]): string {
  const width = Math.min(SPARK_WIDTH, values.length);
  const points = Array.from({ length: width }, (_, index) => {
    const from = Math.floor((index * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((index + 1) * values.length) / width));
    return Math.max(...values.slice(from, to));
  });
  const [low, high] = [Math.min(...points), Math.max(...points)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "";
  return points
    .map(
      (value) =>
        BARS[high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))],
    )
    .join("");
}

function shortNumber(value: number): string {
  return Number.isInteger(value) || !Number.isFinite(value)
    ? formatFloat(value)
    : value.toPrecision(4);
}

function* table(rows: readonly (readonly string[])[]): Generator<string> {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    yield row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
}
