/** The numbers of the index file format. FORMAT.md beside this file draws it. */

export const MAGIC = 0xbaaad700;
/** Magic and version. The version byte is the only one that no checksum covers. */
export const HEADER_BYTES = 5;
export const TOC_BYTES = 76;
export const CHECKSUM_BYTES = 4;

/** 1 is read only: its references are byte offsets. 2 keeps chunks in a flat list, 3 in pages. */
export type IndexVersion = 1 | 2 | 3;

/** Series start at multiples of this, so that a reference of 32 bits reaches 64 GiB. */
export const SERIES_ALIGN = 16;
/** Label indices and postings lists start at multiples of this. */
export const LIST_ALIGN = 4;

/** Chunks of a page in version 3, as written. Readers believe the marker. */
export const PAGE_CHUNKS = 16;
/** From so many chunks on, a reader looks at the markers to skip pages. */
export const MARKERS_FROM = 64;
/** A chunk takes at least four varints and a checksum. */
export const CHUNK_BYTES_MIN = 8;

/** Every so many series one goes into the table of fingerprints. */
export const FINGERPRINT_STEP = 1024;

/** Kinds of entry in the two offset tables: how many texts name a list. */
export const LABEL_INDEX_KEYS = 1;
export const POSTINGS_KEYS = 2;

/** Largest index file that we hold in memory, decompressed. */
export const INDEX_SIZE_MAX = 2 ** 31 - 1;
