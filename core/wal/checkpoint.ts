/**
 * Checkpoints: the streams as they are, in a folder of segments that takes the place of the log's
 * segments up to its index. It is built under a partial name, synced, and named in one step: a crash
 * leaves it whole or not at all.
 */
import { ByteWriter } from "../bytes/writer.ts";
import { assert } from "../model/errors.ts";
import type { LogDisk, LogFile } from "../ports/log-disk.ts";
import { type CheckpointSeries, encodeCheckpointSeries } from "./checkpoint-record.ts";
import { framedSizeMax, frameRecord, padPage } from "./frame.ts";
import { checkpointName, parseCheckpoint, SEGMENT_SIZE, segmentName } from "./layout.ts";

/** Records are gathered until they are this large, then written together. */
const BATCH_SIZE = 1024 * 1024;

export interface CheckpointOptions {
  readonly segmentSize?: number;
  /** Leaves the checkpoint, and removes what there is of it, when aborted. */
  readonly signal?: AbortSignal;
}

/** Writes `checkpoint.<index>` and gives its name. When it rejects nothing of it is left. */
export async function writeCheckpoint(
  disk: LogDisk,
  index: number,
  series: Iterable<CheckpointSeries> | AsyncIterable<CheckpointSeries>,
  options: CheckpointOptions = {},
): Promise<string> {
  const name = checkpointName(index);
  const partial = `${name}.tmp`;
  assert(!(await disk.list("")).includes(name), `${name} exists: roll the log first`);
  await disk.remove(partial);
  const output = new CheckpointOutput(disk, partial, options.segmentSize ?? SEGMENT_SIZE);
  try {
    const record = new ByteWriter(64 * 1024);
    for await (const one of series) {
      options.signal?.throwIfAborted();
      record.reset();
      encodeCheckpointSeries(record, one);
      await output.add(record.view());
    }
    await output.finish();
    await disk.rename(partial, name);
  } catch (error) {
    await output.abandon();
    throw error;
  }
  return name;
}

/** The checkpoint that a replay starts with: the finished one of the highest index. */
export async function latestCheckpoint(
  disk: LogDisk,
): Promise<{ name: string; index: number } | undefined> {
  let latest: { name: string; index: number } | undefined;
  for (const name of await disk.list("")) {
    const parsed = parseCheckpoint(name);
    if (parsed === undefined || parsed.partial) continue;
    if (latest === undefined || parsed.index > latest.index) latest = { name, index: parsed.index };
  }
  return latest;
}

/** The segments of a checkpoint in the making. */
class CheckpointOutput {
  readonly #disk: LogDisk;
  readonly #folder: string;
  readonly #segmentSize: number;
  readonly #buffer = new ByteWriter(BATCH_SIZE);
  #file: LogFile | undefined;
  #segments = 0;
  #offset = 0;

  constructor(disk: LogDisk, folder: string, segmentSize: number) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segmentSize = segmentSize;
  }

  async add(record: Uint8Array): Promise<void> {
    if (this.#offset > 0 && this.#offset + framedSizeMax(record.length) > this.#segmentSize) {
      await this.#finishSegment();
    }
    this.#file ??= await this.#nextSegment();
    this.#offset = frameRecord(this.#buffer, this.#offset, record);
    if (this.#buffer.size >= BATCH_SIZE) await this.#flush(this.#file);
  }

  /** A checkpoint without streams is a checkpoint all the same: it says that nothing is left. */
  async finish(): Promise<void> {
    this.#file ??= await this.#nextSegment();
    await this.#finishSegment();
  }

  /** Removes what there is. A failure of that hides nothing: the partial name is never read. */
  async abandon(): Promise<void> {
    await this.#file?.close().catch(() => {});
    await this.#disk.remove(this.#folder).catch(() => {});
  }

  async #nextSegment(): Promise<LogFile> {
    this.#offset = 0;
    return this.#disk.append(`${this.#folder}/${segmentName(this.#segments++)}`);
  }

  async #finishSegment(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    padPage(this.#buffer, this.#offset);
    await this.#flush(file);
    await file.sync();
    this.#file = undefined;
    await file.close();
  }

  async #flush(file: LogFile): Promise<void> {
    await file.write(this.#buffer.view());
    this.#buffer.reset();
  }
}
