/**
 * The series of an index file, all decoded once, for files that are asked over and over: labels as objects
 * that answers share, chunks as columns of numbers. Whoever asks still selects by postings; what is
 * selected is then a row here and needs no decoding.
 *
 * ```
 * refs         r0      r1      r2        ascending, as in postings
 * streams      s0      s1      s2        labels, a pair that several streams have is one object
 * chunkStarts  0       2       3     5   row n has the chunks [chunkStarts[n], chunkStarts[n + 1])
 * fromMs …     c0  c1  c2      c3  c4
 * ```
 */
import { sameLabels } from "../labels/labels.ts";
import type { StreamId } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Label, Labels } from "../model/labels.ts";
import type { ChunkColumns } from "./chunk-columns.ts";
import type { Window } from "./chunk-list.ts";
import { lowerBound, type Refs } from "./refs.ts";
import type { SeriesCursor } from "./series.ts";
import type { SymbolTable } from "./symbols.ts";

/** With so many times fewer references than rows, a row is searched instead of walked to. */
const SEARCH_FROM = 16;

/** What a stream takes besides its labels, and a label, in bytes: the engine's own heads of objects. */
const STREAM_BYTES = 96;
const PAIR_BYTES = 8;
const LABEL_BYTES = 40;

/**
 * Every chunk, but by way of the pages: so the markers of long lists are proven too, as a question about
 * a time would.
 */
const THROUGH_PAGES: Window = { fromMs: -Infinity, throughMs: Infinity };

export class IndexColumns {
  readonly streams: readonly StreamId[];
  /** False when the file may name a stream twice, or is not in the order in which that is seen. */
  readonly distinct: boolean;
  /** Held in memory, roughly. */
  readonly bytes: number;
  readonly chunkStarts: Uint32Array;
  readonly fromMs: Float64Array;
  readonly throughMs: Float64Array;
  readonly kb: Float64Array;
  readonly entries: Float64Array;
  readonly checksums: Uint32Array;
  readonly #refs: Refs;
  /** The distinct lists of label names, and which of them each row has. */
  readonly #shapes: readonly (readonly string[])[];
  readonly #shapeOf: Uint32Array;

  /** Decodes the series of `refs`; labels called `hidden` are left out. Throws Corrupt. */
  constructor(cursor: SeriesCursor, refs: Refs, symbols: SymbolTable, hidden?: string) {
    const pool = new LabelPool(symbols);
    const shapes = new Shapes();
    const order = new Order();
    const streams = new Array<StreamId>(refs.length);
    const chunks: ChunkRef[] = [];
    this.#refs = refs;
    this.#shapeOf = new Uint32Array(refs.length);
    this.chunkStarts = new Uint32Array(refs.length + 1);
    let pairs = 0;
    for (let row = 0; row < refs.length; row++) {
      cursor.seek(refs[row]!);
      const whole = pool.labels(cursor.pairs);
      const { fingerprint } = cursor;
      order.add(fingerprint, whole);
      const labels = hidden === undefined ? whole : whole.filter(([name]) => name !== hidden);
      // With room for what others keep there: a hundred thousand objects that grow are slow.
      streams[row] = { labels, fingerprint, known: 0 };
      this.#shapeOf[row] = shapes.numberOf(labels);
      for (const chunk of cursor.chunks(THROUGH_PAGES)) chunks.push(chunk);
      this.chunkStarts[row + 1] = chunks.length;
      pairs += labels.length;
    }
    this.streams = streams;
    this.distinct = order.distinct;
    this.#shapes = shapes.all;
    this.fromMs = Float64Array.from(chunks, ({ fromMs }) => fromMs);
    this.throughMs = Float64Array.from(chunks, ({ throughMs }) => throughMs);
    this.kb = Float64Array.from(chunks, ({ kb }) => kb);
    this.entries = Float64Array.from(chunks, ({ entries }) => entries);
    this.checksums = Uint32Array.from(chunks, ({ checksum }) => checksum);
    const perRow = STREAM_BYTES + 3 * Uint32Array.BYTES_PER_ELEMENT;
    const perChunk = 4 * Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;
    this.bytes =
      refs.length * perRow +
      chunks.length * perChunk +
      pairs * PAIR_BYTES +
      pool.count * LABEL_BYTES;
  }

