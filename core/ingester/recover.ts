/**
 * Brings a WAL back into memory: streams and chunks of the checkpoint, then what was pushed after it.
 * Entries whose counter the stream has seen are in the chunks already. A chunk that a checkpoint calls
 * flushed is kept all the same: its index may have been lost, and storing it again changes nothing.
 */
import { ChunkBuilder } from "../chunk/builder.ts";
import { Corrupt } from "../model/errors.ts";
import { literalTenant, type Tenant } from "../model/tenant.ts";
import { msOf } from "../model/time.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { CheckpointChunk, CheckpointSeries } from "../wal/checkpoint-record.ts";
import type { EntriesRecord, SeriesRecord, WalRecord } from "../wal/record.ts";
import { appendRows } from "./append.ts";
import type { Flusher } from "./flush.ts";
import type { Ingester } from "./ingester.ts";
import type { MemChunk, Stream } from "./stream.ts";

/** Replayed bytes after which memory is looked at. */
const LOOK_BYTES = 8 << 20;

export interface Recovered {
  readonly entries: number;
  /** Groups that the checkpoint had already. */
  readonly known: number;
  /** Groups of streams that had left memory, and so were in the store, when the checkpoint was made. */
  readonly unknown: number;
}

export class Recovery {
  readonly #ingester: Ingester;
  readonly #flusher: Flusher | undefined;
  readonly #refs = new Map<Tenant, Map<bigint, Stream>>();
  readonly #introduced = new Set<Stream>();
  #entries = 0;
  #known = 0;
  #unknown = 0;
  #bytesSinceLook = 0;

  /** With a flusher, memory is held below the setting's ceiling by storing what has been replayed. */
  constructor(ingester: Ingester, flusher: Flusher | undefined) {
    this.#ingester = ingester;
    this.#flusher = flusher;
  }

  /** Takes one record of the WAL. Throws Corrupt when it makes no sense. */
  visit(record: WalRecord): void | Promise<void> {
    switch (record.kind) {
      case "checkpoint":
        this.#checkpoint(record);
        break;
      case "series":
        this.#series(record);
        break;
      case "entries":
        this.#append(record);
        break;
    }
    if (this.#bytesSinceLook > LOOK_BYTES) return this.#relieve();
  }

  done(): Recovered {
    return { entries: this.#entries, known: this.#known, unknown: this.#unknown };
  }

  #checkpoint(record: CheckpointSeries): void {
    const stream = this.#restore(record.tenant, record.labels, record.fingerprint);
    for (const chunk of record.chunks) {
      const restored = this.#chunk(chunk);
      stream.chunks.push(restored);
      this.#entries += restored.builder.rows;
      this.#bytesSinceLook += chunk.data.length + chunk.head.length;
    }
    stream.held = undefined;
    stream.entryCount = Number(record.entryCt);
    stream.highestTime = record.highestTs;
    stream.lastTime = record.to;
    stream.lastLine = record.lastLine.slice();
    this.#ingester.instance(literalTenant(record.tenant)).raiseCounter(stream.entryCount);
  }

  #chunk({ data, head, lastUpdated, closed }: CheckpointChunk): MemChunk {
    const { settings, codecs } = this.#ingester.parts;
    const builder = ChunkBuilder.fromCheckpoint(
      { data, head },
      {
        encoding: ENCODINGS[settings.chunkEncoding],
        blockSize: settings.chunkBlockSize,
        targetSize: settings.chunkTargetSize,
        codecs,
      },
    );
    return {
      builder,
      lastUpdatedMs: msOf(lastUpdated),
      closed,
      flushedMs: undefined,
      indexed: false,
    };
  }

  #series({ tenant, series }: SeriesRecord): void {
    for (const { ref, labels } of series) {
      const stream = this.#restore(tenant, labels, ref);
      // Introduced a second time: it had left memory and come back. Loki then counts from nothing, so
      // what follows is new whatever its counter says. (Ours goes on counting; see Instance.)
      if (this.#introduced.has(stream)) stream.entryCount = 0;
      else this.#introduced.add(stream);
    }
  }

  #append({ tenant, groups }: EntriesRecord): void {
    const instance = this.#ingester.instance(literalTenant(tenant));
    const refs = this.#refs.get(instance.tenant);
    for (const { ref, counter, rows } of groups) {
      const stream = refs?.get(ref);
      if (stream === undefined) {
        this.#unknown++;
      } else if (counter > 0 && counter <= stream.entryCount) {
        this.#known++;
      } else {
        const appended = appendRows(stream, rows, {
          ordered: false,
          wholePush: false,
          nowMs: this.#ingester.parts.clock.nowMs(),
          window: undefined,
          rate: undefined,
          refusalsListed: 0,
          newChunk: this.#ingester.chunkMaker(rows.times),
        });
        this.#entries += appended.count;
        this.#bytesSinceLook += rows.text.length;
        stream.entryCount = Math.max(stream.entryCount, counter);
        instance.raiseCounter(stream.entryCount);
      }
    }
  }

  #restore(tenantId: string, labels: Stream["labels"], ref: bigint): Stream {
    if (labels.length === 0) throw new Corrupt(`stream ${ref} of tenant ${tenantId} has no labels`);
    const instance = this.#ingester.instance(literalTenant(tenantId));
    const stream = instance.restore(labels, ref);
    let refs = this.#refs.get(instance.tenant);
    if (refs === undefined) this.#refs.set(instance.tenant, (refs = new Map()));
    refs.set(ref, stream);
    return stream;
  }

  /** Stores what is in memory when it nears the ceiling. */
  async #relieve(): Promise<void> {
    this.#bytesSinceLook = 0;
    const { replayMemoryCeiling: ceiling } = this.#ingester.parts.settings.wal;
    if (this.#flusher === undefined || ceiling <= 0) return;
    let bytes = 0;
    for (const instance of this.#ingester.instances()) {
      for (const stream of instance.streams()) {
        for (const { builder } of stream.chunks) bytes += builder.memoryBytes;
      }
    }
    this.#ingester.parts.meter.gauge("loki_ingester_wal_bytes_in_use", bytes);
    if (bytes < ceiling * 0.9) return;
    this.#ingester.parts.journal.log("info", "replay reached its memory ceiling, flushing", {
      bytes,
      ceiling,
    });
    const { meter } = this.#ingester.parts;
    meter.gauge("loki_ingester_wal_replay_flushing", 1);
    try {
      // Streams stay known to the records that follow: only their chunks go.
      await this.#flusher.sweep({ force: true, keepStreams: true });
    } finally {
      meter.gauge("loki_ingester_wal_replay_flushing", 0);
    }
  }
}
