/** Writes the answer of `query`: data to stdout, everything else to stderr. */
import { printLabels } from "../core/labels/labels.ts";
import { LineFormat, type LineOptions } from "./line-format.ts";
import {
  type MetricResult,
  printMetricJson,
  printMetricLines,
  printMetricTable,
} from "./metric-format.ts";
import type { Output, OutputEntry } from "./output.ts";
import { choiceOf } from "./query-flags.ts";
import { printStats } from "./query-stats.ts";
import type { Answer, Remarks } from "./question.ts";
import { remark } from "./remarks.ts";

export interface PrinterOptions extends LineOptions {
  readonly quiet: boolean;
  /** Most lines that are gathered to find what labels they share. */
  readonly batch: number;
  /** Numbers as a table and not as JSON. */
  readonly table: boolean;
}

export class Printer {
  readonly #output: Output;
  readonly #options: PrinterOptions;
  readonly #format: LineFormat;
  #remarks: Remarks | undefined;
  #group: number | undefined;
  #told = false;
  #common = "";

  constructor(output: Output, options: PrinterOptions) {
    this.#output = output;
    this.#options = options;
    this.#format = new LineFormat(options);
  }

  /** Gives the number of lines or samples that were found. */
  async print(answer: Answer): Promise<number> {
    this.#remarks = answer.remarks;
    const found = await this.#print(answer).finally(() => this.#output.flush());
    // A warning means that lines may be missing: that is said even to those who asked for quiet, and
    // once though several pages were asked for.
    for (const warning of new Set(answer.remarks.warnings)) console.error(`warning: ${warning}`);
    return found;
  }

  async #print(answer: Answer): Promise<number> {
    const { mode, table } = this.#options;
    switch (answer.kind) {
      case "lines":
        return await this.#printLines(answer.lines);
      case "explanation": {
        const { text, json } = answer.explanation;
        await this.#output.line(mode === "jsonl" ? JSON.stringify(json) : text);
        return 0;
      }
      case "metric": {
        const { result } = answer;
        if (mode === "jsonl") await this.#each(printMetricLines(result));
        else if (table) await this.#each(printMetricTable(result));
        else await this.#output.text(printMetricJson(result));
        return samplesIn(result);
      }
    }
  }

  /** Lines are gathered to find what labels they share; those for programs are written as they come. */
  async #printLines(lines: AsyncIterable<readonly OutputEntry[]>): Promise<number> {
    const size = this.#options.mode === "default" ? this.#options.batch : 1;
    let found = 0;
    let held: OutputEntry[] = [];
    try {
      for await (const entries of lines) {
        for (const { match } of entries) if (match !== false) found++;
        held = held.length === 0 ? [...entries] : held.concat(entries);
        if (held.length < size) continue;
        await this.#printBatch(held);
        held = [];
      }
    } finally {
      // Also before the error that ends the lines: what was found is not thrown away.
      await this.#printBatch(held);
    }
    return found;
  }

  async #printBatch(entries: readonly OutputEntry[]): Promise<void> {
    const common = this.#format.common(entries);
    this.#tellCommon(printLabels(common));
    this.#tellChoice(entries);
    const texts = this.#format.print(entries, common);
    for (const [index, { group }] of entries.entries()) {
      await this.#separate(group);
      await this.#output.line(texts[index]!);
    }
  }

  /** Not again for a batch that shares what the one before it did. */
  #tellCommon(common: string): void {
    if (common === this.#common) return;
    this.#common = common;
    if (common !== "{}" && !this.#options.quiet) remark(`Common labels: ${common}`);
  }

  /** Once: which labels are left out because somebody said so. */
  #tellChoice(entries: readonly OutputEntry[]): void {
    if (this.#options.quiet || this.#told || entries.length === 0) return;
    this.#told = true;
    for (const text of choiceOf(this.#options)) remark(text);
  }

  /** Lines that do not follow each other are set apart as grep does. */
  async #separate(group: number | undefined): Promise<void> {
    if (group === undefined || this.#options.mode === "jsonl") return;
    if (this.#group !== undefined && this.#group !== group) await this.#output.line("--");
    this.#group = group;
  }

  async #each(lines: Iterable<string>): Promise<void> {
    for (const line of lines) await this.#output.line(line);
  }

  /** Whether something was left out of what was printed. */
  get warned(): boolean {
    return (this.#remarks?.warnings.length ?? 0) > 0;
  }

  printStats(): void {
    for (const stats of this.#remarks?.stats() ?? []) {
      for (const line of printStats(stats)) console.error(line);
    }
  }
}

function samplesIn(result: MetricResult): number {
  switch (result.kind) {
    case "scalar":
      return 1;
    case "vector":
      return result.samples.length;
    case "matrix":
      return result.series.reduce((sum, { values }) => sum + values.length, 0);
  }
}
