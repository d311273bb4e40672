/** What Loki's `ingester` block sets, in milliseconds and bytes. Defaults are Loki 2.9.1's (spec config §6.5). */
import type { EncodingName } from "../ports/codecs.ts";

export interface IngesterSettings {
  readonly chunkIdlePeriodMs: number;
  readonly maxChunkAgeMs: number;
  readonly chunkTargetSize: number;
  readonly chunkBlockSize: number;
  readonly chunkRetainPeriodMs: number;
  readonly chunkEncoding: EncodingName;
  readonly flushCheckPeriodMs: number;
  readonly concurrentFlushes: number;
  /** Entries that the answer to a refused stream lists by themselves. */
  readonly maxReturnedStreamErrors: number;
  readonly maxDroppedStreams: number;
  readonly wal: WalSettings;
  /** Ours: how long flushed chunks may wait for their index file to be uploaded, and how many bytes of them. */
  readonly indexUploadPeriodMs: number;
  readonly indexUploadBytes: number;
}

export interface WalSettings {
  readonly enabled: boolean;
  readonly checkpointDurationMs: number;
  readonly flushOnShutdown: boolean;
  readonly replayMemoryCeiling: number;
  /** Ours: when a push is answered — after its own fsync, or with one in a while, or without. */
  readonly sync: "commit" | "interval" | "never";
}

export const DEFAULT_INGESTER: IngesterSettings = {
  chunkIdlePeriodMs: 30 * 60_000,
  maxChunkAgeMs: 2 * 3_600_000,
  chunkTargetSize: 1_572_864,
  chunkBlockSize: 262_144,
  chunkRetainPeriodMs: 0,
  chunkEncoding: "gzip",
  flushCheckPeriodMs: 30_000,
  concurrentFlushes: 32,
  maxReturnedStreamErrors: 10,
  maxDroppedStreams: 10,
  wal: {
    enabled: true,
    checkpointDurationMs: 5 * 60_000,
    flushOnShutdown: false,
    replayMemoryCeiling: 4 * 2 ** 30,
    sync: "commit",
  },
  indexUploadPeriodMs: 15 * 60_000,
  indexUploadBytes: 64 << 20,
};
