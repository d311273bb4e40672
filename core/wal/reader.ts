/**
 * Replays a log: the highest checkpoint, then the segments after it. Whatever can be read is given to
 * the visitor, in the order it was logged; whatever cannot is told with its place. Damage never ends
 * a replay, a disk that does not answer does.
 */
import { snappyDecodeBlock } from "../compress/snappy.ts";
import { Corrupt } from "../model/errors.ts";
import type { LogDisk } from "../ports/log-disk.ts";
import { latestCheckpoint } from "./checkpoint.ts";
import type { Damage } from "./damage.ts";
import { RECORD_SIZE_MAX, SNAPPY_FLAG, segmentName, segmentsIn, ZSTD_FLAG } from "./layout.ts";
import { decodeRecord, type WalRecord } from "./record.ts";
import { type RawRecord, readSegment } from "./segment.ts";

/** Where a record was read: "checkpoint.000002/00000000", 32768. */
export interface Place {
  readonly segment: string;
  readonly offset: number;
}

/** Takes a record, whose bytes may be kept. A promise is waited for; an error ends the replay. */
export type Visit = (record: WalRecord, place: Place) => void | Promise<void>;

export interface ReplayOptions {
  readonly onDamage?: (damage: Damage) => void;
  /** Called every megabyte or so with the bytes read so far and those there are. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ReplayReport {
  /** Name of the checkpoint that was read. */
  readonly checkpoint: string | undefined;
  /** Segments read, those of the checkpoint among them. */
  readonly segments: number;
  readonly bytes: number;
  /** Records given to the visitor. */
  readonly records: number;
  /** How often each kind of damage was met. */
  readonly corrupt: number;
  readonly torn: number;
  readonly holes: number;
  /** The first of them, so many as a person would read. */
  readonly damage: readonly Damage[];
}

const DAMAGE_KEPT = 100;

export async function replay(
  disk: LogDisk,
  visit: Visit,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const run = new Replay(disk, visit, options);
  const checkpoint = await latestCheckpoint(disk);
  const covered = checkpoint?.index ?? -1;
  const inCheckpoint = checkpoint === undefined ? [] : await segmentsOf(disk, checkpoint.name, 0);
  const segments = await segmentsOf(disk, "", 0);
  const after = segments.filter(({ index }) => index > covered);
  await run.expect([...inCheckpoint, ...after]);

  run.lookForHoles(inCheckpoint, 0, checkpoint === undefined ? "" : `${checkpoint.name}/`);
  for (const segment of inCheckpoint) await run.segment(segment);
  // What a damaged checkpoint lost may still be in segments that it would have replaced. Of what it
  // did not lose, entries are known by their counters.
  if (run.damaged) {
    const before = segments.filter(({ index }) => index <= covered);
    await run.expect(before);
    for (const segment of before) await run.segment(segment);
  }
  run.lookForHoles(after, covered + 1, "");
  for (const segment of after) await run.segment(segment);
  return run.report(checkpoint?.name);
}

interface SegmentFile {
  readonly path: string;
  readonly index: number;
}

async function segmentsOf(disk: LogDisk, folder: string, from: number): Promise<SegmentFile[]> {
  const segments = segmentsIn(await disk.list(folder));
  const prefix = folder === "" ? "" : `${folder}/`;
  return segments
    .filter(({ index }) => index >= from)
    .map(({ name, index }) => ({ path: prefix + name, index }));
}

/** One replay: what it counts while it goes. */
class Replay {
  readonly #disk: LogDisk;
  readonly #visit: Visit;
  readonly #options: ReplayOptions;
  readonly #sizes = new Map<string, number>();
  #total = 0;
  #done = 0;
  #segments = 0;
  #records = 0;
  readonly #counts = { corrupt: 0, torn: 0, hole: 0 };
  readonly #damage: Damage[] = [];

  constructor(disk: LogDisk, visit: Visit, options: ReplayOptions) {
    this.#disk = disk;
    this.#visit = visit;
    this.#options = options;
  }

  get damaged(): boolean {
    return this.#damage.length > 0;
  }

  /** Learns how much there is to read. */
  async expect(segments: readonly SegmentFile[]): Promise<void> {
    for (const { path } of segments) {
      const size = await this.#disk.size(path);
      this.#sizes.set(path, size);
      this.#total += size;
    }
  }

  /** Tells of indexes that are missing before or between segments. */
  lookForHoles(segments: readonly SegmentFile[], first: number, prefix: string): void {
    let next = first;
    for (const { path, index } of segments) {
      if (index > next) {
        const names =
          index === next + 1
            ? segmentName(next)
            : `${segmentName(next)} to ${segmentName(index - 1)}`;
        this.#tell({
          kind: "hole",
          segment: path,
          offset: 0,
          what: `${prefix}${names} missing before it`,
        });
      }
      next = index + 1;
    }
  }

  async segment({ path }: SegmentFile): Promise<void> {
    const size = this.#sizes.get(path) ?? 0;
    const { signal, onProgress } = this.#options;
    const source = {
      size,
      read: (offset: number, count: number) => this.#disk.read(path, offset, count),
    };
    const visitor = {
      record: (raw: RawRecord) => this.#record(raw, path),
      damage: (damage: Omit<Damage, "segment">) => this.#tell({ ...damage, segment: path }),
      progress: (done: number) => onProgress?.(this.#done + done, this.#total),
    };
    await readSegment(source, visitor, signal);
    this.#done += size;
    this.#segments++;
  }

  report(checkpoint: string | undefined): ReplayReport {
    const { corrupt, torn, hole } = this.#counts;
    return {
      checkpoint,
      segments: this.#segments,
      bytes: this.#done,
      records: this.#records,
      corrupt,
      torn,
      holes: hole,
      damage: this.#damage,
    };
  }

  #record(raw: RawRecord, segment: string): void | Promise<void> {
    let record: WalRecord;
    try {
      record = decodeRecord(plainBytes(raw));
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      this.#tell({ kind: "corrupt", segment, offset: raw.offset, what: error.message });
      return;
    }
    this.#records++;
    return this.#visit(record, { segment, offset: raw.offset });
  }

  #tell(damage: Damage): void {
    this.#counts[damage.kind]++;
    if (this.#damage.length < DAMAGE_KEPT) this.#damage.push(damage);
    this.#options.onDamage?.(damage);
  }
}

function plainBytes({ bytes, flags }: RawRecord): Uint8Array {
  if (flags === 0) return bytes;
  if (flags === SNAPPY_FLAG) return snappyDecodeBlock(bytes, RECORD_SIZE_MAX);
  if (flags === ZSTD_FLAG)
    throw new Corrupt(`zstd record of ${bytes.length} bytes is not supported`);
  throw new Corrupt(`record has compression flags ${flags}`);
}
