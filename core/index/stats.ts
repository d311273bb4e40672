/**
 * What a query would touch, from the index alone. A chunk counts with the share of its time that the
 * query covers, as if its lines were spread evenly; its size and entries are rounded down.
 */
import type { CompiledMatcher } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { IndexReader, SeriesOptions } from "./reader.ts";

export interface IndexStats {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface SeriesVolume {
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface StatsOptions extends SeriesOptions {
  /** Fingerprints of streams that other files have counted already; grows by those of this one. */
  readonly counted?: Set<bigint>;
}

/** The weight of everything that matches, a stream counted once. */
export function indexStats(
  reader: IndexReader,
  matchers: readonly CompiledMatcher[],
  fromMs: number,
  throughMs: number,
  options: StatsOptions = {},
): IndexStats {
  const counted = options.counted ?? new Set<bigint>();
  const sum = { streams: 0, chunks: 0, bytes: 0, entries: 0 };
  for (const series of seriesVolumes(reader, matchers, fromMs, throughMs, options)) {
    if (!counted.has(series.fingerprint)) {
      counted.add(series.fingerprint);
      sum.streams++;
    }
    sum.chunks += series.chunks;
    sum.bytes += series.bytes;
    sum.entries += series.entries;
  }
  return sum;
}

/** The weight of each series that matches. */
export function* seriesVolumes(
  reader: IndexReader,
  matchers: readonly CompiledMatcher[],
  fromMs: number,
  throughMs: number,
  options: SeriesOptions = {},
): Generator<SeriesVolume> {
  for (const { kb, ...series } of reader.totals(matchers, fromMs, throughMs, options)) {
    yield { ...series, bytes: kb * 1024 };
  }
}
