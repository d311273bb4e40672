/** Names on disk and numbers of the write-ahead log. The bytes are drawn in FORMAT.md beside this file. */

/** A segment is a row of pages, so that one damaged length costs a page and not the segment. */
export const PAGE_SIZE = 32_768;

/** Type, length and checksum before the data of each fragment. */
export const FRAGMENT_HEADER_SIZE = 7;

/** Most data that one fragment holds: a page without a header. */
export const FRAGMENT_DATA_MAX = PAGE_SIZE - FRAGMENT_HEADER_SIZE;

/** Size at which a segment is finished: Loki's 128 MiB, four times. */
export const SEGMENT_SIZE = 4 * 128 * 1024 * 1024;

/**
 * Largest record that is written or put together again from fragments. Loki has no such bound; its
 * largest push is 100 MB and its largest checkpoint record the chunks of one stream.
 */
export const RECORD_SIZE_MAX = 256 * 1024 * 1024;

/** The low three bits of a fragment's first byte. */
export const FRAGMENT = { padding: 0, full: 1, first: 2, middle: 3, last: 4 } as const;

export const FRAGMENT_TYPE_MASK = 0x07;
/** The record was compressed as a Snappy block before it was cut into fragments. We read it, nobody writes it. */
export const SNAPPY_FLAG = 0x08;
/** The same for Zstandard: recognised and refused. */
export const ZSTD_FLAG = 0x10;
export const FRAGMENT_FLAGS = SNAPPY_FLAG | ZSTD_FLAG;

/** First byte of a record. */
export const RECORD = {
  series: 1,
  /** Entries without a counter. */
  entries1: 2,
  checkpoint: 3,
  /** Entries with a counter. */
  entries2: 4,
  /** Entries with a counter and structured metadata: what is written. */
  entries3: 5,
} as const;

/** `segmentName(3)` -> "00000003" */
export function segmentName(index: number): string {
  return String(index).padStart(8, "0");
}

/** The index of a segment's name; undefined for whatever else lies in the folder. */
export function segmentIndex(name: string): number | undefined {
  return /^\d{1,15}$/.test(name) ? Number(name) : undefined;
}

/** The folder of the checkpoint that covers the segments up to `index`: `checkpoint.000003`. */
export function checkpointName(index: number): string {
  return `checkpoint.${String(index).padStart(6, "0")}`;
}

/** The index in a checkpoint's name and whether it was never finished; undefined for other names. */
export function parseCheckpoint(name: string): { index: number; partial: boolean } | undefined {
  const match = /^checkpoint\.(\d{1,15})(\.tmp)?$/.exec(name);
  if (match === null) return undefined;
  return { index: Number(match[1]), partial: match[2] !== undefined };
}

/** Segments among the names of a folder, in order. */
export function segmentsIn(names: readonly string[]): { name: string; index: number }[] {
  const segments: { name: string; index: number }[] = [];
  for (const name of names) {
    const index = segmentIndex(name);
    if (index !== undefined) segments.push({ name, index });
  }
  return segments.sort((a, b) => a.index - b.index);
}