  /**
   * The rows of references that have a chunk in the window; undefined when these are not ascending
   * references of rows, as no writer leaves them and a reader bears them.
   */
  rows(refs: Refs, window: Window): Uint32Array | undefined {
    const rows = new Uint32Array(refs.length);
    const isSearched = refs.length * SEARCH_FROM < this.#refs.length;
    let count = 0;
    let next = 0;
    for (const reference of refs) {
      if (isSearched) next = lowerBound(this.#refs, reference, next);
      else while (next < this.#refs.length && this.#refs[next]! < reference) next++;
      if (this.#refs[next] !== reference) return undefined;
      const row = next++;
      if (this.#firstInside(row, window) >= 0) rows[count++] = row;
    }
    return rows.subarray(0, count);
  }

  /** The chunks of a row that overlap the window, in the order of their start. */
  chunks(row: number, window: Window): ChunkRef[] {
    const list: ChunkRef[] = [];
    const first = this.#firstInside(row, window);
    if (first < 0) return list;
    for (let chunk = first; chunk < this.chunkStarts[row + 1]!; chunk++) {
      const fromMs = this.fromMs[chunk]!;
      const throughMs = this.throughMs[chunk]!;
      if (fromMs >= window.throughMs) break;
      if (throughMs < window.fromMs) continue;
      const checksum = this.checksums[chunk]!;
      list.push({
        fromMs,
        throughMs,
        checksum,
        kb: this.kb[chunk]!,
        entries: this.entries[chunk]!,
      });
    }
    return list;
  }

  /** Adds them to others. */
  gather(row: number, window: Window, others: ChunkColumns): void {
    const first = this.#firstInside(row, window);
    if (first < 0) return;
    for (let chunk = first; chunk < this.chunkStarts[row + 1]!; chunk++) {
      const fromMs = this.fromMs[chunk]!;
      const throughMs = this.throughMs[chunk]!;
      if (fromMs >= window.throughMs) break;
      if (throughMs < window.fromMs) continue;
      others.add(fromMs, throughMs, this.checksums[chunk]!, this.kb[chunk]!, this.entries[chunk]!);
    }
  }

  /** The label names that the rows have. */
  names(rows: Uint32Array): Set<string> {
    const seen = new Uint8Array(this.#shapes.length);
    for (const row of rows) seen[this.#shapeOf[row]!] = 1;
    return new Set(this.#shapes.filter((_, number) => seen[number] === 1).flat());
  }

  /** The first chunk of a row that overlaps the window, -1 when none does. */
  #firstInside(row: number, { fromMs, throughMs }: Window): number {
    const end = this.chunkStarts[row + 1]!;
    for (let chunk = this.chunkStarts[row]!; chunk < end; chunk++) {
      if (this.fromMs[chunk]! >= throughMs) return -1;
      if (this.throughMs[chunk]! >= fromMs) return chunk;
    }
    return -1;
  }
}

/** One object for each pair of symbols, however many series have it. */
class LabelPool {
  count = 0;
  readonly #symbols: SymbolTable;
  readonly #byName = new Map<number, Map<number, Label>>();

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols;
  }

  labels(pairs: Uint32Array): Labels {
    const labels = new Array<Label>(pairs.length / 2);
    for (let at = 0; at < pairs.length; at += 2)
      labels[at / 2] = this.#of(pairs[at]!, pairs[at + 1]!);
    return labels;
  }

  #of(name: number, value: number): Label {
    let byValue = this.#byName.get(name);
    if (byValue === undefined) this.#byName.set(name, (byValue = new Map()));
    let label = byValue.get(value);
    if (label === undefined) {
      byValue.set(value, (label = [this.#symbols.text(name), this.#symbols.text(value)]));
      this.count++;
    }
    return label;
  }
}

/** Numbers the lists of names that label sets have, of which a file has few. */
class Shapes {
  readonly all: (readonly string[])[] = [];
  readonly #numbers = new Map<string, number>();
  /** Mostly the set before had the same names. */
  #last = -1;

  numberOf(labels: Labels): number {
    const last = this.all[this.#last];
    if (last?.length === labels.length && labels.every(([name], at) => last[at] === name)) {
      return this.#last;
    }
    const names = labels.map(([name]) => name);
    const key = JSON.stringify(names);
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.all.push(names) - 1));
    return (this.#last = number);
  }
}

/** Whether label sets are all different: in a file in order, equal ones have equal fingerprints and are neighbours. */
class Order {
  distinct = true;
  #fingerprint = -1n;
  #group: Labels[] = [];

  add(fingerprint: bigint, labels: Labels): void {
    if (fingerprint === this.#fingerprint) {
      if (this.#group.some((other) => sameLabels(other, labels))) this.distinct = false;
      this.#group.push(labels);
      return;
    }
    if (fingerprint < this.#fingerprint) this.distinct = false;
    this.#fingerprint = fingerprint;
    this.#group = [labels];
  }
}
