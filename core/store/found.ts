/** What one index file, or what is not in a file yet, has for a question. */
import type { ChunkColumns } from "../index/chunk-columns.ts";
import type { IndexColumns } from "../index/columns.ts";
import type { StreamId } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import { FoundJoined } from "./found-joined.ts";
import { weigh, weighColumns } from "./weigh.ts";

export interface IndexedSeries {
  readonly stream: StreamId;
  readonly chunks: readonly ChunkRef[];
}

/** The end is not part of it. */
export interface Bounds {
  readonly fromMs: number;
  readonly throughMs: number;
}

export interface Found {
  /** Whether each stream is there once. */
  readonly distinct: boolean;
  isEmpty(): boolean;
  /** Adds the chunks of the stream at this place of `streams()` to columns. */
  gather(at: number, chunks: ChunkColumns): void;
  streams(): StreamId[];
  series(): IndexedSeries[];
  volumes(): StreamVolume[];
  names(): Iterable<string>;
}

/** Series that were read one by one. */
export class FoundList implements Found {
  readonly distinct = false;
  readonly #bounds: Bounds;
  readonly #list: IndexedSeries[] = [];

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  add(series: IndexedSeries): void {
    this.#list.push(series);
  }

  isEmpty(): boolean {
    return this.#list.length === 0;
  }

  gather(at: number, chunks: ChunkColumns): void {
    chunks.addAll(this.#list[at]!.chunks);
  }

  streams(): StreamId[] {
    return this.#list.map(({ stream }) => stream);
  }

  series(): IndexedSeries[] {
    return this.#list;
  }

  volumes(): StreamVolume[] {
    return this.#list.map(({ stream, chunks }) => ({ stream, ...weigh(chunks, this.#bounds) }));
  }

  names(): Set<string> {
    const names = new Set<string>();
    for (const { stream } of this.#list) for (const [name] of stream.labels) names.add(name);
    return names;
  }
}

/** Rows of a file that is decoded: nothing is made of them before it is asked for. */
export class FoundRows implements Found {
  readonly #columns: IndexColumns;
  readonly #rows: Uint32Array;
  readonly #bounds: Bounds;

  constructor(columns: IndexColumns, rows: Uint32Array, bounds: Bounds) {
    this.#columns = columns;
    this.#rows = rows;
    this.#bounds = bounds;
  }

  get distinct(): boolean {
    return this.#columns.distinct;
  }

  isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  gather(at: number, chunks: ChunkColumns): void {
    this.#columns.gather(this.#rows[at]!, this.#bounds, chunks);
  }

  streams(): StreamId[] {
    return Array.from(this.#rows, (row) => this.#columns.streams[row]!);
  }

  series(): IndexedSeries[] {
    return Array.from(this.#rows, (row) => ({
      stream: this.#columns.streams[row]!,
      chunks: this.#columns.chunks(row, this.#bounds),
    }));
  }

  volumes(): StreamVolume[] {
    const volumes = new Array<StreamVolume>(this.#rows.length);
    for (let at = 0; at < volumes.length; at++) {
      const row = this.#rows[at]!;
      const { chunkStarts } = this.#columns;
      const range = { first: chunkStarts[row]!, end: chunkStarts[row + 1]! };
      const { chunks, entries, bytes } = weighColumns(this.#columns, range, this.#bounds);
      volumes[at] = { stream: this.#columns.streams[row]!, chunks, entries, bytes };
    }
    return volumes;
  }

  names(): Set<string> {
    return this.#columns.names(this.#rows);
  }
}

/** Several put together: each stream once, with each of its chunks once. */
export function joined(all: readonly Found[], bounds: Bounds): Found {
  const some = all.filter((found) => !found.isEmpty());
  const [first] = some;
  // Fast path: what one file alone knows is there once.
  if (some.length === 1 && first!.distinct) return first!;
  return new FoundJoined(some, bounds);
}
