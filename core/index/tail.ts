/** What follows the series in an index file, in its order: label indices, postings, their tables, fingerprints, contents. */
import type { ByteWriter } from "../bytes/writer.ts";
import {
  type EncodedSymbols,
  namesOf,
  type OpenSeries,
  type RankedPair,
  writeFingerprints,
  writeLabelIndices,
  writeLabelIndicesTable,
  writePostings,
  writePostingsTable,
} from "./sections.ts";
import { writeToc } from "./toc.ts";

export interface TailContent {
  readonly encoded: EncodedSymbols;
  readonly pairs: readonly RankedPair[];
  readonly series: readonly OpenSeries[];
  /** Where each series lies, in units of 16 bytes. */
  readonly refs: Uint32Array;
  /** Where the sections before lie in the file. */
  readonly symbolsAt: number;
  readonly seriesAt: number;
  readonly fromMs: number;
  readonly throughMs: number;
}

/** `base` is where in the file the bytes that `out` holds start: 0, or a multiple of 16. */
export function writeTail(out: ByteWriter, content: TailContent, base = 0): void {
  const { encoded, pairs, series, refs, symbolsAt, seriesAt, fromMs, throughMs } = content;
  const at = () => base + out.size;
  const labelIndicesAt = at();
  const names = namesOf(pairs);
  const labelIndices = writeLabelIndices(out, names, pairs).map((offset) => base + offset);
  const postingsAt = at();
  const postings = writePostings(out, series, refs, pairs.length).map((offset) => base + offset);
  const labelIndicesTableAt = at();
  writeLabelIndicesTable(out, names, labelIndices, encoded);
  const postingsTableAt = at();
  writePostingsTable(out, pairs, postings, encoded);
  const fingerprintOffsetsAt = at();
  writeFingerprints(out, series, refs);
  writeToc(out, {
    symbols: symbolsAt,
    series: seriesAt,
    labelIndices: labelIndicesAt,
    labelIndicesTable: labelIndicesTableAt,
    postings: postingsAt,
    postingsTable: postingsTableAt,
    fingerprintOffsets: fingerprintOffsetsAt,
    fromMs,
    throughMs,
  });
}
