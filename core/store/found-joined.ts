/**
 * What several files have for a question, put together: each stream once, with each of its chunks once.
 * Streams are numbered in the order in which they are met; each meeting is kept with the one after it.
 *
 * ```
 * meeting     0     1     2     3        file 0 has s0 and s1, file 1 has s1 and s2
 * stream      s0    s1    s1    s2
 * next        -1    2     -1    -1
 * ```
 */
import { ChunkColumns } from "../index/chunk-columns.ts";
import { numbersByPlace } from "../labels/stream-numbers.ts";
import type { StreamId } from "../model/block.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { Bounds, Found, IndexedSeries } from "./found.ts";
import { weighColumns } from "./weigh.ts";

export class FoundJoined implements Found {
  readonly distinct = true;
  readonly #all: readonly Found[];
  readonly #bounds: Bounds;
  readonly #streams: StreamId[] = [];
  /** The number of the first meeting of each of `#all`. */
  readonly #firsts: number[] = [];
  /** By stream: the first meeting. By meeting: the next of the same stream, -1 when there is none. */
  readonly #first: number[] = [];
  readonly #next: number[] = [];

  constructor(all: readonly Found[], bounds: Bounds) {
    this.#all = all;
    this.#bounds = bounds;
    const lists = all.map((found) => found.streams());
    const last: number[] = [];
    numbersByPlace(lists).forEach((numbers, at) => {
      this.#firsts.push(this.#next.length);
      for (let index = 0; index < numbers.length; index++) {
        const number = numbers[index]!;
        const meeting = this.#next.push(-1) - 1;
        if (number === this.#streams.length) {
          this.#streams.push(lists[at]![index]!);
          this.#first.push(meeting);
        } else {
          this.#next[last[number]!] = meeting;
        }
        last[number] = meeting;
      }
    });
  }

  isEmpty(): boolean {
    return this.#streams.length === 0;
  }

  gather(at: number, chunks: ChunkColumns): void {
    let file = 0;
    for (let meeting = this.#first[at]!; meeting >= 0; meeting = this.#next[meeting]!) {
      while (this.#firsts[file + 1]! <= meeting) file++;
      this.#all[file]!.gather(meeting - this.#firsts[file]!, chunks);
    }
    chunks.order();
  }

  streams(): StreamId[] {
    return this.#streams;
  }

  series(): IndexedSeries[] {
    const columns = new ChunkColumns();
    return this.#streams.map((stream, at) => {
      columns.clear();
      this.gather(at, columns);
      return { stream, chunks: columns.refs() };
    });
  }

  volumes(): StreamVolume[] {
    const columns = new ChunkColumns();
    return this.#streams.map((stream, at) => {
      columns.clear();
      this.gather(at, columns);
      const range = { first: 0, end: columns.count };
      const { chunks, entries, bytes } = weighColumns(columns, range, this.#bounds);
      return { stream, chunks, entries, bytes };
    });
  }

  names(): Set<string> {
    const names = new Set<string>();
    for (const found of this.#all) for (const name of found.names()) names.add(name);
    return names;
  }
}
