/** Finding bytes in bytes: the innermost loop of a line filter. core/bytes/search.ts is the portable floor. */
export interface ByteSearch {
  /** Offset of the first `needle` at or after `from`, or -1. An empty needle is found at `from`. */
  indexOf(text: Uint8Array, needle: Uint8Array, from: number): number;
}
