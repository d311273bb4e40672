/** Numbers of the chunk format. The bytes are drawn in FORMAT.md beside this file. */

export const MAGIC = 0x012ee56a;

/** Formats that are read. 3 and 4 are written. */
export const OLDEST_FORMAT = 1;
export const NEWEST_FORMAT = 4;
export type WrittenFormat = 3 | 4;

/** Format 1 has no encoding byte: it is gzip. */
export const HEADER_SIZE_1 = 5;
export const HEADER_SIZE = 6;

export const CHECKSUM_SIZE = 4;
/** The offset of the metas, last in formats 1 to 3. */
export const OFFSET_SIZE = 8;
/** A length and an offset, of which the footer of format 4 has two. */
export const FOOTER_SECTION_SIZE = 16;

/** From this on a line's length is damage. */
export const LINE_SIZE_END = 2 ** 30;

/** The least bytes of a row: time and line length, and two of metadata from format 4 on. */
export const ROW_SIZE_MIN = 2;

/** Blocks of a chunk that has no target size. */
export const BLOCKS_WITHOUT_TARGET = 10;

/** Loki's defaults of `chunk_block_size` and `chunk_target_size`. */
export const BLOCK_SIZE = 262_144;
export const TARGET_SIZE = 1_572_864;

/** What a pair of structured metadata counts in the size of a block. */
export const PAIR_SIZE = 8;

/**
 * Rows after which a block is cut whatever its size. Ours: Loki has no such limit, but then a stream
 * of empty lines would never be cut. Blocks of lines of a byte or more do not reach it.
 */
export const BLOCK_ROWS_MAX = 1 << 20;

/**
 * Decoded bytes of a block that are always granted, and the most that a block may ask for: a bomb ends
 * there. Between the two the size in its meta decides, since a single line may be large.
 */
export const BLOCK_BYTES_GRANTED = 64 * 1024 * 1024;
export const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

/** The same for the symbols of a chunk. */
export const SYMBOL_BYTES_MAX = 64 * 1024 * 1024;

/** Head formats of checkpoints: ordered up to 3, unordered, and that with structured metadata. */
export const HEAD_ORDERED_LAST = 3;
export const HEAD_UNORDERED = 4;
export const HEAD_WITH_METADATA = 5;
