/** What one query touched. Sources add to it while they work; the answer's `stats` block is made of it. */
export interface ScanStats {
  /** Chunk references that the index gave. */
  chunksRef: number;
  chunksDownloaded: number;
  /** Milliseconds spent waiting for chunks. */
  chunksDownloadMs: number;
  /** Lines and bytes that were read from ingester memory. */
  headLines: number;
  headBytes: number;
  /** Chunks in ingester memory that matched. */
  ingesterChunks: number;
  /** Lines and bytes of decoded blocks, and the compressed bytes they came from. */
  decompressedLines: number;
  decompressedBytes: number;
  decompressedMetadataBytes: number;
  compressedBytes: number;
  /** Entries dropped because another copy had been seen. */
  duplicates: number;
  /** Entries left after the pipeline. */
  postFilterLines: number;
  /** Objects that were damaged or missing and skipped: key and what was wrong. */
  warnings: string[];
}

/** So many objects are named one by one. */
const WARNINGS_MAX = 1000;

/** Remembers what was left out, each text once and no more of them than anybody reads. */
export function addWarning({ warnings }: Pick<ScanStats, "warnings">, text: string): void {
  if (warnings.length > WARNINGS_MAX || warnings.includes(text)) return;
  warnings.push(warnings.length < WARNINGS_MAX ? text : "more objects could not be read");
}

/** A counter that starts at nothing. */
export function newScanStats(): ScanStats {
  return {
    chunksRef: 0,
    chunksDownloaded: 0,
    chunksDownloadMs: 0,
    headLines: 0,
    headBytes: 0,
    ingesterChunks: 0,
    decompressedLines: 0,
    decompressedBytes: 0,
    decompressedMetadataBytes: 0,
    compressedBytes: 0,
    duplicates: 0,
    postFilterLines: 0,
    warnings: [],
  };
}
