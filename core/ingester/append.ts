/**
 * Takes the rows of a push into a stream, one after the other: drops a repeat of the last entry, refuses
 * what is over the rate or too old, and puts the rest into the open chunk (spec chunk-format §9.3).
 */

import { lanesOf } from "../bytes/lanes.ts";
import type { ChunkBuilder } from "../chunk/builder.ts";
import { type Block, lineBytes } from "../model/block.ts";
import { RateBucket } from "./rate-bucket.ts";
import {
  OUT_OF_ORDER,
  type Refusal,
  type RefusalReason,
  streamRateExceeded,
  tooFarBehind,
} from "./refusals.ts";
import type { MemChunk, Stream } from "./stream.ts";

export interface AppendContext {
  readonly nowMs: number;
  /** Entries further behind the newest than this are refused, nanoseconds; undefined while replaying. */
  readonly window: bigint | undefined;
  /** `unordered_writes: false`: no entry may be older than the newest. */
  readonly ordered: boolean;
  /** Bytes a second and at once; undefined means no limit. */
  readonly rate: { readonly rate: number; readonly burst: number } | undefined;
  /** Where streams are divided the rate is asked for all rows of a push at once: all or none. */
  readonly wholePush: boolean;
  readonly refusalsListed: number;
  readonly newChunk: () => ChunkBuilder;
}

export interface Appended {
  /** Rows that were taken, in order; undefined when all were. */
  readonly rows: Uint32Array | undefined;
  readonly count: number;
  /** Repeats of what the chunk or stream had. */
  readonly duplicates: number;
  readonly refused: number;
  /** What was refused, by reason. */
  readonly discarded: ReadonlyMap<RefusalReason, Discarded>;
  readonly listed: readonly Refusal[];
  readonly lastRefusal: Refusal | undefined;
}

export interface Discarded {
  readonly lines: number;
  readonly bytes: number;
}

export function appendRows(stream: Stream, rows: Block, context: AppendContext): Appended {
  const taken = new Uint32Array(rows.rows);
  let count = 0;
  let duplicates = 0;
  let refused = 0;
  const discarded = new Map<RefusalReason, Discarded>();
  const listed: Refusal[] = [];
  let lastRefusal: Refusal | undefined;
  const refuse = (row: number, reason: RefusalReason, text: string) => {
    const refusal = { time: rows.times[row]!, reason, text };
    const before = discarded.get(reason) ?? { lines: 0, bytes: 0 };
    const bytes = before.bytes + rows.ends[row]! - rows.starts[row]!;
    discarded.set(reason, { lines: before.lines + 1, bytes });
    refused++;
    if (listed.length < context.refusalsListed) listed.push(refusal);
    lastRefusal = refusal;
  };

  const { times, starts, ends, text } = rows;
  // Times are compared by halves: a BigInt a row would cost more than taking the row.
  const lanes = lanesOf(times);
  let [highestHigh, highestLow] = halvesOf(stream.highestTime ?? 0n);
  const { window } = context;
  let hasHighest = stream.highestTime !== undefined;
  /** The row that was taken last; before the first, the stream remembers its own. */
  let last = -1;
  const ofPush =
    context.rate === undefined || !context.wholePush
      ? undefined
      : takeWholePush(stream, rows, context);
  let chunk = openChunk(stream);
  for (let row = 0; row < rows.rows; row++) {
    const low = lanes[2 * row]!;
    const high = lanes[2 * row + 1]! | 0;
    if (last < 0 ? repeatsStream(stream, rows, row) : repeatsRow(rows, lanes, last, row)) {
      duplicates++;
      continue;
    }
    if (ofPush !== undefined) {
      if (ofPush.refused !== undefined) {
        refuse(row, "per_stream_rate_limit", ofPush.refused);
        continue;
      }
    } else if (context.rate !== undefined) {
      const size = ends[row]! - starts[row]!;
      if (!takeRate(stream, size, context)) {
        const text = streamRateExceeded(context.rate.rate, stream.labelText, size);
        refuse(row, "per_stream_rate_limit", text);
        continue;
      }
    }
    const isNewest =
      !hasHighest || high > highestHigh || (high === highestHigh && low > highestLow);
    // Fast path: what is newer than everything is not too old.
    if (!isNewest && window !== undefined) {
      const oldest = joinHalves(highestHigh, highestLow) - (context.ordered ? 0n : window);
      if (times[row]! < oldest) {
        if (context.ordered) refuse(row, "out_of_order", OUT_OF_ORDER);
        else refuse(row, "too_far_behind", tooFarBehind(oldest));
        continue;
      }
    }
    if (chunk === undefined || !chunk.builder.spaceFor(rows, row)) {
      if (chunk !== undefined) chunk.closed = true;
      chunk = addChunk(stream, context);
    }
    if (chunk.builder.append(rows, row) === "duplicate") duplicates++;
    taken[count++] = row;
    last = row;
    if (isNewest) {
      hasHighest = true;
      highestHigh = high;
      highestLow = low;
    }
  }

  if (count > 0) {
    if (chunk !== undefined) chunk.lastUpdatedMs = context.nowMs;
    stream.held = undefined;
    stream.entryCount += count;
    stream.highestTime = joinHalves(highestHigh, highestLow);
    stream.lastTime = times[last]!;
    // The push's bytes go away with its answer.
    stream.lastLine = text.slice(starts[last]!, ends[last]!);
  }
  return {
    rows: count === rows.rows ? undefined : taken.subarray(0, count),
    count,
    duplicates,
    refused,
    discarded,
    listed,
    lastRefusal,
  };
}

