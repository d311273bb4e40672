/** Writes the sections of an index file, each in the order of the file. FORMAT.md draws them. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { ChunkColumns } from "./chunk-columns.ts";
import { ChunkListWriter } from "./chunk-list.ts";
import {
  FINGERPRINT_STEP,
  LABEL_INDEX_KEYS,
  LIST_ALIGN,
  POSTINGS_KEYS,
  SERIES_ALIGN,
} from "./layout.ts";
import { pad, writeSection } from "./section.ts";

/** A series to be written. Its pairs are numbered: while collected as they came, when written by rank. */
export interface OpenSeries {
  readonly pairs: Uint32Array;
  readonly fingerprint: bigint;
  /** The upper 53 bits of the fingerprint as a double, which decides nearly every comparison. */
  readonly rank: number;
}

/** A label pair by its symbols. Its rank is its place among all pairs, ordered by name and value. */
export interface RankedPair {
  readonly nameSymbol: number;
  readonly valueSymbol: number;
}

/** Symbols as they are written, with their lengths: symbol s is `bytes[starts[s], starts[s + 1])`. */
export interface EncodedSymbols {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** Encodes every symbol once; the tables that repeat them copy the bytes. */
export function encodeSymbols(symbols: readonly string[]): EncodedSymbols {
  const out = new ByteWriter(16 * symbols.length + 16);
  const starts = new Uint32Array(symbols.length + 1);
  symbols.forEach((symbol, index) => {
    out.string(symbol);
    starts[index + 1] = out.size;
  });
  return { count: symbols.length, bytes: out.view(), starts };
}

export function writeSymbols(out: ByteWriter, symbols: EncodedSymbols): void {
  writeSection(out, () => {
    out.u32(symbols.count);
    out.raw(symbols.bytes);
  });
}

function writeSymbol(out: ByteWriter, { bytes, starts }: EncodedSymbols, symbol: number): void {
  out.slice(bytes, starts[symbol]!, starts[symbol + 1]!);
}

/** Bounds of chunks as Loki keeps them: 0 stands for none yet. */
export interface Bounds {
  fromMs: number;
  throughMs: number;
}

/** Writes series one after the other, each where the one before it ends. */
export class SeriesWriter {
  readonly bounds: Bounds = { fromMs: 0, throughMs: 0 };
  readonly #pairs: readonly RankedPair[];
  readonly #lists: ChunkListWriter;
  readonly #body = new ByteWriter(4096);

  constructor(version: 2 | 3, pairs: readonly RankedPair[]) {
    this.#pairs = pairs;
    this.#lists = new ChunkListWriter(version);
  }

