/**
 * What a stream has in memory, its chunks taken together: asked over a hundred thousand streams, a look into
 * the rows of every chunk is far more than the answer. Summed up when it is first asked for and kept until
 * the chunks change; whoever changes them clears `Stream.held`.
 */
import { msCeilOf, msOf } from "../model/time.ts";
import type { Select, StreamVolume } from "../ports/log-source.ts";
import { kbOf } from "../store/weigh.ts";
import type { Stream } from "./stream.ts";

/** The volume is of the chunks that the store does not have: others are counted there. */
export interface Held extends StreamVolume {
  /** Of all chunks, rounded outward. Without rows nothing is inside of any window. */
  readonly fromMs: number;
  readonly throughMs: number;
}

/** The milliseconds that lie wholly within the time asked for; the end is not part of them. */
export interface Inner {
  readonly fromMs: number;
  readonly throughMs: number;
}

export function innerOf({ from, through }: Select): Inner {
  return { fromMs: msCeilOf(from), throughMs: msOf(through) };
}

/** What a stream has, when it has rows and all are within; undefined when each chunk has to be looked at. */
export function heldInside(stream: Stream, { fromMs, throughMs }: Inner): Held | undefined {
  stream.held ??= heldOf(stream);
  const { held } = stream;
  return held.fromMs >= fromMs && held.throughMs < throughMs ? held : undefined;
}

/** Whole KiB, as an index will have it; less than one as it is, since small streams would weigh nothing. */
export function indexedSize(bytes: number): number {
  return bytes < 1024 ? bytes : kbOf(bytes) * 1024;
}

function heldOf(stream: Stream): Held {
  let [chunks, entries, bytes] = [0, 0, 0];
  let first: bigint | undefined;
  let last: bigint | undefined;
  for (const { builder, flushedMs } of stream.chunks) {
    if (builder.rows === 0) continue;
    const { minTime, maxTime } = builder.bounds();
    if (first === undefined || minTime < first) first = minTime;
    if (last === undefined || maxTime > last) last = maxTime;
    if (flushedMs !== undefined) continue;
    chunks++;
    entries += builder.rows;
    bytes += indexedSize(builder.uncompressedSize);
  }
  const fromMs = first === undefined ? -Infinity : msOf(first);
  const throughMs = last === undefined ? Infinity : msCeilOf(last);
  return { stream, chunks, entries, bytes, fromMs, throughMs };
}
