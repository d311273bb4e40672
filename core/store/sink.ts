/** Where an ingester's chunks go: the object first, the index after it, so that an index never names what is not there. */
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Labels } from "../model/labels.ts";
import type { Tenant } from "../model/tenant.ts";

export interface StoredChunk {
  readonly tenant: Tenant;
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly ref: ChunkRef;
  /** The whole object as spec chunk-format §6 draws it. */
  readonly object: Uint8Array;
}

export interface ChunkSink {
  /** Stores the object and remembers it for the next index file. Queries of this process find it at once. */
  put(chunk: StoredChunk): Promise<void>;
  /** Writes the index of everything put so far. When it resolves, other processes find it too. */
  uploadIndex(): Promise<void>;
}
