/**
 * Decides which chunks leave memory, puts them into the store, and lets go of them when their index is
 * there too. One pass is `sweep`; a full shutdown is a sweep that takes everything.
 */

import { crc32c } from "../bytes/crc32c.ts";
import { encodeObject } from "../chunk/object.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { msCeilOf, msOf, NS_PER_MS } from "../model/time.ts";
import type { ChunkSink } from "../store/sink.ts";
import { kbOf } from "../store/weigh.ts";
import type { Ingester } from "./ingester.ts";
import type { Instance } from "./instance.ts";
import { gaugeFlushQueue, meterFlushed } from "./meters.ts";
import type { MemChunk, Stream } from "./stream.ts";

export type FlushReason = "full" | "idle" | "max_age" | "forced";

export class Flusher {
  readonly #ingester: Ingester;
  readonly #sink: ChunkSink;
  readonly #indexed: () => Promise<void>;
  /** Chunks whose object is stored and whose index file is not. */
  #unindexed: MemChunk[] = [];
  #unindexedBytes = 0;
  #indexedAtMs: number;
  #sweeping: Promise<void> = Promise.resolve();

  /**
   * `indexed` is called when a sweep has brought the index up to date and let go of what it names: by
   * hand or on its rhythm. Uploads that come sooner, since much is stored, do not call it.
   */
  constructor(ingester: Ingester, sink: ChunkSink, indexed: () => Promise<void> = async () => {}) {
    this.#ingester = ingester;
    this.#sink = sink;
    this.#indexed = indexed;
    this.#indexedAtMs = ingester.parts.clock.nowMs();
  }

  /**
   * Flushes what is due, or everything, and drops what the store has. One sweep at a time. A chunk that
   * cannot be stored stays where it is for the next sweep; a forced sweep then throws.
   */
  sweep(options: { force?: boolean; keepStreams?: boolean } = {}): Promise<void> {
    const sweep = this.#sweeping.then(() => this.#sweep(options));
    this.#sweeping = sweep.catch(() => {});
    return sweep;
  }

