/** Writes the answer of `query`: data to stdout, everything else to stderr. */
import { type Output, type OutputMode, printEntry, printMetric } from "./output.ts";
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
        for (const entry of entries) await this.#output.line(printEntry(entry, this.#options));
        found += entries.length;
      }
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
