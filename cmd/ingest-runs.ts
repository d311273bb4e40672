/**
 * Rows that came late, kept in a file until all are there: sorted runs, each a run of pages of one
 * stream after another. Merging reads a page of each run at a time.
 *
 *   page: rows × (time i64, length u32), then the lines one after the other; all little-endian
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mergeBlocks, rowsWithin } from "../core/chunk/merge.ts";
import type { Block } from "../core/model/block.ts";
import { sliceRows } from "./ingest-rows.ts";

/** Lines of one page, bytes. A longer line has a page for itself. */
const PAGE_BYTES = 128 << 10;
const ROW_BYTES = 12;

interface Page {
  readonly at: number;
  readonly rows: number;
  readonly size: number;
}

/** By stream, its pages in the order of time. */
type Run = ReadonlyMap<number, readonly Page[]>;

export class RunFile {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #runs: Run[] = [];
  #size = 0;

  static async open(): Promise<RunFile> {
    const folder = await mkdtemp(join(tmpdir(), "lokits-ingest-"));
    const file = await open(join(folder, "runs"), "w+");
    // Where the system allows it the file has no name from here on, so a kill leaves nothing behind.
    await rm(folder, { recursive: true }).catch(() => undefined);
    return new RunFile(folder, file);
  }

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#size;
  }

  /** Adds a run: by number of the stream its rows, sorted. */
  async add(streams: Iterable<readonly [number, Block]>): Promise<void> {
    const run = new Map<number, Page[]>();
    for (const [stream, block] of streams) {
      const pages: Page[] = [];
      for (let first = 0; first < block.rows; ) {
        const end = pageEnd(block, first);
        pages.push(await this.#write(block, first, end));
        first = end;
      }
      if (pages.length > 0) run.set(stream, pages);
    }
    this.#runs.push(run);
  }

  /** The streams that have rows here. */
  streams(): Set<number> {
    return new Set(this.#runs.flatMap((run) => [...run.keys()]));
  }

  /** All rows of a stream in the order of time, a page of each run or so at a time. */
  async *merged(stream: number): AsyncGenerator<Block> {
    const cursors = this.#runs.flatMap((run) => {
      const pages = run.get(stream);
      return pages === undefined ? [] : [{ pages, next: 0, block: undefined as Block | undefined }];
    });
    for (;;) {
      for (const cursor of cursors) {
        const page = cursor.pages[cursor.next];
        if (cursor.block !== undefined || page === undefined) continue;
        cursor.block = await this.#read(page);
        cursor.next++;
      }
      const open = cursors.filter(({ block }) => block !== undefined);
      if (open.length === 0) return;
      // Up to here every run has shown what it has.
      let bound: bigint | undefined;
      for (const { block, pages, next } of open) {
        if (next === pages.length) continue;
        const last = block!.times[block!.rows - 1]!;
        if (bound === undefined || last < bound) bound = last;
      }
      const ready: Block[] = [];
      for (const cursor of open) {
        const block = cursor.block!;
        const end = bound === undefined ? block.rows : rowsWithin(block, bound, bound + 1n).end;
        if (end > 0) ready.push(sliceRows(block, 0, end));
        cursor.block = end === block.rows ? undefined : sliceRows(block, end, block.rows);
      }
      yield mergeBlocks(ready).block;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(block: Block, first: number, end: number): Promise<Page> {
    const { times, text, starts, ends } = block;
    let size = ROW_BYTES * (end - first);
    for (let row = first; row < end; row++) size += ends[row]! - starts[row]!;
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    let at = ROW_BYTES * (end - first);
    for (let row = first; row < end; row++) {
      const head = ROW_BYTES * (row - first);
      view.setBigInt64(head, times[row]!, true);
      view.setUint32(head + 8, ends[row]! - starts[row]!, true);
      bytes.set(text.subarray(starts[row]!, ends[row]!), at);
      at += ends[row]! - starts[row]!;
    }
    const page = { at: this.#size, rows: end - first, size };
    await this.#file.write(bytes, 0, size, this.#size);
    this.#size += size;
    return page;
  }

  async #read({ at, rows, size }: Page): Promise<Block> {
    const text = new Uint8Array(size);
    await this.#file.read(text, 0, size, at);
    const view = new DataView(text.buffer);
    const times = new BigInt64Array(rows);
    const [starts, ends] = [new Uint32Array(rows), new Uint32Array(rows)];
    let start = ROW_BYTES * rows;
    for (let row = 0; row < rows; row++) {
      times[row] = view.getBigInt64(ROW_BYTES * row, true);
      starts[row] = start;
      start += view.getUint32(ROW_BYTES * row + 8, true);
      ends[row] = start;
    }
    return { rows, times, text, starts, ends };
  }
}

function pageEnd({ starts, ends, rows }: Block, first: number): number {
  let size = 0;
  let row = first;
  for (; row < rows; row++) {
    size += ends[row]! - starts[row]!;
    if (size > PAGE_BYTES && row > first) break;
  }
  return row;
}