  /** Uploads the index of what is stored, whether it is due or not; says whether there was any. */
  uploadIndex(): Promise<boolean> {
    const upload = this.#sweeping.then(() => this.#uploadIndex());
    this.#sweeping = upload.then(
      () => {},
      () => {},
    );
    return upload;
  }

  async #sweep({
    force = false,
    keepStreams = false,
  }: {
    force?: boolean;
    keepStreams?: boolean;
  }): Promise<void> {
    const failures: unknown[] = [];
    const due = [...this.#due(force)];
    const next = due.values();
    let waiting = due.length;
    const worker = async () => {
      for (const [instance, stream] of next) {
        gaugeFlushQueue(this.#ingester.parts.meter, --waiting);
        await this.#flushStream(instance, stream, force).catch((error) => failures.push(error));
      }
    };
    const { concurrentFlushes } = this.#ingester.parts.settings;
    await Promise.all(Array.from({ length: Math.min(concurrentFlushes, due.length) }, worker));
    const onTime = force || this.#indexIsOld();
    let uploaded = false;
    if (onTime || this.#indexIsLarge()) {
      uploaded = await this.#uploadIndex().catch((error) => {
        failures.push(error);
        return false;
      });
    }
    this.#drop(keepStreams);
    if (onTime && uploaded) await this.#indexed();
    for (const error of failures) {
      this.#ingester.parts.journal.log("error", "failed to flush", { err: String(error) });
    }
    if (force && failures.length > 0) throw failures[0];
  }

  *#due(force: boolean): Generator<[Instance, Stream]> {
    for (const instance of this.#ingester.instances()) {
      for (const stream of instance.streams()) {
        if (stream.chunks.some((chunk) => this.#reason(chunk, force) !== undefined))
          yield [instance, stream];
      }
    }
  }

  /** Why a chunk should go now; undefined when it should not. */
  #reason(chunk: MemChunk, force: boolean): FlushReason | undefined {
    if (chunk.flushedMs !== undefined || chunk.builder.rows === 0) return undefined;
    const { settings, clock } = this.#ingester.parts;
    if (force) return "forced";
    if (chunk.closed) return "full";
    if (clock.nowMs() - chunk.lastUpdatedMs > settings.chunkIdlePeriodMs) return "idle";
    const { minTime, maxTime } = chunk.builder.bounds();
    if (maxTime - minTime > BigInt(settings.maxChunkAgeMs) * NS_PER_MS) return "max_age";
    return undefined;
  }

  async #flushStream({ tenant }: Instance, stream: Stream, force: boolean): Promise<void> {
    const { journal, meter, clock } = this.#ingester.parts;
    const chunks = stream.chunks
      .map((chunk) => ({ chunk, reason: this.#reason(chunk, force) }))
      .filter(({ reason }) => reason !== undefined);
    journal.log("info", "flushing stream", {
      user: tenant,
      fp: stream.fingerprint.toString(16).padStart(16, "0"),
      immediate: force,
      num_chunks: chunks.length,
      reason: [...new Set(chunks.map(({ reason }) => reason))].join(","),
      labels: stream.labelText,
    });
    for (const { chunk, reason } of chunks) {
      // From here on new entries open a new chunk, also when the store refuses this one.
      chunk.closed = true;
      const { bytes, encodeMs } = await this.#flushChunk(tenant, stream, chunk);
      chunk.flushedMs = clock.nowMs();
      stream.held = undefined;
      this.#unindexed.push(chunk);
      this.#unindexedBytes += bytes;
      const { builder, flushedMs: nowMs } = chunk;
      meterFlushed(meter, { tenant, reason: reason!, builder, bytes, encodeMs, nowMs });
    }
  }

  async #flushChunk(
    tenant: Instance["tenant"],
    stream: Stream,
    { builder }: MemChunk,
  ): Promise<{ bytes: number; encodeMs: number }> {
    const { clock } = this.#ingester.parts;
    const startMs = clock.ticksMs();
    const inner = await builder.close();
    const { minTime, maxTime } = builder.bounds();
    const [fromMs, throughMs] = [msOf(minTime), msCeilOf(maxTime)];
    const { fingerprint, labels } = stream;
    const object = encodeObject({ tenant, fingerprint, fromMs, throughMs, labels, chunk: inner });
    const ref: ChunkRef = {
      fromMs,
      throughMs,
      checksum: crc32c(object),
      kb: kbOf(builder.uncompressedSize),
      entries: builder.rows,
    };
    const encodeMs = clock.ticksMs() - startMs;
    await this.#sink.put({ tenant, labels, fingerprint, ref, object });
    return { bytes: object.length, encodeMs };
  }

  #indexIsOld(): boolean {
    const { settings, clock } = this.#ingester.parts;
    return clock.nowMs() - this.#indexedAtMs >= settings.indexUploadPeriodMs;
  }

  #indexIsLarge(): boolean {
    return this.#unindexedBytes >= this.#ingester.parts.settings.indexUploadBytes;
  }

  /** Whether there was anything to upload. */
  async #uploadIndex(): Promise<boolean> {
    if (this.#unindexed.length === 0) return false;
    const chunks = this.#unindexed;
    await this.#sink.uploadIndex();
    for (const chunk of chunks) chunk.indexed = true;
    // No flush runs beside the upload, so what is waiting now is what was waiting then.
    this.#unindexed = [];
    this.#unindexedBytes = 0;
    this.#indexedAtMs = this.#ingester.parts.clock.nowMs();
    return true;
  }

  /** Lets go of chunks that the store has, and of streams that have none left. */
  #drop(keepStreams: boolean): void {
    const { settings, clock, meter } = this.#ingester.parts;
    const oldest = clock.nowMs() - settings.chunkRetainPeriodMs;
    for (const instance of this.#ingester.instances()) {
      for (const stream of instance.streams()) {
        const kept = stream.chunks.filter(
          ({ indexed, flushedMs }) => !indexed || flushedMs! > oldest,
        );
        if (kept.length === stream.chunks.length && kept.length > 0) continue;
        stream.chunks.splice(0, stream.chunks.length, ...kept);
        stream.held = undefined;
        if (kept.length > 0 || keepStreams) continue;
        instance.remove(stream);
        meter.count("loki_ingester_streams_removed_total", 1, { tenant: instance.tenant });
      }
    }
  }
}
