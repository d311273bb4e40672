/** What an ingester tells of its chunks and its memory, in Loki's names. */
import type { ChunkBuilder } from "../chunk/builder.ts";
import type { Tenant } from "../model/tenant.ts";
import { msOf } from "../model/time.ts";
import type { Meter } from "../ports/meter.ts";
import type { FlushReason } from "./flush.ts";
import type { Ingester } from "./ingester.ts";

const HOUR_MS = 3_600_000;

export interface FlushedChunk {
  readonly tenant: Tenant;
  readonly reason: FlushReason;
  readonly builder: ChunkBuilder;
  /** Bytes of the object that was stored. */
  readonly bytes: number;
  /** What making the object took. */
  readonly encodeMs: number;
  readonly nowMs: number;
}

export function meterFlushed(meter: Meter, chunk: FlushedChunk): void {
  const { tenant, reason, builder, bytes, encodeMs, nowMs } = chunk;
  const { rows } = builder;
  const { minTime, maxTime } = builder.bounds();
  meter.count("loki_ingester_chunks_flushed_total", 1, { reason });
  meter.count("loki_ingester_chunks_stored_total", 1, { tenant });
  meter.count("loki_ingester_chunk_stored_bytes_total", bytes, { tenant });
  meter.observe("loki_ingester_chunk_size_bytes", bytes);
  meter.observe("loki_ingester_chunk_age_seconds", Math.max(0, nowMs - msOf(minTime)) / 1000);
  meter.observe("loki_ingester_chunk_utilization", builder.utilization);
  meter.observe("loki_ingester_chunk_entries", rows);
  meter.observe("loki_ingester_samples_per_chunk", rows);
  meter.observe("loki_ingester_chunk_compression_ratio", builder.uncompressedSize / bytes);
  meter.observe("loki_ingester_chunk_bounds_hours", (msOf(maxTime) - msOf(minTime)) / HOUR_MS);
  meter.observe("loki_ingester_chunk_encode_time_seconds", encodeMs / 1000);
  meter.observe("loki_ingester_blocks_per_chunk", builder.handles().length);
}

/** Gauges of what is in memory: a walk over all streams, for whoever prints them now and then. */
export function gaugeMemory(meter: Meter, ingester: Ingester): void {
  let [chunks, labelBytes] = [0, 0];
  for (const instance of ingester.instances()) {
    const { tenant, streamCount } = instance;
    meter.gauge("loki_ingester_memory_streams", streamCount, { tenant });
    for (const stream of instance.streams()) {
      chunks += stream.chunks.length;
      labelBytes += stream.labelText.length;
    }
  }
  meter.gauge("loki_ingester_memory_chunks", chunks);
  meter.gauge("loki_ingester_memory_streams_labels_bytes", labelBytes);
}

export function gaugeFlushQueue(meter: Meter, streams: number): void {
  // The second is the name of Loki 3.x.
  meter.gauge("cortex_ingester_flush_queue_length", streams);
  meter.gauge("loki_ingester_flush_queue_length", streams);
}

export interface ReplayedWal {
  readonly bytes: number;
  readonly entries: number;
  /** Groups that the checkpoint had already. */
  readonly known: number;
  readonly corrupt: number;
  readonly tookMs: number;
}

/** What a replay brought back; called when it is done, before any push. */
export function meterReplay(meter: Meter, ingester: Ingester, replayed: ReplayedWal): void {
  const { bytes, entries, known, corrupt, tookMs } = replayed;
  let [streams, chunks] = [0, 0];
  for (const instance of ingester.instances()) {
    streams += instance.streamCount;
    for (const stream of instance.streams()) chunks += stream.chunks.length;
  }
  meter.gauge("loki_ingester_wal_replay_active", 0);
  meter.gauge("loki_ingester_wal_bytes_in_use", 0);
  meter.gauge("loki_ingester_wal_replay_duration_seconds", tookMs / 1000);
  meter.count("loki_ingester_wal_recovered_bytes_total", bytes);
  meter.count("loki_ingester_wal_recovered_chunks_total", chunks);
  meter.count("loki_ingester_wal_recovered_entries_total", entries);
  meter.count("loki_ingester_wal_recovered_streams_total", streams);
  meter.count("loki_ingester_wal_duplicate_entries_total", known);
  meter.count("loki_ingester_wal_corruptions_total", corrupt);
}
