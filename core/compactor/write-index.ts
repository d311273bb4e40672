/**
 * Writes the index file of a merged tenant piece by piece, so that a file of hundreds of megabytes is
 * never whole in memory. The bytes are those of core/index/writer.ts for the same content.
 */
import { ByteWriter } from "../bytes/writer.ts";
import { ChunkColumns } from "../index/chunk-columns.ts";
import { MAGIC, SERIES_ALIGN } from "../index/layout.ts";
import { pad } from "../index/section.ts";
import {
  encodeSymbols,
  type OpenSeries,
  type RankedPair,
  SeriesWriter,
  writeSymbols,
} from "../index/sections.ts";
import { writeTail } from "../index/tail.ts";
import { sortTexts } from "../index/texts.ts";
import { compareSeries } from "../index/writer.ts";
import type { MergedTenant } from "./merged-tenant.ts";

/** What names the file, and what is in it. */
export interface WrittenIndex {
  readonly fromMs: number;
  readonly throughMs: number;
  readonly checksum: number;
  readonly series: number;
  readonly chunks: number;
}

/** Takes a piece of the file; the bytes are its own until it resolves. */
export type Sink = (piece: Uint8Array) => void | Promise<void>;

const PIECE_BYTES = 1 << 20;

/** Takes the chunks out of what was merged, so that memory goes while the file grows. */
export async function writeIndex(
  merged: MergedTenant,
  version: 2 | 3,
  sink: Sink,
): Promise<WrittenIndex> {
  const { symbols, pairs, series } = ordered(merged);
  const encoded = encodeSymbols(symbols);
  const out = new ByteWriter(64 * 1024);
  /** Where in the file what `out` holds starts: always a multiple of 16, so that padding is the same. */
  let base = 0;
  out.u32(MAGIC);
  out.u8(version);
  const symbolsAt = out.size;
  writeSymbols(out, encoded);
  const seriesAt = out.size;

  const refs = new Uint32Array(series.length);
  const writer = new SeriesWriter(version, pairs);
  const columns = new ChunkColumns();
  let chunks = 0;
  for (const [ordinal, each] of series.entries()) {
    merged.takeChunks(each.number, columns);
    chunks += columns.count;
    pad(out, SERIES_ALIGN);
    if (out.size >= PIECE_BYTES) {
      base += out.size;
      await sink(out.view());
      out.reset();
    }
    refs[ordinal] = (base + out.size) / SERIES_ALIGN;
    writer.write(out, each, columns);
  }

  writeTail(out, { encoded, pairs, series, refs, symbolsAt, seriesAt, ...writer.bounds }, base);
  const last = out.view();
  // The checksum of the table of contents ends the file.
  const checksum = new DataView(last.buffer).getUint32(last.length - 4);
  await sink(last);
  return { ...writer.bounds, chunks, checksum, series: series.length };
}

/** A series in the order of the file: its labels by rank, and its number in the merge. */
type RankedSeries = OpenSeries & { readonly number: number };

/** Symbols in byte order, label pairs in the order of their symbols, series by fingerprint and labels. */
function ordered(merged: MergedTenant): {
  symbols: string[];
  pairs: RankedPair[];
  series: RankedSeries[];
} {
  const numbers = new Set<number>();
  const known = new Map<number, { name: number; value: number; rank: number }>();
  for (let number = 0; number < merged.seriesCount; number++) {
    const own = merged.pairsOf(number);
    for (let index = 0; index < own.length; index += 2) {
      const [name, value] = [own[index]!, own[index + 1]!];
      const key = keyOf(name, value);
      if (known.has(key)) continue;
      known.set(key, { name, value, rank: 0 });
      numbers.add(name).add(value);
    }
  }
  const symbols = sortTexts([...numbers].map((number) => merged.texts[number]!));
  const symbolOf = new Map(symbols.map((symbol, index) => [symbol, index]));
  const symbolBy = (number: number) => symbolOf.get(merged.texts[number]!)!;
  const ranked = [...known.values()]
    .map((pair) => ({
      ...{ pair, nameSymbol: symbolBy(pair.name), valueSymbol: symbolBy(pair.value) },
    }))
    .sort((a, b) => a.nameSymbol - b.nameSymbol || a.valueSymbol - b.valueSymbol);
  ranked.forEach(({ pair }, rank) => {
    pair.rank = rank;
  });
  const series = Array.from({ length: merged.seriesCount }, (_, number): RankedSeries => {
    const own = merged.pairsOf(number);
    const pairs = new Uint32Array(own.length / 2);
    for (let pair = 0; pair < pairs.length; pair++) {
      pairs[pair] = known.get(keyOf(own[2 * pair]!, own[2 * pair + 1]!))!.rank;
    }
    const fingerprint = merged.fingerprintOf(number);
    return { number, pairs, fingerprint, rank: Number(fingerprint >> 11n) };
  });
  return { symbols, pairs: ranked, series: series.sort(compareSeries) };
}

/** One number for two, each below 2^26. */
function keyOf(name: number, value: number): number {
  return name * 2 ** 26 + value;
}
