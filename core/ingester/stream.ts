/** One stream in memory: its chunks, oldest first, and what decides about the next entry. */
import type { ChunkBuilder } from "../chunk/builder.ts";
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { Held } from "./held.ts";
import type { RateBucket } from "./rate-bucket.ts";

export class Stream implements StreamId {
  readonly labels: Labels;
  readonly labelText: string;
  readonly fingerprint: bigint;
  known = 0;
  readonly chunks: MemChunk[] = [];
  /** See held.ts. */
  held: Held | undefined;
  /** Entries taken since the stream came into memory; the WAL's counter. */
  entryCount = 0;
  /** Highest time of any entry, Unix nanoseconds; undefined before the first. */
  highestTime: bigint | undefined;
  /** The entry taken last: a repeat of it is dropped. */
  lastTime: bigint | undefined;
  lastLine: Uint8Array = new Uint8Array(0);
  /** Nobody has seen the WAL take this stream's labels: every push writes them until somebody has. */
  unintroduced = false;
  /**
   * The counter of the last entry while nobody has seen the WAL take it. A repeat of such an entry is an
   * entry of its own: who sends it may be told that it lasts, and the first one may never have.
   */
  unlogged: number | undefined;
  /** Made at the first push that has a limit. */
  bucket: RateBucket | undefined;

  constructor(id: { labels: Labels; labelText: string; fingerprint: bigint }) {
    this.labels = id.labels;
    this.labelText = id.labelText;
    this.fingerprint = id.fingerprint;
  }
}

/** A chunk in memory and where it is on its way to the store. */
export interface MemChunk {
  readonly builder: ChunkBuilder;
  /** When the last entry came, Unix milliseconds. */
  lastUpdatedMs: number;
  /** No entry is added any more. */
  closed: boolean;
  /** The object is in the store; its index entry may not be yet. */
  flushedMs: number | undefined;
  /** The index file that names the chunk is in the store: now, and not before, memory and WAL may let go. */
  indexed: boolean;
}
