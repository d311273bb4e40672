/**
 * Lines of any order into chunks in the order of time, in bounded memory. Lines are held; when there
 * are too many, the older half goes into chunks. A line that is older than what went already waits in
 * a file with others like it, and at the end those become chunks of their own. So a log in order is
 * written as it comes and needs no disk, and one without any order is sorted.
 */
import { firstRowAt, lanesOf } from "../core/bytes/lanes.ts";
import { mergeBlocks } from "../core/chunk/merge.ts";
import { sortedByTime } from "../core/chunk/sort.ts";
import { fingerprint } from "../core/labels/fingerprint.ts";
import { printLabels } from "../core/labels/labels.ts";
import type { Block, StreamId } from "../core/model/block.ts";
import type { ChunkWriter } from "./ingest-chunks.ts";
import type { Batch } from "./ingest-lines.ts";
import { rowsOf, sliceRows } from "./ingest-rows.ts";
import { RunFile } from "./ingest-runs.ts";

/** Bytes of lines held in order, and of late ones. */
const HELD_BYTES = 16 << 20;
/** What a row takes beside its line. */
const ROW_BYTES = 16;

interface Held {
  readonly id: StreamId;
  readonly number: number;
  blocks: Block[];
  late: Block[];
  /** The newest line that went into chunks. */
  written: bigint | undefined;
}

export class LineSorter {
  readonly #chunks: ChunkWriter;
  readonly #heldBytesMax: number;
  readonly #streams = new Map<string, Held>();
  #runs: RunFile | undefined;
  #heldBytes = 0;
  #lateBytes = 0;

  constructor(chunks: ChunkWriter, options: { heldBytes?: number } = {}) {
    this.#chunks = chunks;
    this.#heldBytesMax = options.heldBytes ?? HELD_BYTES;
  }

  async send({ streams }: Batch): Promise<void> {
    for (const { labels, entries } of streams) {
      const key = printLabels(labels);
      let held = this.#streams.get(key);
      if (held === undefined) {
        const id = { labels, fingerprint: fingerprint(labels) };
        const number = this.#streams.size;
        held = { id, number, blocks: [], late: [], written: undefined };
        this.#streams.set(key, held);
      }
      const rows = rowsOf(entries);
      held.blocks.push(rows);
      this.#heldBytes += bytesOf(rows);
    }
    if (this.#heldBytes >= this.#heldBytesMax) await this.#relieve(0.5);
  }

  async close(): Promise<void> {
    try {
      await this.#relieve(1);
      // Late lines come before those that are in open chunks.
      await this.#chunks.flush();
      if (this.#runs === undefined) await this.#writeLate();
      else await this.#writeRuns(this.#runs);
      await this.#chunks.close();
    } finally {
      await this.#runs?.close();
    }
  }

  /** Writes this share of each stream's lines, the oldest. */
  async #relieve(share: number): Promise<void> {
    this.#heldBytes = 0;
    for (const held of this.#streams.values()) {
      if (held.blocks.length === 0) continue;
      const { block } = mergeBlocks(held.blocks.map(sortedByTime));
      held.blocks = [];
      const first = held.written === undefined ? 0 : firstRow(block, held.written);
      if (first > 0) {
        const late = sliceRows(block, 0, first);
        held.late.push(late);
        this.#lateBytes += bytesOf(late);
      }
      const end = first + Math.ceil((block.rows - first) * share);
      if (end > first) {
        await this.#chunks.write(held.id, sliceRows(block, first, end));
        held.written = block.times[end - 1]!;
      }
      if (end === block.rows) continue;
      const rest = sliceRows(block, end, block.rows);
      held.blocks.push(rest);
      this.#heldBytes += bytesOf(rest);
    }
    if (this.#lateBytes >= this.#heldBytesMax) await this.#spill();
  }

  async #spill(): Promise<void> {
    this.#runs ??= await RunFile.open();
    await this.#runs.add(this.#takeLate());
    this.#lateBytes = 0;
  }

  *#takeLate(): Generator<readonly [number, Block]> {
    for (const held of this.#streams.values()) {
      if (held.late.length === 0) continue;
      const { block } = mergeBlocks(held.late);
      held.late = [];
      yield [held.number, block];
    }
  }

  async #writeLate(): Promise<void> {
    const byNumber = [...this.#streams.values()];
    for (const [number, block] of this.#takeLate()) {
      await this.#chunks.write(byNumber[number]!.id, block);
    }
  }

  async #writeRuns(runs: RunFile): Promise<void> {
    await this.#spill();
    const byNumber = [...this.#streams.values()];
    for (const number of runs.streams()) {
      for await (const block of runs.merged(number)) {
        await this.#chunks.write(byNumber[number]!.id, block);
      }
    }
  }
}

function firstRow({ times, rows }: Block, time: bigint): number {
  return firstRowAt(lanesOf(times), rows, time);
}

function bytesOf({ text, rows }: Block): number {
  return text.length + ROW_BYTES * rows;
}