  /** Takes ordered chunks. `out` is aligned; what was written before it is in it or was. */
  write(
    out: ByteWriter,
    { fingerprint, pairs }: Pick<OpenSeries, "fingerprint" | "pairs">,
    chunks: ChunkColumns,
  ): void {
    const body = this.#body;
    body.reset();
    body.u64(fingerprint);
    body.uvarint(pairs.length);
    for (const pair of pairs) {
      body.uvarint(this.#pairs[pair]!.nameSymbol);
      body.uvarint(this.#pairs[pair]!.valueSymbol);
    }
    this.#lists.write(body, chunks);
    this.#widen(chunks);
    const bytes = body.view();
    out.uvarint(bytes.length);
    out.raw(bytes);
    out.u32(crc32c(bytes));
  }

  #widen({ fromMs, throughMs, count }: ChunkColumns): void {
    const { bounds } = this;
    for (let index = 0; index < count; index++) {
      const from = fromMs[index]!;
      const through = throughMs[index]!;
      if (bounds.fromMs === 0 || from < bounds.fromMs) bounds.fromMs = from;
      if (bounds.throughMs === 0 || through > bounds.throughMs) bounds.throughMs = through;
    }
  }
}

export function writeSeries(
  out: ByteWriter,
  version: 2 | 3,
  series: readonly (OpenSeries & { readonly chunks: readonly ChunkRef[] })[],
  pairs: readonly RankedPair[],
): Bounds & { refs: Uint32Array } {
  const refs = new Uint32Array(series.length);
  const writer = new SeriesWriter(version, pairs);
  const columns = new ChunkColumns();
  series.forEach((each, ordinal) => {
    columns.clear();
    columns.addAll(each.chunks);
    columns.order();
    pad(out, SERIES_ALIGN);
    refs[ordinal] = out.size / SERIES_ALIGN;
    writer.write(out, each, columns);
  });
  return { refs, ...writer.bounds };
}

/** The pairs of a name: `first` up to, not including, `end`. */
export interface NamePairs {
  readonly nameSymbol: number;
  readonly first: number;
  end: number;
}

export function namesOf(pairs: readonly RankedPair[]): NamePairs[] {
  const names: NamePairs[] = [];
  pairs.forEach(({ nameSymbol }, rank) => {
    const last = names.at(-1);
    if (last?.nameSymbol === nameSymbol) last.end++;
    else names.push({ nameSymbol, first: rank, end: rank + 1 });
  });
  return names;
}

/** Gives back where each list starts. */
export function writeLabelIndices(
  out: ByteWriter,
  names: readonly NamePairs[],
  pairs: readonly RankedPair[],
): number[] {
  return names.map(({ first, end }) => {
    pad(out, LIST_ALIGN);
    const at = out.size;
    writeSection(out, () => {
      out.u32(1);
      out.u32(end - first);
      for (let rank = first; rank < end; rank++) out.u32(pairs[rank]!.valueSymbol);
    });
    return at;
  });
}

/** Gives back where each list starts: first that of all series, then those of the pairs. */
export function writePostings(
  out: ByteWriter,
  series: readonly OpenSeries[],
  refs: Uint32Array,
  pairCount: number,
): Float64Array {
  const { firsts, members } = seriesByPair(series, refs, pairCount);
  const lists = new Float64Array(pairCount + 1);
  const writeList = (list: Uint32Array): number => {
    pad(out, LIST_ALIGN);
    const at = out.size;
    writeSection(out, () => {
      out.u32(list.length);
      for (const reference of list) out.u32(reference);
    });
    return at;
  };
  lists[0] = writeList(refs);
  for (let pair = 0; pair < pairCount; pair++) {
    lists[pair + 1] = writeList(members.subarray(firsts[pair]!, firsts[pair + 1]!));
  }
  return lists;
}

/** Series sorted into pairs by counting: pair p has `members[firsts[p]]` up to `firsts[p + 1]`, ascending. */
function seriesByPair(
  series: readonly OpenSeries[],
  refs: Uint32Array,
  pairCount: number,
): { firsts: Uint32Array; members: Uint32Array } {
  const firsts = new Uint32Array(pairCount + 1);
  for (const { pairs } of series) for (const pair of pairs) firsts[pair + 1]!++;
  for (let pair = 0; pair < pairCount; pair++) firsts[pair + 1]! += firsts[pair]!;
  const members = new Uint32Array(firsts[pairCount]!);
  const next = firsts.slice();
  series.forEach(({ pairs }, ordinal) => {
    for (const pair of pairs) members[next[pair]!++] = refs[ordinal]!;
  });
  return { firsts, members };
}

export function writeLabelIndicesTable(
  out: ByteWriter,
  names: readonly NamePairs[],
  lists: readonly number[],
  symbols: EncodedSymbols,
): void {
  writeSection(out, () => {
    out.u32(names.length);
    names.forEach(({ nameSymbol }, index) => {
      out.uvarint(LABEL_INDEX_KEYS);
      writeSymbol(out, symbols, nameSymbol);
      out.uvarint(lists[index]!);
    });
  });
}

export function writePostingsTable(
  out: ByteWriter,
  pairs: readonly RankedPair[],
  lists: Float64Array,
  symbols: EncodedSymbols,
): void {
  writeSection(out, () => {
    out.u32(lists.length);
    out.uvarint(POSTINGS_KEYS);
    out.string("");
    out.string("");
    out.uvarint(lists[0]!);
    pairs.forEach(({ nameSymbol, valueSymbol }, rank) => {
      out.uvarint(POSTINGS_KEYS);
      writeSymbol(out, symbols, nameSymbol);
      writeSymbol(out, symbols, valueSymbol);
      out.uvarint(lists[rank + 1]!);
    });
  });
}

export function writeFingerprints(
  out: ByteWriter,
  series: readonly OpenSeries[],
  refs: Uint32Array,
): void {
  writeSection(out, () => {
    out.u32(Math.ceil(series.length / FINGERPRINT_STEP));
    for (let ordinal = 0; ordinal < series.length; ordinal += FINGERPRINT_STEP) {
      out.size64(refs[ordinal]!);
      out.u64(series[ordinal]!.fingerprint);
    }
  });
}
