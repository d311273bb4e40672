/** What is in a bucket, as a LogSource: the index says which chunks there are, each of them is a span. */
import { type ChunkTable, readBlock, readSymbols, readTable } from "../chunk/decode.ts";
import { compileMatcher } from "../labels/matcher.ts";
import type { StreamId } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt, LimitExceeded } from "../model/errors.ts";
import type { LimitsOf } from "../model/limits.ts";
import { addWarning } from "../model/stats.ts";
import { msOf, nsOf } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import type {
  BlockHandle,
  LogSource,
  Select,
  Span,
  StreamSpans,
  StreamVolume,
} from "../ports/log-source.ts";
import type { Meter } from "../ports/meter.ts";
import type { ChunkStore } from "./chunks.ts";
import type { Indexes, IndexQuery } from "./indexes.ts";

/** Bytes that a chunk object takes for each KiB of lines, for bounding what is fetched ahead. */
const PACKED_PER_KB = 300;

export interface StoreParts {
  readonly chunks: ChunkStore;
  readonly indexes: Indexes;
  readonly codecs: Codecs;
  readonly clock: Clock;
  readonly limits: LimitsOf;
  readonly meter?: Meter;
}

export class StoreSource implements LogSource {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    const found = await this.#parts.indexes.series(queryOf(select));
    const { maxChunksPerQuery } = this.#parts.limits.of(select.tenant);
    const count = found.reduce((sum, { chunks }) => sum + chunks.length, 0);
    if (select.stats !== undefined) select.stats.chunksRef += count;
    this.#parts.meter?.observe("loki_chunk_store_chunks_per_query", count);
    if (maxChunksPerQuery > 0 && count > maxChunksPerQuery) {
      throw new LimitExceeded(
        "max_chunks_per_query",
        `the query would fetch too many chunks (${count} > max_chunks_per_query ${maxChunksPerQuery}): ` +
          "narrow the time range or the selector",
      );
    }
    return found.map(({ stream, chunks }) => {
      return { stream, spans: chunks.map((ref) => this.#span(select, stream.fingerprint, ref)) };
    });
  }

  labelNames(select: Select): Promise<string[]> {
    return this.#parts.indexes.labelNames(queryOf(select));
  }

  labelValues(select: Select, name: string): Promise<string[]> {
    return this.#parts.indexes.labelValues(queryOf(select), name);
  }

  series(select: Select): Promise<StreamId[]> {
    return this.#parts.indexes.streams(queryOf(select));
  }

  volume(select: Select): Promise<StreamVolume[]> {
    return this.#parts.indexes.volumes(queryOf(select));
  }

  #span(select: Select, fingerprint: bigint, ref: ChunkRef): Span {
    let held = 0;
    return {
      minTime: nsOf(ref.fromMs),
      // The index rounds up to the millisecond, so this bound is never too early.
      maxTime: nsOf(ref.throughMs),
      bytes: ref.kb * PACKED_PER_KB,
      held: () => held,
      open: () =>
        this.#open(select, fingerprint, ref, (bytes) => {
          held = bytes;
        }),
    };
  }

  async #open(
    select: Select,
    fingerprint: bigint,
    ref: ChunkRef,
    holds: (bytes: number) => void,
  ): Promise<BlockHandle[]> {
    const { chunks, clock, codecs } = this.#parts;
    const { stats, signal, tenant } = select;
    const place = { tenant, fingerprint, ref };
    const started = clock.ticksMs();
    try {
      const object = await chunks.get(place, signal);
      if (stats !== undefined) stats.chunksDownloadMs += clock.ticksMs() - started;
      if (object === undefined) throw new Corrupt("no such object");
      holds(object.chunk.length);
      const table = readTable(object.chunk);
      if (stats !== undefined) stats.chunksDownloaded++;
      const symbols =
        table.blocks.length === 0 ? [] : await readSymbols(object.chunk, table, codecs);
      return table.blocks.map((meta) =>
        this.#handle(chunks.keyOf(place), object.chunk, table, meta, symbols, stats),
      );
    } catch (error) {
      // One bad object costs its own lines, not the query: the answer names it.
      if (!(error instanceof Corrupt)) throw error;
      if (stats !== undefined) {
        addWarning(stats, `chunk ${chunks.keyOf(place)}: ${error.message}`);
      }
      return [];
    }
  }

  #handle(
    key: string,
    chunk: Uint8Array,
    table: ChunkTable,
    meta: ChunkTable["blocks"][number],
    symbols: readonly string[],
    stats: Select["stats"],
  ): BlockHandle {
    const read = () => {
      if (stats !== undefined) {
        stats.compressedBytes += meta.size;
        stats.decompressedLines += meta.rows;
        stats.decompressedBytes += meta.uncompressedSize;
      }
      try {
        const block = readBlock(chunk, table, meta, symbols, this.#parts.codecs);
        return block instanceof Promise ? block.catch(blame) : block;
      } catch (error) {
        return blame(error);
      }
    };
    const blame = (error: unknown): never => {
      throw error instanceof Corrupt ? new Corrupt(`chunk ${key}: ${error.message}`) : error;
    };
    const { minTime, maxTime, rows } = meta;
    return { minTime, maxTime, rows, bytes: meta.uncompressedSize, read };
  }
}

function queryOf({ tenant, matchers, from, through, stats }: Select): IndexQuery {
  return {
    tenant,
    matchers: matchers.map(compileMatcher),
    fromMs: msOf(from),
    // Index bounds exclude their end: one more millisecond keeps what shares the last one.
    throughMs: msOf(through) + 1,
    warn: (text) => {
      if (stats !== undefined) addWarning(stats, text);
    },
  };
}
