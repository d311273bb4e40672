/**
 * Sorted rows into chunks of a bucket. A chunk is as full as those of an ingester and lies within one
 * table, so an old log in one day costs nothing when another day is asked for.
 */
import { crc32c } from "../core/bytes/crc32c.ts";
import { ChunkBuilder } from "../core/chunk/builder.ts";
import { rowsWithin } from "../core/chunk/merge.ts";
import { encodeObject } from "../core/chunk/object.ts";
import { DEFAULT_INGESTER } from "../core/ingester/settings.ts";
import type { Block, StreamId } from "../core/model/block.ts";
import { chunkFormatOf, DAY_MS, periodAt, type Schema } from "../core/model/schema.ts";
import type { Tenant } from "../core/model/tenant.ts";
import { msCeilOf, msOf, nsOf } from "../core/model/time.ts";
import { type Codecs, ENCODINGS } from "../core/ports/codecs.ts";
import type { ChunkSink } from "../core/store/sink.ts";
import { kbOf } from "../core/store/weigh.ts";

export interface ChunkWriterParts {
  readonly sink: ChunkSink;
  readonly schema: Schema;
  readonly codecs: Codecs;
  readonly tenant: Tenant;
}

/** Bytes that open chunks may take together; past it the largest are written as they are. */
const OPEN_BYTES_MAX = 64 << 20;
/** Chunks that are put at a time. */
const PUTS_MAX = 4;
/** Chunks of which the index is held before it is uploaded. */
const UNINDEXED_MAX = 50_000;

interface Open {
  readonly stream: StreamId;
  readonly builder: ChunkBuilder;
  /** First moment of the next table, Unix nanoseconds. */
  readonly end: bigint;
}

export class ChunkWriter {
  readonly #parts: ChunkWriterParts;
  readonly #open = new Map<StreamId, Open>();
  readonly #puts = new Set<Promise<void>>();
  /** Memory that open chunks take, roughly: what is compressed beside them makes it less. */
  #openBytes = 0;
  #failure: unknown;
  #unindexed = 0;
  /** Chunks that are in the bucket and in no index yet. */
  #stored = 0;

  constructor(parts: ChunkWriterParts) {
    this.#parts = parts;
  }

  /** Takes rows of a stream that come after those before, or in the same moment. */
  async write(stream: StreamId, block: Block): Promise<void> {
    for (let row = 0; row < block.rows; ) {
      const open = this.#openFor(stream, block.times[row]!);
      const { builder } = open;
      const end = rowsWithin(block, block.times[row]!, open.end).end;
      const before = builder.memoryBytes;
      // A line that no chunk has space for has one for itself.
      if (builder.rows === 0) builder.append(block, row++);
      while (row < end && builder.spaceFor(block, row)) builder.append(block, row++);
      this.#openBytes += builder.memoryBytes - before;
      if (row < block.rows) await this.#finish(open);
    }
    if (this.#openBytes > OPEN_BYTES_MAX) await this.#shrink();
  }

  /** Writes what is open, and waits: rows that come later may be earlier. */
  async flush(): Promise<void> {
    for (const open of [...this.#open.values()]) await this.#finish(open);
    await Promise.all(this.#puts);
    this.#check();
  }

  /** An interrupted run leaves whole chunks that no index names; running it again is safe. */
  async close(): Promise<void> {
    await this.flush();
    await this.#uploadIndex();
  }

  /**
   * After a failure: the index of what is stored, so that it is found. Gives the chunks that are in the
   * bucket, and whether that index could be written; open chunks are let go of.
   */
  async salvage(): Promise<{ chunks: number; isIndexed: boolean }> {
    this.#open.clear();
    await Promise.allSettled(this.#puts);
    const chunks = this.#stored;
    if (chunks === 0) return { chunks, isIndexed: true };
    const isIndexed = await this.#uploadIndex().then(
      () => true,
      () => false,
    );
    return { chunks, isIndexed };
  }

  async #uploadIndex(): Promise<void> {
    await this.#parts.sink.uploadIndex();
    this.#unindexed = 0;
    this.#stored = 0;
  }

  #openFor(stream: StreamId, time: bigint): Open {
    const known = this.#open.get(stream);
    if (known !== undefined) return known;
    const { schema, codecs } = this.#parts;
    const { chunkBlockSize: blockSize, chunkTargetSize: targetSize } = DEFAULT_INGESTER;
    const period = periodAt(schema, msOf(time));
    const tableMs = period?.tableMs ?? DAY_MS;
    const builder = new ChunkBuilder({
      format: chunkFormatOf(period),
      encoding: ENCODINGS[DEFAULT_INGESTER.chunkEncoding],
      ...{ blockSize, targetSize, codecs },
    });
    const end = nsOf((Math.floor(msOf(time) / tableMs) + 1) * tableMs);
    const open = { stream, builder, end };
    this.#open.set(stream, open);
    return open;
  }

  async #shrink(): Promise<void> {
    const sizes = Array.from(this.#open.values(), (open) => ({
      open,
      bytes: open.builder.memoryBytes,
    }));
    this.#openBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { open } of sizes.sort((a, b) => b.bytes - a.bytes)) {
      if (this.#openBytes <= OPEN_BYTES_MAX / 2) return;
      await this.#finish(open);
    }
  }

  async #finish(open: Open): Promise<void> {
    this.#open.delete(open.stream);
    this.#openBytes -= open.builder.memoryBytes;
    if (open.builder.rows === 0) return;
    while (this.#puts.size >= PUTS_MAX) await Promise.race(this.#puts);
    this.#check();
    const put: Promise<void> = this.#put(open)
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => this.#puts.delete(put));
    this.#puts.add(put);
    if (++this.#unindexed < UNINDEXED_MAX) return;
    await Promise.all(this.#puts);
    this.#check();
    await this.#uploadIndex();
  }

  async #put({ stream, builder }: Open): Promise<void> {
    const { sink, tenant } = this.#parts;
    const { labels, fingerprint } = stream;
    const chunk = await builder.close();
    const { minTime, maxTime } = builder.bounds();
    const [fromMs, throughMs] = [msOf(minTime), msCeilOf(maxTime)];
    const object = encodeObject({ tenant, fingerprint, fromMs, throughMs, labels, chunk });
    const checksum = crc32c(object);
    const kb = kbOf(builder.uncompressedSize);
    const ref = { fromMs, throughMs, checksum, kb, entries: builder.rows };
    await sink.put({ tenant, labels, fingerprint, ref, object });
    this.#stored++;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
