/**
 * Writes the log. While one write and sync is under way the records that come gather, and the next
 * write takes them all: under load a sync is shared by as many pushes as came during the one before.
 *
 *   log() ─┐                    ┌─ write ─ sync ─┐
 *   log() ─┼─ waiting ─ batch ──┤                ├─ all of the batch resolve, or reject
 *   log() ─┘                    └────────────────┘
 *
 * When a write or a sync fails nobody knows what of it is on the disk. The segment is left as it is,
 * and the next batch begins a new one: what a reader finds of the failed batch was never
 * acknowledged, and its torn end does not stand before anything that is.
 */
import { ByteWriter } from "../bytes/writer.ts";
import { assert, LimitExceeded, Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { type Journal, SILENT } from "../ports/journal.ts";
import type { LogDisk, LogFile } from "../ports/log-disk.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import { framedSizeMax, frameRecord, padPage } from "./frame.ts";
import {
  PAGE_SIZE,
  parseCheckpoint,
  RECORD_SIZE_MAX,
  SEGMENT_SIZE,
  segmentName,
  segmentsIn,
} from "./layout.ts";

export interface WalOptions {
  /**
   * When log() resolves: "commit" after the sync that covers the record, the others after its write.
   * "interval" syncs every `syncIntervalMs`, "never" only when a segment is finished.
   */
  readonly sync: "commit" | "interval" | "never";
  readonly syncIntervalMs?: number;
  readonly segmentSize?: number;
  readonly clock: Clock;
  readonly journal?: Journal;
  readonly meter?: Meter;
}

const SYNC_INTERVAL_MS = 1000;

/** Most bytes of records that are framed and written at once. */
const BATCH_SIZE_MAX = 8 * 1024 * 1024;

/** A buffer that a large record blew up beyond this is not kept. */
const BUFFER_KEPT_MAX = 2 * BATCH_SIZE_MAX;

/** One call of log(). */
interface Waiting {
  readonly records: readonly Uint8Array[];
  /** Bytes that the records take of a segment, at most. */
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The segment that is written to. */
interface Segment {
  readonly index: number;
  readonly file: LogFile;
  offset: number;
  /** Whether it holds anything that was acknowledged. */
  acknowledged: boolean;
  /** Whether it holds bytes that no sync has covered. */
  dirty: boolean;
}

export class WalWriter {
  readonly #disk: LogDisk;
  readonly #options: WalOptions;
  readonly #journal: Journal;
  readonly #meter: Meter;
  readonly #segmentSize: number;
  #buffer = new ByteWriter(64 * 1024);
  #waiting: Waiting[] = [];
  #segment: Segment | undefined;
  /** Index of the next segment to be made. */
  #next: number;
  /** The last of the jobs that touch the segment, which run one after the other. */
  #jobs: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #closing = new AbortController();
  #batchPlanned = false;
  #syncPlanned = false;
  #failing = false;
  #trial: Promise<void> | undefined;

  /**
   * Goes on after the last segment there is; the first log() makes the new one. Nothing needs to be
   * written to open, so that a server starts on a full disk. Partial checkpoints are removed.
   */
  static async open(disk: LogDisk, options: WalOptions): Promise<WalWriter> {
    const names = await disk.list("");
    let next = (segmentsIn(names).at(-1)?.index ?? -1) + 1;
    const journal = options.journal ?? SILENT;
    for (const name of names) {
      const checkpoint = parseCheckpoint(name);
      if (checkpoint === undefined) continue;
      if (checkpoint.partial) await removeOrTell(disk, name, journal);
      else next = Math.max(next, checkpoint.index + 1);
    }
    return new WalWriter(disk, options, next);
  }

  private constructor(disk: LogDisk, options: WalOptions, next: number) {
    this.#disk = disk;
    this.#options = options;
    this.#journal = options.journal ?? SILENT;
    this.#meter = options.meter ?? UNMETERED;
    this.#segmentSize = options.segmentSize ?? SEGMENT_SIZE;
    this.#next = next;
  }

  /**
   * Logs records that belong together, in the order of the calls. Resolves when they last as
   * configured; until then their bytes must stay as they are. Rejects with Unavailable when they
   * were not written: they may be found by a replay all the same.
   */
  async log(records: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new Unavailable("wal is stopped");
    const list = records instanceof Uint8Array ? [records] : records;
    if (list.length === 0) return;
    let size = 0;
    for (const record of list) {
      if (record.length > RECORD_SIZE_MAX) throw tooLarge(record.length);
      size += framedSizeMax(record.length);
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records: list, size, resolve, reject });
      this.#planBatch();
    });
  }

  /** Whether the last write failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /**
   * Writes a page of nothing, once for all who ask meanwhile: it says whether records may be written
   * again. Rejects as log() does.
   */
  tryAgain(): Promise<void> {
    this.#trial ??= this.#queue(() => this.#try()).finally(() => {
      this.#trial = undefined;
    });
    return this.#trial;
  }

  async #try(): Promise<void> {
    if (this.#closed) throw new Unavailable("wal is stopped");
    // A write that was on its way has said it already.
    if (!this.#failing) return;
    try {
      const segment = this.#segment ?? (await this.#begin());
      this.#buffer.reset();
      segment.offset = padPage(this.#buffer, segment.offset) + PAGE_SIZE;
      this.#buffer.zeros(PAGE_SIZE);
      await segment.file.write(this.#buffer.view());
      await this.#sync(segment);
    } catch (cause) {
      throw await this.#abandon(cause);
    }
    this.#tellFailing(undefined);
  }

  /** Finishes the segment, begins a new one, and gives the index of the finished one, which is synced. */
  roll(): Promise<number> {
    if (this.#closed) return Promise.reject(new Unavailable("wal is stopped"));
    return this.#queue(async () => {
      // A checkpoint is named after this index, so it must be one that no checkpoint has yet.
      const { index } = this.#segment ?? (await this.#begin());
      await this.#finish();
      await this.#begin();
      return index;
    });
  }

  /**
   * Removes the segments up to `through` and the checkpoints before it, once `checkpoint.<through>`
   * stands. What cannot be removed is told to the journal and left for the next time.
   */
  async truncate(through: number): Promise<void> {
    assert(
      through < (this.#segment?.index ?? this.#next),
      `truncation to ${through} reaches the segment being written`,
    );
    const names = await this.#disk.list("");
    // In order, so that a crash midway leaves segments without a gap.
    for (const { name, index } of segmentsIn(names)) {
      if (index <= through) await removeOrTell(this.#disk, name, this.#journal);
    }
    for (const name of names) {
      const checkpoint = parseCheckpoint(name);
      if (checkpoint !== undefined && checkpoint.index < through) {
        await removeOrTell(this.#disk, name, this.#journal);
      }
    }
  }

  /** Waits for what was logged before, then syncs and closes the segment. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    await this.#queue(async () => {
      while (this.#waiting.length > 0) await this.#writeBatch();
      await this.#finish();
    });
  }

  /** Runs a job after those before it, whatever became of them. */
  #queue<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#jobs.then(job);
    this.#jobs = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  #planBatch(): void {
    if (this.#batchPlanned || this.#waiting.length === 0) return;
    this.#batchPlanned = true;
    this.#queue(() => {
      this.#batchPlanned = false;
      return this.#writeBatch();
    });
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    // What did not fit goes behind a roll that waits already.
    this.#planBatch();
    try {
      await this.#write(batch);
    } catch (cause) {
      const error = await this.#abandon(cause);
      for (const { reject } of batch) reject(error);
      return;
    }
    this.#tellFailing(undefined);
    for (const { resolve } of batch) resolve();
  }

  #takeBatch(): Waiting[] {
    const sizeMax = Math.min(BATCH_SIZE_MAX, this.#segmentSize);
    let size = 0;
    let count = 0;
    for (const { size: more } of this.#waiting) {
      if (count > 0 && size + more > sizeMax) break;
      size += more;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const size = batch.reduce((sum, waiting) => sum + waiting.size, 0);
    const current = this.#segment;
    if (current !== undefined && current.offset > 0 && current.offset + size > this.#segmentSize) {
      // Its failure is not this batch's: it leaves no segment, and the batch goes into a new one.
      await this.#finish().catch(() => {});
    }
    const segment = this.#segment ?? (await this.#begin());
    const buffer = this.#buffer;
    buffer.reset();
    for (const { records } of batch) {
      for (const record of records) segment.offset = frameRecord(buffer, segment.offset, record);
    }
    segment.dirty = true;
    await segment.file.write(buffer.view());
    const count = batch.reduce((sum, { records }) => sum + records.length, 0);
    this.#meter.count("loki_ingester_wal_records_logged_total", count);
    this.#meter.count("loki_ingester_wal_logged_bytes_total", buffer.size);
    if (buffer.size > BUFFER_KEPT_MAX) this.#buffer = new ByteWriter(64 * 1024);
    if (this.#options.sync === "commit") await this.#sync(segment);
    else if (this.#options.sync === "interval") this.#planSync();
    segment.acknowledged = true;
  }

  async #sync(segment: Segment): Promise<void> {
    await segment.file.sync();
    segment.dirty = false;
  }

  async #begin(): Promise<Segment> {
    const index = this.#next;
    const file = await this.#disk.append(segmentName(index));
    this.#next = index + 1;
    this.#segment = { index, file, offset: 0, acknowledged: false, dirty: false };
    return this.#segment;
  }

  /** Fills the last page, syncs and closes. */
  async #finish(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#buffer.reset();
    padPage(this.#buffer, segment.offset);
    try {
      if (this.#buffer.size > 0) await segment.file.write(this.#buffer.view());
      await this.#sync(segment);
    } catch (cause) {
      throw await this.#abandon(cause);
    }
    this.#segment = undefined;
    await segment.file.close();
  }

  /** Leaves a segment that could not be written or synced; the next batch begins another. */
  async #abandon(cause: unknown): Promise<Unavailable> {
    const segment = this.#segment;
    this.#segment = undefined;
    const name = segmentName(segment?.index ?? this.#next);
    const error =
      cause instanceof Unavailable
        ? cause
        : new Unavailable(`wal segment ${name} cannot be written`, { cause });
    if (isFull(cause)) this.#meter.count("loki_ingester_wal_disk_full_failures_total", 1);
    this.#tellFailing(error);
    if (segment === undefined) return error;
    // What was acknowledged without a sync gets its chance.
    if (segment.acknowledged && segment.dirty) await segment.file.sync().catch(() => {});
    await segment.file.close().catch(() => {});
    if (!segment.acknowledged) await this.#takeBack(segment.index);
    return error;
  }

  /** Tells the journal when failures begin and when they end, not of every one. */
  #tellFailing(error: Unavailable | undefined): void {
    const failing = error !== undefined;
    if (failing === this.#failing) return;
    this.#failing = failing;
    if (failing) this.#journal.log("error", "wal cannot be written", { err: error.message });
    else this.#journal.log("info", "wal can be written again");
  }

  /** Removes a segment of nothing but failed writes: on a full disk each try would leave one more. */
  async #takeBack(index: number): Promise<void> {
    try {
      await this.#disk.remove(segmentName(index));
      this.#next = index;
    } catch {
      // It stays and is read as torn; the next segment has the next index.
    }
  }

  #planSync(): void {
    if (this.#syncPlanned) return;
    this.#syncPlanned = true;
    const { clock, syncIntervalMs } = this.#options;
    void clock
      .sleep(syncIntervalMs ?? SYNC_INTERVAL_MS, this.#closing.signal)
      .then(() => this.#queue(() => this.#syncPlan()));
  }

  async #syncPlan(): Promise<void> {
    this.#syncPlanned = false;
    const segment = this.#segment;
    if (segment === undefined || !segment.dirty) return;
    try {
      await this.#sync(segment);
    } catch (cause) {
      await this.#abandon(cause);
    }
  }
}

/** The system's name of it comes through in the message. */
function isFull(cause: unknown): boolean {
  return cause instanceof Error && /ENOSPC|EDQUOT|no space left/i.test(cause.message);
}

async function removeOrTell(disk: LogDisk, name: string, journal: Journal): Promise<void> {
  try {
    await disk.remove(name);
  } catch (error) {
    journal.log("warn", "wal file cannot be removed", { name, err: String(error) });
  }
}

function tooLarge(size: number): LimitExceeded {
  return new LimitExceeded(
    "wal_record_size",
    `wal record is ${size} bytes, ${RECORD_SIZE_MAX} are allowed`,
  );
}
