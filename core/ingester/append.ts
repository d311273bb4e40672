/**
 * Takes the rows of a push into a stream, one after the other: drops a repeat of the last entry, refuses
 * what is over the rate or too old, and puts the rest into the open chunk (spec chunk-format §9.3).
 */
import type { ChunkBuilder } from "../chunk/builder.ts";
import type { Block } from "../model/block.ts";
import { RateBucket } from "./rate-bucket.ts";
import { type Refusal, streamRateExceeded, tooFarBehind } from "./refusals.ts";
import type { MemChunk, Stream } from "./stream.ts";

export interface AppendContext {
  readonly nowMs: number;
  /** Entries further behind the newest than this are refused, nanoseconds; undefined while replaying. */
  readonly window: bigint | undefined;
  /** Bytes a second and at once; undefined means no limit. */
  readonly rate: { readonly rate: number; readonly burst: number } | undefined;
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
  readonly listed: readonly Refusal[];
  readonly lastRefusal: Refusal | undefined;
}

export function appendRows(stream: Stream, rows: Block, context: AppendContext): Appended {
  const taken = new Uint32Array(rows.rows);
  let count = 0;
  let duplicates = 0;
  let refused = 0;
  const listed: Refusal[] = [];
  let lastRefusal: Refusal | undefined;
  const refuse = (refusal: Refusal) => {
    refused++;
    if (listed.length < context.refusalsListed) listed.push(refusal);
    lastRefusal = refusal;
  };

  const { times, starts, ends } = rows;
  let last: LastEntry = {
    time: stream.lastTime,
    line: stream.lastLine,
    start: 0,
    end: stream.lastLine.length,
  };
  let highest = stream.highestTime;
  let chunk = openChunk(stream);
  for (let row = 0; row < rows.rows; row++) {
    const time = times[row]!;
    if (time === last.time && isSameLine(last, rows.text, starts[row]!, ends[row]!)) {
      duplicates++;
      continue;
    }
    const size = ends[row]! - starts[row]!;
    if (context.rate !== undefined && !takeRate(stream, size, context)) {
      const text = streamRateExceeded(context.rate.rate, stream.labelText, size);
      refuse({ time, reason: "per_stream_rate_limit", text });
      continue;
    }
    if (context.window !== undefined && highest !== undefined && time < highest - context.window) {
      refuse({ time, reason: "too_far_behind", text: tooFarBehind(highest - context.window) });
      continue;
    }
    if (chunk === undefined || !chunk.builder.spaceFor(rows, row)) {
      if (chunk !== undefined) chunk.closed = true;
      chunk = addChunk(stream, context);
    }
    if (chunk.builder.append(rows, row) === "duplicate") duplicates++;
    taken[count++] = row;
    if (highest === undefined || time > highest) highest = time;
    last = { time, line: rows.text, start: starts[row]!, end: ends[row]! };
  }

  if (count > 0) {
    if (chunk !== undefined) chunk.lastUpdatedMs = context.nowMs;
    stream.entryCount += count;
    stream.highestTime = highest;
    stream.lastTime = last.time;
    // The push's bytes go away with its answer.
    stream.lastLine = last.line.slice(last.start, last.end);
  }
  return {
    rows: count === rows.rows ? undefined : taken.subarray(0, count),
    count,
    duplicates,
    refused,
    listed,
    lastRefusal,
  };
}

interface LastEntry {
  readonly time: bigint | undefined;
  readonly line: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function isSameLine(last: LastEntry, text: Uint8Array, start: number, end: number): boolean {
  if (last.end - last.start !== end - start) return false;
  for (let at = last.start; start < end; at++, start++) {
    if (last.line[at] !== text[start]) return false;
  }
  return true;
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
