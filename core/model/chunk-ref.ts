/** What an index knows of a stored chunk. */
export interface ChunkRef {
  /** First entry, Unix milliseconds, rounded down. */
  readonly fromMs: number;
  /** Last entry, Unix milliseconds, rounded up; inclusive. */
  readonly throughMs: number;
  /** CRC-32C of the whole stored object; part of its key. */
  readonly checksum: number;
  /** Uncompressed size in KiB, rounded half away from zero. */
  readonly kb: number;
  readonly entries: number;
}
