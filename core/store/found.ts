/** What one index file, or what is not in a file yet, has for a question. */
import type { IndexColumns } from "../index/columns.ts";
import { sameLabels } from "../labels/labels.ts";
import type { StreamId } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import { weigh, weighRow } from "./weigh.ts";

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
      const { chunks, entries, bytes } = weighRow(this.#columns, row, this.#bounds);
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
  const list = new FoundList(bounds);
  for (const series of join(some)) list.add(series);
  return list;
}

function join(all: readonly Found[]): IndexedSeries[] {
  const known = new Map<bigint, { stream: StreamId; chunks: ChunkRef[]; sources: number }[]>();
  for (const found of all) {
    for (const { stream, chunks } of found.series()) {
      let list = known.get(stream.fingerprint);
      if (list === undefined) known.set(stream.fingerprint, (list = []));
      const same = list.find((other) => sameLabels(other.stream.labels, stream.labels));
      if (same === undefined) {
        list.push({ stream, chunks: [...chunks], sources: 1 });
      } else {
        same.chunks.push(...chunks);
        same.sources++;
      }
    }
  }
  return [...known.values()].flat().map(({ stream, chunks, sources }) => ({
    stream,
    chunks: sources === 1 ? chunks : unique(chunks),
  }));
}

function unique(refs: readonly ChunkRef[]): ChunkRef[] {
  const known = new Map<string, ChunkRef>();
  for (const ref of refs) known.set(`${ref.fromMs}:${ref.throughMs}:${ref.checksum}`, ref);
  return [...known.values()];
}
