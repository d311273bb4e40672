/** Text into entries: where lines end, what time they carry, which stream they belong to. */
import type { TextBytes } from "../adapters/disk/line-text.ts";
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import type { Entry } from "../core/model/block.ts";
import type { Labels } from "../core/model/labels.ts";
import { nsOf } from "../core/model/time.ts";
import { parseTime } from "./times.ts";

const PIECE_BYTES = 1 << 20;
/** A line longer than this ends the run: it is no log. */
const LINE_BYTES_MAX = 256 << 20;

export interface Batch {
  readonly streams: readonly { readonly labels: Labels; readonly entries: readonly Entry[] }[];
}

/** The lines of a text, a megabyte or so at a time. */
export async function* linesIn(
  text: TextBytes,
): AsyncGenerator<{ lines: string[]; bytes: number }> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let from = 0; from < text.size; from += PIECE_BYTES) {
    const bytes = await text.read(from, Math.min(from + PIECE_BYTES, text.size));
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > LINE_BYTES_MAX)
      throw new Error(`a line before byte ${from} is longer than ${LINE_BYTES_MAX} bytes`);
    yield { lines, bytes: bytes.length };
  }
  rest += decoder.decode();
  if (rest !== "") yield { lines: [rest], bytes: 0 };
}

export interface LineReaderOptions {
  readonly labels: Labels;
  /** Lines are JSON objects that bring labels and time themselves. */
  readonly fromJson: boolean;
  /** When the text was last changed: the time of lines that show none. */
  readonly modifiedMs: number;
}

interface JsonLine {
  readonly labels?: Record<string, string>;
  readonly line?: string;
  readonly timestamp?: string;
  readonly ts?: string;
}

export class LineReader {
  readonly #options: LineReaderOptions;
  #last: bigint;

  constructor(options: LineReaderOptions) {
    this.#options = options;
    this.#last = nsOf(Math.floor(options.modifiedMs));
  }

  read(lines: readonly string[]): Batch {
    const streams = new Map<string, { labels: Labels; entries: Entry[] }>();
    for (const text of lines) {
      const line = text.endsWith("\r") ? text.slice(0, -1) : text;
      if (line === "" && this.#options.fromJson) continue;
      const { labels, entry } = this.#options.fromJson
        ? this.#jsonLine(line)
        : this.#plainLine(line);
      const key = printLabels(labels);
      let stream = streams.get(key);
      if (stream === undefined) streams.set(key, (stream = { labels, entries: [] }));
      stream.entries.push(entry);
    }
    return { streams: [...streams.values()] };
  }

  #plainLine(line: string): { labels: Labels; entry: Entry } {
    // A line without a time of its own (a stack trace, a blank) stays right behind the one before.
    this.#last = timeIn(line) ?? this.#last + 1n;
    return { labels: this.#options.labels, entry: { time: this.#last, line, metadata: [] } };
  }

  #jsonLine(text: string): { labels: Labels; entry: Entry } {
    let json: JsonLine;
    try {
      json = JSON.parse(text) as JsonLine;
    } catch (error) {
      throw new Error(`this is no JSON object: ${text.slice(0, 80)}`, { cause: error });
    }
    const stamp = json.timestamp ?? json.ts;
    if (typeof json.line !== "string" || stamp === undefined) {
      throw new Error(`an object with "line" and "timestamp" is wanted, not ${text.slice(0, 80)}`);
    }
    this.#last = parseTime("timestamp", String(stamp));
    const labels = labelsOf([...Object.entries(json.labels ?? {}), ...this.#options.labels]);
    return { labels, entry: { time: this.#last, line: json.line, metadata: [] } };
  }
}

/** How far into a line its time may stand. */
const TIME_WITHIN = 160;
const TIME = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?/;

/** The first ISO 8601 time in a line, taken as UTC when it names no zone. Nanoseconds. */
function timeIn(line: string): bigint | undefined {
  const found = TIME.exec(line.length > TIME_WITHIN ? line.slice(0, TIME_WITHIN) : line);
  if (found === null) return undefined;
  const zone = (found[4] ?? "Z").replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
  const ms = Date.parse(`${found[1]}T${found[2]}${zone}`);
  return Number.isNaN(ms) ? undefined : nsOf(ms) + BigInt((found[3] ?? "").padEnd(9, "0"));
}
