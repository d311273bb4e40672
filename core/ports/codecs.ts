/**
 * Compression as a port: each runtime has its own fast parts, core has a portable floor
 * (core/compress). An answer may come at once or as a promise; callers await only promises.
 */

/** Encoding byte of a chunk (spec chunk-format §2). */
export const ENCODINGS = {
  none: 0,
  gzip: 1,
  "lz4-64k": 3,
  snappy: 4,
  "lz4-256k": 5,
  "lz4-1M": 6,
  lz4: 7,
  flate: 8,
  zstd: 9,
} as const;

export type EncodingName = keyof typeof ENCODINGS;
export type Encoding = (typeof ENCODINGS)[EncodingName];

export interface Codecs {
  /**
   * Compresses a whole buffer as one stream of this encoding. Empty input gives Loki's empty form:
   * nothing for none, snappy and zstd, a real empty frame for gzip, flate and lz4.
   * The result may share memory with the input for `none`.
   */
  compress(encoding: Encoding, bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;

  /**
   * The bytes that were compressed. Refuses with Corrupt as soon as the output would pass
   * `sizeMax` bytes, before allocating for it, and on damaged input.
   */
  decompress(
    encoding: Encoding,
    bytes: Uint8Array,
    options: { sizeMax: number; sizeHint?: number },
  ): Uint8Array | Promise<Uint8Array>;

  /** Compresses what comes in pieces as one gzip member, in the memory of a piece and of what it gives. */
  gzip(): PieceCompressor;
}

export interface PieceCompressor {
  /** Takes the next piece. The bytes are the caller's again when it has resolved. */
  write(piece: Uint8Array): Promise<void>;
  /** Everything, compressed. Nothing is written afterwards. */
  finish(): Promise<Uint8Array>;
}
