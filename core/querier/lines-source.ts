/**
 * Plain lines as a LogSource: files and standard input in a CI job. Lines have no time of their own
 * here, so a line's time is where it begins: nanoseconds after the file's start. That keeps their order
 * in both directions and gives every piece of a file exact bounds without reading it.
 */
import { compareText } from "../bytes/text.ts";
import { labelValue } from "../labels/labels.ts";
import { compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Block, StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { LogSource, Select, Span, StreamSpans, StreamVolume } from "../ports/log-source.ts";
import { levelsOf } from "./levels.ts";

/** A text with lines, of a known size, read by pieces. */
export interface LineText {
  readonly labels: Labels;
  /** Unix nanoseconds that the first byte stands for. */
  readonly start: bigint;
  /** Bytes. */
  readonly size: number;
  /** The bytes of [from, to), fewer only at the end of the text. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** A piece of a text that is read at once. */
const PIECE_BYTES = 1 << 20;
/** The longest line that is read whole; of a longer one the beginning counts. */
const LINE_BYTES_MAX = 16 << 20;
const NEWLINE = 10;
const RETURN = 13;

export class LinesSource implements LogSource {
  readonly #texts: readonly { text: LineText; fingerprint: bigint }[];

  constructor(texts: readonly LineText[]) {
    this.#texts = texts.map((text, index) => ({ text, fingerprint: BigInt(index) }));
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    return this.#matching(select).map(({ text, fingerprint }) => {
      const spans: Span[] = [];
      for (let from = 0; from < text.size; from += PIECE_BYTES) {
        spans.push(spanOf(text, from, Math.min(from + PIECE_BYTES, text.size), select));
      }
      return { stream: { labels: text.labels, fingerprint }, spans };
    });
  }

  async labelNames(select: Select): Promise<string[]> {
    const names = this.#matching(select).flatMap(({ text }) => text.labels.map(([name]) => name));
    return [...new Set(names)].sort(compareText);
  }

  async labelValues(select: Select, name: string): Promise<string[]> {
    const values = this.#matching(select).map(({ text }) => labelValue(text.labels, name));
    return [...new Set(values)].filter((value) => value !== "").sort(compareText);
  }

  async series(select: Select): Promise<StreamId[]> {
    return this.#matching(select).map(({ text: { labels }, fingerprint }) => ({
      ...{ labels, fingerprint },
    }));
  }

  async volume(select: Select): Promise<StreamVolume[]> {
    return this.#matching(select).map(({ text: { labels, size }, fingerprint }) => {
      return { stream: { labels, fingerprint }, chunks: 1, entries: 0, bytes: size };
    });
  }

  #matching({ matchers }: Select) {
    const compiled = matchers.map(compileMatcher);
    return this.#texts.filter(({ text }) => matchesAll(compiled, text.labels));
  }
}

function spanOf(text: LineText, from: number, to: number, { stats }: Select): Span {
  const minTime = text.start + BigInt(from);
  const maxTime = text.start + BigInt(to - 1);
  const open = async () => {
    const block = await readPiece(text, from, to);
    if (stats !== undefined) {
      stats.headLines += block.rows;
      stats.headBytes += block.text.length;
    }
    if (block.rows === 0) return [];
    const [first, last] = [block.times[0]!, block.times[block.rows - 1]!];
    const { rows } = block;
    return [{ minTime: first, maxTime: last, rows, bytes: block.text.length, read: () => block }];
  };
  return { minTime, maxTime, bytes: to - from, open };
}

/** The lines that begin in [from, to). The last of them may reach beyond it. */
async function readPiece(text: LineText, from: number, to: number): Promise<Block> {
  // One byte more in front tells whether the piece begins with a line or inside one.
  const lead = from === 0 ? 0 : 1;
  let bytes = await text.read(from - lead, to);
  let end = to;
  while (
    end < text.size &&
    bytes.lastIndexOf(NEWLINE) < bytes.length - 1 &&
    end - to < LINE_BYTES_MAX
  ) {
    const more = await text.read(end, Math.min(end + PIECE_BYTES, text.size));
    const cut = more.indexOf(NEWLINE);
    const used = cut < 0 ? more : more.subarray(0, cut + 1);
    const joined = new Uint8Array(bytes.length + used.length);
    joined.set(bytes);
    joined.set(used, bytes.length);
    bytes = joined;
    end += used.length;
    if (cut >= 0) break;
  }
  return splitLines(bytes, lead, {
    limit: to - from + lead,
    start: text.start + BigInt(from - lead),
  });
}

/** The rows of lines that begin at or after `lead` and before `limit`. */
function splitLines(
  bytes: Uint8Array,
  lead: number,
  { limit, start }: { limit: number; start: bigint },
): Block {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = lead === 0 ? 0 : firstLine(bytes);
  while (at < limit && at < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, at);
    const stop = newline < 0 ? bytes.length : newline;
    starts.push(at);
    ends.push(stop > at && bytes[stop - 1] === RETURN ? stop - 1 : stop);
    at = stop + 1;
  }
  const times = new BigInt64Array(starts.length);
  for (let row = 0; row < starts.length; row++) times[row] = start + BigInt(starts[row]!);
  const block = {
    rows: starts.length,
    times,
    text: bytes,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
  };
  return { ...block, metadata: levelsOf(block) };
}

/** Where the first line after the lead byte begins: right there when that byte ended one. */
function firstLine(bytes: Uint8Array): number {
  const newline = bytes.indexOf(NEWLINE);
  return newline < 0 ? bytes.length : newline + 1;
}
