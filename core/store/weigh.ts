/** What chunks weigh within a time, as Loki reckons it from an index (spec tsdb-index §11). */
import type { IndexColumns } from "../index/columns.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";

export interface Weight {
  readonly chunks: number;
  readonly entries: number;
  /** Uncompressed, in whole KiB for each chunk; of less than one, such as is in memory only, in bytes. */
  readonly bytes: number;
}

/** A chunk that lies partly outside counts by its share of time. */
export function weigh(
  chunks: readonly Omit<ChunkRef, "checksum">[],
  { fromMs, throughMs }: { fromMs: number; throughMs: number },
): Weight {
  let [entries, bytes] = [0, 0];
  for (const ref of chunks) {
    const share = shareOf(ref, fromMs, throughMs);
    entries += Math.floor(ref.entries * share);
    bytes += ref.kb < 1 ? Math.floor(ref.kb * 1024 * share) : Math.floor(ref.kb * share) * 1024;
  }
  return { chunks: chunks.length, entries, bytes };
}

/** Chunks as columns, of one series after the other. */
type Columns = Pick<IndexColumns, "fromMs" | "throughMs" | "kb" | "entries">;

/** The same of the chunks from `first` on, not including `end`, in the order of their start. */
export function weighColumns(
  columns: Columns,
  { first, end }: { first: number; end: number },
  { fromMs, throughMs }: { fromMs: number; throughMs: number },
): Weight {
  let [chunks, entries, bytes] = [0, 0, 0];
  for (let chunk = first; chunk < end; chunk++) {
    const ref = { fromMs: columns.fromMs[chunk]!, throughMs: columns.throughMs[chunk]! };
    if (ref.fromMs >= throughMs) break;
    if (ref.throughMs < fromMs) continue;
    const share = shareOf(ref, fromMs, throughMs);
    chunks++;
    entries += Math.floor(columns.entries[chunk]! * share);
    bytes += Math.floor(columns.kb[chunk]! * share) * 1024;
  }
  return { chunks, entries, bytes };
}

/** KiB as an index keeps them: rounded half away from zero. */
export function kbOf(bytes: number): number {
  return Math.round(bytes / 1024);
}

function shareOf(
  ref: { fromMs: number; throughMs: number },
  from: number,
  through: number,
): number {
  const span = ref.throughMs - ref.fromMs;
  if (span === 0) return 1;
  const left = span - Math.max(0, from - ref.fromMs) - Math.max(0, ref.throughMs - through);
  return Math.max(0, left) / span;
}