function halvesOf(time: bigint): [high: number, low: number] {
  return [Number(BigInt.asIntN(32, time >> 32n)), Number(BigInt.asUintN(32, time))];
}

function joinHalves(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Whether the row repeats what the stream took last, in an earlier push that lasts. */
function repeatsStream(
  { lastTime, lastLine, unlogged }: Stream,
  { times, text, starts, ends }: Block,
  row: number,
): boolean {
  if (unlogged !== undefined || lastTime === undefined || times[row]! !== lastTime) return false;
  return isSame(lastLine, 0, lastLine.length, text, starts[row]!, ends[row]!);
}

function repeatsRow(
  { text, starts, ends }: Block,
  lanes: Uint32Array,
  before: number,
  row: number,
): boolean {
  if (lanes[2 * row] !== lanes[2 * before] || lanes[2 * row + 1] !== lanes[2 * before + 1])
    return false;
  return isSame(text, starts[before]!, ends[before]!, text, starts[row]!, ends[row]!);
}

function isSame(
  a: Uint8Array,
  at: number,
  end: number,
  b: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (end - at !== to - from) return false;
  while (at < end) if (a[at++] !== b[from++]) return false;
  return true;
}

/** Asks for the rate of all rows; why none of them is taken, if so. */
function takeWholePush(
  stream: Stream,
  rows: Block,
  context: AppendContext,
): { refused: string | undefined } {
  const size = lineBytes(rows);
  if (takeRate(stream, size, context)) return { refused: undefined };
  return { refused: streamRateExceeded(context.rate!.rate, stream.labelText, size) };
}

function takeRate(stream: Stream, size: number, { rate, nowMs }: AppendContext): boolean {
  stream.bucket ??= new RateBucket(rate!.burst, nowMs);
  return stream.bucket.take(size, rate!, nowMs);
}

function openChunk(stream: Stream): MemChunk | undefined {
  const last = stream.chunks.at(-1);
  return last?.closed ? undefined : last;
}

function addChunk(stream: Stream, { newChunk, nowMs }: AppendContext): MemChunk {
  const chunk: MemChunk = {
    builder: newChunk(),
    lastUpdatedMs: nowMs,
    closed: false,
    flushedMs: undefined,
    indexed: false,
  };
  stream.chunks.push(chunk);
  return chunk;
}
