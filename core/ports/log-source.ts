/**
 * The one reading interface: whoever holds log lines — the ingester, the store, both, a member on
 * another machine, files in a CI job — answers with spans of streams. A span knows its bounds before
 * its bytes are fetched, so a reader can put spans in order, stop early and fetch ahead.
 * core/querier/scan.ts turns the spans of several sources into blocks in time order without repeats.
 */
import type { Block, StreamId } from "../model/block.ts";
import type { Matcher } from "../model/matcher.ts";
import type { ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";

export interface Select {
  readonly tenant: Tenant;
  /** All must hold; none means every stream. */
  readonly matchers: readonly Matcher[];
  /** First nanosecond wanted. */
  readonly from: bigint;
  /** First nanosecond not wanted any more. */
  readonly through: bigint;
  /** Counts what the query touched; every source adds its own. */
  readonly stats?: ScanStats;
  readonly signal?: AbortSignal;
}

export interface LogSource {
  /** The streams that match and may have entries in the time asked for, each with its spans, in any order. */
  streams(select: Select): Promise<StreamSpans[]>;
  /** Sorted label names of matching series (matchers may be empty). Bounds are inclusive here. */
  labelNames(select: Select): Promise<string[]>;
  /** Sorted values of one label. */
  labelValues(select: Select, name: string): Promise<string[]>;
  /** The matching series, each once. */
  series(select: Select): Promise<StreamId[]>;
  /** What the matching streams weigh in that time, from the index alone. */
  volume(select: Select): Promise<StreamVolume[]>;
}

export interface StreamSpans {
  readonly stream: StreamId;
  readonly spans: readonly Span[];
}

/** A piece of a stream with known bounds: a stored chunk, a chunk in memory. */
export interface Span {
  /** No entry is before this, Unix nanoseconds. May be earlier than the first entry. */
  readonly minTime: bigint;
  /** No entry is after this, Unix nanoseconds, inclusive. */
  readonly maxTime: bigint;
  /** Roughly what `open` will hold in memory, bytes: for bounding what is fetched ahead. */
  readonly bytes: number;
  /** What it does hold, once it is open; where that is known. */
  readonly held?: () => number;
  /** Fetches what is needed to tell the blocks apart. Damage is reported to the query's warnings and gives no blocks. */
  open(): Promise<readonly BlockHandle[]>;
}

/** A block whose bounds are known exactly and whose rows are decoded when asked for. */
export interface BlockHandle {
  readonly minTime: bigint;
  readonly maxTime: bigint;
  readonly rows: number;
  /** Decoded bytes, roughly. */
  readonly bytes: number;
  /** Decodes the block. Rows outside the time asked for may be among them. Throws Corrupt on damage. */
  read(): Block | Promise<Block>;
}

export interface StreamVolume {
  readonly stream: StreamId;
  readonly chunks: number;
  readonly entries: number;
  /** Uncompressed bytes. */
  readonly bytes: number;
}
