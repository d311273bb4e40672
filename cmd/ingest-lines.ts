/** Text into entries: where lines end, what time they carry, which stream they belong to. */
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import type { Entry } from "../core/model/block.ts";
import type { Labels } from "../core/model/labels.ts";
import { nsOf } from "../core/model/time.ts";
import { fieldOf, type ReadTime } from "./ingest-time.ts";
import { parseTime } from "./times.ts";

/** A line longer than this ends the run: it is no log. */
const LINE_BYTES_MAX = 256 << 20;

export interface Batch {
  readonly streams: readonly { readonly labels: Labels; readonly entries: readonly Entry[] }[];
}

/** Bytes of lines that go on together. */
const PIECE_BYTES = 1 << 20;

/** The lines of a text, a megabyte or so at a time. */
export async function* linesIn(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ lines: string[]; bytes: number }> {
  const decoder = new TextDecoder();
  let [texts, bytes, rest] = [[] as string[], 0, 0];
  const take = () => {
    const lines = texts.join("").split("\n");
    const last = lines.pop()!;
    texts = last === "" ? [] : [last];
    rest = last.length;
    return lines;
  };
  for await (const piece of pieces) {
    texts.push(decoder.decode(piece, { stream: true }));
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    const lines = take();
    if (rest > LINE_BYTES_MAX)
      throw new Error(`a line is longer than ${LINE_BYTES_MAX} bytes: this is no log`);
    if (lines.length > 0) yield { lines, bytes };
    bytes = lines.length > 0 ? 0 : bytes - PIECE_BYTES;
  }
  texts.push(decoder.decode(), "\n");
  const lines = take();
  // A text that ends with its last line's newline has no more lines.
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > 0) yield { lines, bytes };
}

export interface LineReaderOptions {
  readonly labels: Labels;
  /** Lines are JSON objects that bring labels and time themselves. */
  readonly fromJson: boolean;
  /** When the text was last changed: the time of lines that show none. */
  readonly modifiedMs: number;
  /** The field that has the time, and how it is read. */
  readonly time?: TimeField;
}

export interface TimeField {
  /** Undefined for the one that JSON lines have anyway. */
  readonly field: string | undefined;
  readonly read: ReadTime;
}

interface JsonLine {
  readonly labels?: Record<string, string>;
  readonly line?: string;
  readonly timestamp?: string | number;
  readonly ts?: string | number;
}

export class LineReader {
  readonly #options: LineReaderOptions;
  #last: bigint;
  /** Lines whose time could not be read, and the first of them. */
  untimed = 0;
  firstUntimed = "";
  /** Those of them that come before the first line with a time, so that there was only the text's own. */
  untimedAhead = 0;
  /** Whether any line had its time in the field. */
  hasTimed = false;

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
    this.#last = this.#timeOf(line) ?? this.#last + 1n;
    return { labels: this.#options.labels, entry: { time: this.#last, line, metadata: [] } };
  }

  #timeOf(line: string): bigint | undefined {
    const { time } = this.#options;
    if (time?.field === undefined) return timeIn(line);
    const text = fieldOf(line, time.field);
    const found = text === undefined ? undefined : time.read(text);
    if (found !== undefined) this.hasTimed = true;
    // A blank line has nothing to say.
    return found ?? (line.trim() === "" ? undefined : this.#untimed(line));
  }

  /** As promtail has it: a nanosecond after the line before. */
  #untimed(line: string): bigint {
    if (this.untimed++ === 0) this.firstUntimed = line;
    if (!this.hasTimed) this.untimedAhead++;
    return this.#last + 1n;
  }

  #jsonLine(text: string): { labels: Labels; entry: Entry } {
    let json: JsonLine;
    try {
      json = JSON.parse(text) as JsonLine;
    } catch (error) {
      throw new Error(`this is no JSON object: ${text.slice(0, 80)}`, { cause: error });
    }
    const { time } = this.#options;
    const stamp =
      time?.field === undefined ? (json.timestamp ?? json.ts) : fieldOf(text, time.field);
    if (typeof json.line !== "string" || stamp === undefined) {
      const wanted = time?.field ?? "timestamp";
      throw new Error(`an object with "line" and "${wanted}" is wanted, not ${text.slice(0, 80)}`);
    }
    const found =
      time === undefined ? parseTime("timestamp", String(stamp)) : time.read(String(stamp));
    if (found !== undefined) this.hasTimed = true;
    this.#last = found ?? this.#untimed(text);
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
