/**
 * One tail: entries from the querier out to a WebSocket (spec query-evaluation §11). Reading never
 * waits for the client; what a slow one cannot take is dropped, and the next frame says so.
 */

import type { Clock } from "../ports/clock.ts";
import type { DroppedEntry, TailBatch, TailEntry } from "../ports/query-service.ts";
import { answerOf } from "./errors.ts";
import type { TailSocket } from "./tail-socket.ts";

/** Entries of one frame. */
const ENTRIES_MAX = 100;
/** Frames that wait for a slow client before entries are dropped. */
const FRAMES_MAX = 10;
/** Dropped entries that are remembered until the next frame. */
const DROPPED_MAX = 1000;
const PING_MS = 1000;

/** Close code of a server that cannot go on, and the most bytes that its reason may have. */
const SERVER_ERROR = 1011;
const REASON_BYTES_MAX = 123;

export interface TailFrame {
  readonly entries: readonly TailEntry[];
  readonly dropped: readonly DroppedEntry[];
}

export interface TailSessionOptions {
  readonly socket: TailSocket;
  /** Starts the query; what it throws, now or later, closes the socket with its text. */
  readonly batches: (signal: AbortSignal) => AsyncIterable<TailBatch>;
  readonly encode: (frame: TailFrame) => string;
  readonly clock: Clock;
  readonly durationMaxMs: number;
}

/** Runs until the client goes, the query fails, or the time is up. Never rejects. */
export async function tailSession(options: TailSessionOptions): Promise<void> {
  const { socket, clock } = options;
  const over = new AbortController();
  const end = () => over.abort();
  socket.gone.addEventListener("abort", end, { once: true });
  if (socket.gone.aborted) end();
  const queue = new FrameQueue();
  try {
    const reason = await Promise.race([
      pump(options, queue, over.signal),
      write(options, queue, over.signal),
      ping(socket, clock, over.signal),
      clock.sleep(options.durationMaxMs, over.signal).then(() => "reached tail max duration limit"),
    ]);
    if (!socket.gone.aborted) socket.close(SERVER_ERROR, cutReason(reason));
  } finally {
    socket.gone.removeEventListener("abort", end);
    end();
  }
}

/** Moves entries from the querier to the queue; resolves with the reason to stop. */
async function pump(
  { batches }: TailSessionOptions,
  queue: FrameQueue,
  signal: AbortSignal,
): Promise<string> {
  try {
    for await (const batch of batches(signal)) {
      if (signal.aborted) break;
      queue.add(batch);
    }
    return "all ingesters closed the connection";
  } catch (error) {
    return answerOf(error).text;
  } finally {
    await queue.drained(signal);
  }
}

async function write(
  { socket, encode }: TailSessionOptions,
  queue: FrameQueue,
  signal: AbortSignal,
): Promise<string> {
  while (!signal.aborted) {
    const frame = await queue.next(signal);
    if (frame === undefined) break;
    try {
      await socket.send(encode(frame));
    } catch (error) {
      return answerOf(error).text;
    }
    queue.sent();
  }
  return "tail is over";
}

async function ping(socket: TailSocket, clock: Clock, signal: AbortSignal): Promise<string> {
  for (;;) {
    await clock.sleep(PING_MS, signal);
    if (signal.aborted) return "tail is over";
    socket.ping();
  }
}

/** Frames on their way to the client. */
class FrameQueue {
  readonly #frames: (readonly TailEntry[])[] = [];
  #dropped: DroppedEntry[] = [];
  #sending = false;
  /** Called when something may have changed for whoever waits. */
  readonly #waiting = new Set<() => void>();

  /** Takes a batch whole unless there is a backlog: the past that a client asked for may be long. */
  add({ entries, dropped = [] }: TailBatch): void {
    this.#drop(dropped);
    for (let at = 0; at < entries.length; at += ENTRIES_MAX) {
      const frame = entries.slice(at, at + ENTRIES_MAX);
      const isBacklog = this.#frames.length >= FRAMES_MAX && at === 0;
      if (isBacklog) {
        this.#drop(entries);
        break;
      }
      this.#frames.push(frame);
    }
    this.#wake();
  }

  /** The next frame, once there is one; undefined when the signal comes first. */
  async next(signal: AbortSignal): Promise<TailFrame | undefined> {
    while (this.#frames.length === 0 && this.#dropped.length === 0) {
      if (signal.aborted) return undefined;
      await this.#change(signal);
    }
    const frame = { entries: this.#frames.shift() ?? [], dropped: this.#dropped };
    this.#dropped = [];
    this.#sending = true;
    return frame;
  }

  sent(): void {
    this.#sending = false;
    this.#wake();
  }

  /** Resolves when everything has been sent. */
  async drained(signal: AbortSignal): Promise<void> {
    while ((this.#frames.length > 0 || this.#sending) && !signal.aborted) {
      await this.#change(signal);
    }
  }

  #drop(entries: readonly DroppedEntry[]): void {
    for (const { time, labels } of entries) {
      if (this.#dropped.length === DROPPED_MAX) return;
      this.#dropped.push({ time, labels });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

/** Cuts a text to what a close frame can carry, between characters. */
function cutReason(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= REASON_BYTES_MAX) return text;
  let end = REASON_BYTES_MAX;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
