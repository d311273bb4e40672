/** Where answers go, and what there is to write: data to stdout, everything else to stderr. */
import type { Labels } from "../core/model/labels.ts";

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
    await this.text(`${text}\n`);
  }

  async text(text: string): Promise<void> {
    this.#pending.push(text);
    this.#size += text.length;
    if (this.#size > 1 << 16) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending.join("");
    this.#pending = [];
    this.#size = 0;
    if (text !== "") await this.#write(text);
  }
}

/** Writes lines to stdout; fails when they cannot be written, as when a disk is full. */
export async function print(lines: Iterable<string>): Promise<void> {
  const output = new Output();
  for (const line of lines) await output.line(line);
  await output.flush();
}

let listened = false;

export async function writeStdout(text: string): Promise<void> {
  // A failed write is told twice, to its callback and as an event that would end the process.
  if (!listened) process.stdout.on("error", () => {});
  listened = true;
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      // A reader that has seen enough (head, less) is no failure.
      if (error && (error as NodeJS.ErrnoException).code === "EPIPE") process.exit(0);
      else if (error) reject(new Error(`stdout cannot be written: ${error.message}`));
      else resolve();
    });
  });
}

/** JSON as Go writes it: these three never appear bare. */
export function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
