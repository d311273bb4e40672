/** Writes the answer of `query`: data to stdout, everything else to stderr. */
import {
  type Output,
  type OutputEntry,
  type OutputMode,
  printEntry,
  printMetric,
} from "./output.ts";
import type { Answer, Remarks } from "./question.ts";

export interface PrinterOptions {
  readonly mode: OutputMode;
  readonly noLabels: boolean;
  readonly colour: boolean;
  readonly quiet: boolean;
}

export class Printer {
  readonly #output: Output;
  readonly #options: PrinterOptions;
  #remarks: Remarks | undefined;
  #group: number | undefined;

  constructor(output: Output, options: PrinterOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** Gives the number of lines or samples that were found. */
  async print(answer: Answer): Promise<number> {
    this.#remarks = answer.remarks;
    let found = 0;
    if (answer.kind === "lines") {
      for await (const entries of answer.lines) {
        for (const entry of entries) {
          await this.#printLine(entry);
          if (entry.match !== false) found++;
        }
      }
    } else if (answer.kind === "explanation") {
      const { text, json } = answer.explanation;
      await this.#output.line(this.#options.mode === "jsonl" ? JSON.stringify(json) : text);
    } else {
      for (const line of printMetric(answer.result, this.#options.mode))
        await this.#output.line(line);
      found = samplesIn(answer.result);
    }
    await this.#output.flush();
    // A warning means that lines may be missing: that is said even to those who asked for quiet.
    for (const warning of answer.remarks.warnings) console.error(`warning: ${warning}`);
    return found;
  }

  /** Lines that do not follow each other are set apart as grep does. */
  async #printLine(entry: OutputEntry): Promise<void> {
    const { group } = entry;
    if (group !== undefined && this.#options.mode !== "jsonl") {
      if (this.#group !== undefined && this.#group !== group) await this.#output.line("--");
      this.#group = group;
    }
    await this.#output.line(printEntry(entry, this.#options));
  }

  printStats(): void {
    for (const [name, value] of Object.entries(this.#remarks?.stats ?? {})) {
      if (typeof value === "number") console.error(`${name}\t${Math.round(value)}`);
    }
  }
}

function samplesIn(result: Extract<Answer, { kind: "metric" }>["result"]): number {
  switch (result.kind) {
    case "scalar":
      return 1;
    case "vector":
      return result.samples.length;
    case "matrix":
      return result.series.reduce((sum, { values }) => sum + values.length, 0);
  }
}
