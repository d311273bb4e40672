/**
 * Shards: a query asks one reader for the series of a range of fingerprints only. A shard is given by
 * index and count (`1_of_16`) or by its bounds (JSON, Loki 3.x); both come down to a range.
 */
import { assert, BadRequest } from "../model/errors.ts";

/** Shard `index` of `of` equal ones, `of` a power of two. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Fingerprints from `low` to `high`, both inclusive. */
export interface FingerprintRange {
  readonly low: bigint;
  readonly high: bigint;
}

export interface ShardStats {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

/** A shard by its bounds and, where it is known, what is in it. */
export interface BoundedShard extends FingerprintRange {
  readonly stats?: ShardStats;
}

export const FINGERPRINT_MAX = 2n ** 64n - 1n;

/** What a shard is meant to weigh unless the limits say otherwise. */
export const SHARD_BYTES = 600 * 1024 * 1024;

export function rangeOf({ index, of }: Shard): FingerprintRange {
  assert(isPowerOfTwo(of) && index >= 0 && index < of, `shard ${index} of ${of}`);
  const step = (FINGERPRINT_MAX + 1n) / BigInt(of);
  return { low: BigInt(index) * step, high: BigInt(index + 1) * step - 1n };
}

export function printShard(shard: Shard | BoundedShard): string {
  if ("of" in shard) return `${shard.index}_of_${shard.of}`;
  // By hand, since JSON.stringify does not write numbers of 64 bits.
  const stats = shard.stats === undefined ? "null" : printStats(shard.stats);
  return `{"bounds":{"min":${shard.low},"max":${shard.high}},"stats":${stats}}`;
}

/** Reads `1_of_16` or `{"bounds":{"min":0,"max":10},"stats":null}`. */
export function parseShard(text: string): Shard | BoundedShard {
  if (text.startsWith("{")) return parseBounds(text);
  const parts = /^(\d{1,9})_of_(\d{1,9})$/.exec(text);
  const [index, of] = [Number(parts?.[1]), Number(parts?.[2])];
  if (parts === null || !isPowerOfTwo(of) || of < 2 || index >= of) {
    throw new BadRequest(`invalid shard: ${text}`);
  }
  return { index, of };
}

/** Into how many shards so many bytes should go: a power of two, 0 for none at all; `shardsMax` 0 is no limit. */
export function shardFactor(bytes: number, shardBytes: number, shardsMax: number): number {
  if (bytes <= shardBytes || shardBytes <= 0) return 0;
  const factor = 2 ** Math.ceil(Math.log2(bytes / shardBytes));
  const capped = shardsMax > 0 ? Math.min(factor, shardsMax) : factor;
  return capped <= 1 ? 0 : capped;
}

/** `count` ranges of equal width, with the bytes shared evenly and the rest to the last. */
export function linearShards(count: number, bytes: number): BoundedShard[] {
  const step = FINGERPRINT_MAX / BigInt(Math.max(1, count));
  const share = Math.floor(bytes / Math.max(1, count));
  return Array.from({ length: Math.max(1, count) }, (_, index) => {
    const last = index >= count - 1;
    return {
      low: BigInt(index) * step,
      high: last ? FINGERPRINT_MAX : BigInt(index + 1) * step,
      stats: {
        streams: 0,
        chunks: 0,
        bytes: last ? bytes - share * index : share,
        entries: 0,
      },
    };
  });
}

export interface WeighedSeries {
  readonly fingerprint: bigint;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

/**
 * Ranges that hold about `targetBytes` each, from series in ascending order of fingerprint, each
 * once. A series goes to the range at hand when that comes no further from the target.
 */
export function boundedShards(
  series: Iterable<WeighedSeries>,
  targetBytes: number,
): BoundedShard[] {
  const done: OpenShard[] = [];
  let open = new OpenShard(0n);
  for (const each of series) {
    const { fingerprint } = each;
    if (Math.abs(open.bytes + each.bytes - targetBytes) <= Math.abs(open.bytes - targetBytes)) {
      open.add(each);
      open.high = fingerprint;
    } else if (open.streams === 0) {
      // It is larger than a shard should be, and goes alone.
      open.add(each);
      open.high = fingerprint;
      done.push(open);
      open = new OpenShard(fingerprint + 1n);
    } else {
      open.high = fingerprint - 1n;
      done.push(open);
      open = new OpenShard(fingerprint);
      open.add(each);
    }
  }
  if (open.streams > 0 || done.length === 0) done.push(open);
  done.at(-1)!.high = FINGERPRINT_MAX;
  return done.map(({ low, high, streams, chunks, bytes, entries }) => ({
    low,
    high,
    stats: { streams, chunks, bytes, entries },
  }));
}

class OpenShard {
  readonly low: bigint;
  high = 0n;
  streams = 0;
  chunks = 0;
  bytes = 0;
  entries = 0;

  constructor(low: bigint) {
    this.low = low;
  }

  add(series: WeighedSeries): void {
    this.streams++;
    this.chunks += series.chunks;
    this.bytes += series.bytes;
    this.entries += series.entries;
  }
}

function parseBounds(text: string): BoundedShard {
  const parsed = parseJson(text);
  // JSON.parse makes doubles of the bounds, so their digits are taken from the text.
  const low = /"min"\s*:\s*(\d{1,20})\b/.exec(text)?.[1];
  const high = /"max"\s*:\s*(\d{1,20})\b/.exec(text)?.[1];
  if (parsed === undefined || low === undefined || high === undefined) {
    throw new BadRequest(`invalid shard: ${text}`);
  }
  const range = { low: BigInt(low), high: BigInt(high) };
  if (range.high > FINGERPRINT_MAX || range.low > range.high) {
    throw new BadRequest(`invalid shard: ${text}`);
  }
  return parsed.stats ? { ...range, stats: statsOf(parsed.stats) } : range;
}

function parseJson(text: string): { stats?: Partial<ShardStats> | null } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statsOf(given: Partial<ShardStats>): ShardStats {
  const count = (value: unknown) => (typeof value === "number" ? value : 0);
  return {
    streams: count(given.streams),
    chunks: count(given.chunks),
    bytes: count(given.bytes),
    entries: count(given.entries),
  };
}

function printStats({ streams, chunks, bytes, entries }: ShardStats): string {
  return JSON.stringify({ streams, chunks, bytes, entries });
}

function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value < 2 ** 31 && (value & (value - 1)) === 0;
}
