/**
 * A wish to delete lines: what a tenant asked for through the delete API (spec http-api §5, tsdb-index
 * §14). One wish may be split in time; its parts share an id and are done one by one.
 */
import type { Tenant } from "./tenant.ts";

export interface DeleteRequest {
  readonly tenant: Tenant;
  /** Eight hex digits, shared by the parts of one wish. */
  readonly id: string;
  /** Number of this part, from 0. */
  readonly part: number;
  /** The LogQL log query as it was sent: what it yields goes. */
  readonly query: string;
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Unix milliseconds. */
  readonly createdMs: number;
  /** `received` until the compactor has removed the lines from every table. */
  readonly status: "received" | "processed";
  /** What was removed; of a processed part. */
  readonly receipt?: DeleteReceipt;
}

/** Proof of a deletion: what was found and what was done about it. */
export interface DeleteReceipt {
  /** Unix milliseconds of the run's end. */
  readonly processedMs: number;
  readonly linesMatched: number;
  readonly linesRemoved: number;
  /** Chunks that went as a whole. */
  readonly chunksRemoved: number;
  /** Chunks of which some lines were left, and so were written again under another key. */
  readonly chunksRewritten: number;
}
