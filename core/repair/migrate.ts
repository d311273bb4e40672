/**
 * Copies a bucket into another one, in another encoding, schema, tenant or a part of its time. What the
 * source's index names is read table by table and tenant by tenant; of each the chunks are put first
 * and then an index file, and then it is done. A run that was killed does what was not done again: the
 * same chunks get the same keys, and an index that names a chunk twice names it once.
 */
import { chunkKey } from "../chunk/keys.ts";
import { IndexReader } from "../index/reader.ts";
import { compactedFileName, indexKey, tablesFor } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { chunkFormatOf, DAY_MS, indexVersionOf, periodAt, type Schema } from "../model/schema.ts";
import { checkTenant } from "../model/tenant.ts";
import { msOf } from "../model/time.ts";
import { ENCODINGS, type Encoding } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ChunkStore } from "../store/chunks.ts";
import { namesOf } from "./chunk-name.ts";
import type { Finding } from "./finding.ts";
import { inFlight } from "./in-flight.ts";
import {
  byTable,
  type IndexFolder,
  type IndexPlace,
  listIndex,
  readIndex,
  seriesOf,
} from "./index-walk.ts";
import { openChunk } from "./open-chunk.ts";
import { reencode } from "./reencode.ts";
import { type ChunkId, RefTable } from "./ref-table.ts";

const WIDTH = 8;
const BYTES_MAX = 64 << 20;

export interface MigrateTarget {
  readonly objects: ObjectStore;
  readonly chunks: ChunkStore;
  readonly indexPrefix: string;
  readonly schema: Schema;
}

export interface MigrateOptions extends IndexFolder {
  readonly target: MigrateTarget;
  /** What tenants are called in the target; others are left out. Undefined takes all as they are. */
  readonly tenants?: ReadonlyMap<string, string> | undefined;
  /** Unix nanoseconds, the end exclusive. */
  readonly from: bigint;
  readonly to: bigint;
  /** Undefined keeps that of each chunk. */
  readonly encoding?: Encoding | undefined;
  readonly onFinding: (finding: Finding) => Promise<void> | void;
  readonly onChunk?: (bytes: number, total: number) => void;
  readonly onTable?: (table: string, tenant: string, lines: number) => Promise<void> | void;
  readonly state?: MigrateState | undefined;
  readonly onState?: (state: MigrateState) => Promise<void> | void;
}

export interface MigrateCounts {
  readonly chunks: number;
  /** Lines that were wanted and could be read, and that were written. */
  readonly linesIn: number;
  readonly linesOut: number;
  /** Lines that the target's index names of what was written, read back from the target. */
  readonly linesNamed: number;
  /** Chunks and index files that were missing or damaged, wholly or in part. */
  readonly damaged: number;
}

/** How far a run has come. */
export interface MigrateState {
  /** `table/tenant` of the source. */
  readonly done: readonly string[];
  readonly counts: MigrateCounts;
}

export interface MigrateReport extends MigrateCounts {
  readonly complete: boolean;
  /** Every line that could be read is in the target, one of each two that are alike in a chunk aside. */
  readonly isWhole: boolean;
}

const NOTHING: MigrateCounts = { chunks: 0, linesIn: 0, linesOut: 0, linesNamed: 0, damaged: 0 };

export async function migrateBucket(options: MigrateOptions): Promise<MigrateReport> {
  return await new Migration(options).run();
}

interface Source extends ChunkId {
  readonly labels: Labels;
}

interface Written {
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly ref: ChunkRef;
}

class Migration {
  readonly #options: MigrateOptions;
  readonly #done: Set<string>;
  #counts: MigrateCounts;
  #bytes = 0;
  /** Bytes of index files, of all and of the tables that are done: they tell how much is left. */
  #index = { all: 0, done: 0 };

  constructor(options: MigrateOptions) {
    this.#options = options;
    this.#done = new Set(options.state?.done);
    this.#counts = options.state?.counts ?? NOTHING;
  }

  async run(): Promise<MigrateReport> {
    const { signal, onFinding } = this.#options;
    const places = await listIndex(this.#options);
    this.#index.all = places.reduce((sum, { size }) => sum + size, 0);
    const days = new Set(places.map(({ day }) => day));
    for (const [table, files] of byTable(places)) {
      const tenants = await this.#chunksOf(files, days, onFinding);
      for (const [tenant, chunks] of tenants) {
        if (this.#done.has(`${table}/${tenant}`)) continue;
        if (signal?.aborted || !(await this.#copy(table, tenant, chunks)))
          return { complete: false, ...this.#counts, isWhole: false };
      }
      this.#index.done += files.reduce((sum, { size }) => sum + size, 0);
    }
    const { linesOut, linesNamed } = this.#counts;
    return { complete: true, ...this.#counts, isWhole: linesNamed === linesOut };
  }

  /** The chunks that begin in a table, or in one before it that is gone, by tenant, each once. */
  async #chunksOf(
    places: readonly IndexPlace[],
    days: ReadonlySet<number>,
    onFinding: MigrateOptions["onFinding"],
  ): Promise<Map<string, Source[]>> {
    const [known, tenants] = [new RefTable(), new Map<string, Source[]>()];
    const [fromMs, toMs] = [msOf(this.#options.from), msOf(this.#options.to - 1n)];
    for (const place of places) {
      this.#options.signal?.throwIfAborted();
      try {
        const reader = await readIndex(place, this.#options);
        if (reader === undefined) continue;
        for (const { tenant, labels, fingerprint, chunks } of seriesOf(reader, place)) {
          if (this.#options.tenants !== undefined && !this.#options.tenants.has(tenant)) continue;
          for (const ref of chunks) {
            if (ref.throughMs < fromMs || ref.fromMs > toMs) continue;
            if (homeOf(ref, days) !== place.day) continue;
            const before = known.count;
            if (known.add({ tenant, fingerprint, ...ref }, ref) < before) continue;
            const list = tenants.get(tenant);
            const source = { tenant, labels, fingerprint, ...ref };
            if (list === undefined) tenants.set(tenant, [source]);
            else list.push(source);
          }
        }
      } catch (error) {
        if (!(error instanceof Corrupt)) throw error;
        await onFinding({ kind: "damaged", key: place.key, what: error.message });
        this.#add({ damaged: 1 });
      }
    }
    return tenants;
  }

  /** False when the signal ended it; then nothing of it counts as done. */
  async #copy(table: string, tenant: string, chunks: readonly Source[]): Promise<boolean> {
    const name = checkTenant(this.#options.tenants?.get(tenant) ?? tenant);
    const written: Written[] = [];
    const before = this.#counts;
    const ended = await inFlight(chunks, (chunk) => this.#chunk(chunk, name, written), {
      width: WIDTH,
      bytesMax: BYTES_MAX,
      sizeOf: () => BYTES_MAX / WIDTH,
      signal: this.#options.signal,
    });
    if (!ended) {
      this.#counts = before;
      return false;
    }
    this.#add({ linesNamed: await this.#writeIndex(name, written) });
    this.#done.add(`${table}/${tenant}`);
    const { onTable, onState } = this.#options;
    await onState?.({ done: [...this.#done], counts: this.#counts });
    await onTable?.(table, tenant, this.#counts.linesOut - before.linesOut);
    return true;
  }

  async #chunk(source: Source, tenant: string, written: Written[]): Promise<void> {
    const { target, codecs, encoding, from, to, onFinding, onChunk } = this.#options;
    const key = chunkKey("v12", source.tenant, source.fingerprint, source);
    const found = async (kind: Finding["kind"], what: string) => {
      this.#add({ damaged: 1 });
      await onFinding({ kind, key, what });
    };
    const bytes = await this.#read(key);
    if (bytes === undefined) return await found("missing", "there is no such object");
    this.#bytes += bytes.length;
    onChunk?.(bytes.length, this.#total());
    try {
      const chunk = await openChunk(bytes, codecs);
      if (chunk.tenant !== source.tenant || chunk.fingerprint !== source.fingerprint)
        throw new Corrupt(
          `object is of tenant ${chunk.tenant}, stream ${chunk.fingerprint.toString(16)}`,
        );
      const isSound = chunk.checksum === source.checksum;
      const format = chunkFormatOf(periodAt(target.schema, chunk.fromMs));
      const form = { tenant, format, encoding, from, to };
      const { object, ref, linesIn, linesOut, damage } = await reencode(
        { chunk, bytes, isSound },
        form,
        codecs,
      );
      if (damage.length > 0)
        await found("damaged", `${damage.length} blocks are left out: ${damage[0]}`);
      if (object === undefined || ref === undefined) return;
      const { labels, fingerprint } = chunk;
      await target.chunks.put({ tenant: checkTenant(tenant), labels, fingerprint, ref, object });
      written.push({ labels, fingerprint, ref });
      this.#add({ chunks: 1, linesIn, linesOut });
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      await found("damaged", `left out: ${error.message}`);
    }
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    for (const name of namesOf(key)) {
      const bytes = await this.#options.store.get(name);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  /** A file of the tenant for every table that the chunks touch. Gives the lines that these name, each once. */
  async #writeIndex(tenant: string, written: readonly Written[]): Promise<number> {
    const { target, codecs } = this.#options;
    const writers = new Map<string, { writer: IndexWriter; day: number }>();
    for (const { labels, fingerprint, ref } of written) {
      for (const { name, number, period } of tablesFor(target.schema, ref.fromMs, ref.throughMs)) {
        let table = writers.get(name);
        if (table === undefined) {
          table = { writer: new IndexWriter({ version: indexVersionOf(period) }), day: number };
          writers.set(name, table);
        }
        table.writer.add(labels, fingerprint, [ref]);
      }
    }
    let lines = 0;
    for (const [table, { writer, day }] of writers) {
      const bytes = writer.finish();
      const key = await this.#putIndex(table, tenant, bytes);
      const place = { key, size: 0, table, tenant, day, file: key };
      const reader = await readIndex(place, { ...target, store: target.objects, codecs });
      for (const { chunks } of reader === undefined ? [] : seriesOf(reader, place)) {
        for (const { fromMs, entries } of chunks)
          if (Math.floor(fromMs / DAY_MS) === day) lines += entries;
      }
    }
    return lines;
  }

  /**
   * The key of the file, which has its time from its content: a run that comes again finds what an
   * earlier one wrote. Another file of that name stays, and this one has the name of the next second.
   */
  async #putIndex(table: string, tenant: string, bytes: Uint8Array): Promise<string> {
    const { target, codecs } = this.#options;
    const reader = IndexReader.open(bytes);
    for (let seconds = Math.floor(reader.throughMs / 1000); ; seconds++) {
      const key = indexKey(target.indexPrefix, table, compactedFileName(seconds, reader), tenant);
      const stored = await target.objects.get(key);
      if (stored === undefined) {
        await target.objects.put(key, await codecs.compress(ENCODINGS.gzip, bytes));
        return key;
      }
      if (await this.#isOf(stored, bytes)) return key;
    }
  }

  async #isOf(stored: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    try {
      const { codecs } = this.#options;
      const limit = { sizeMax: bytes.length };
      const content = await codecs.decompress(ENCODINGS.gzip, stored, limit);
      return content.length === bytes.length && content.every((byte, at) => byte === bytes[at]);
    } catch (error) {
      // Damaged, or larger than the limit.
      if (error instanceof Corrupt) return false;
      throw error;
    }
  }

  #add(more: Partial<MigrateCounts>): void {
    const { chunks, linesIn, linesOut, linesNamed, damaged } = this.#counts;
    this.#counts = {
      chunks: chunks + (more.chunks ?? 0),
      linesIn: linesIn + (more.linesIn ?? 0),
      linesOut: linesOut + (more.linesOut ?? 0),
      linesNamed: linesNamed + (more.linesNamed ?? 0),
      damaged: damaged + (more.damaged ?? 0),
    };
  }

  #total(): number {
    const { all, done } = this.#index;
    return done === 0 ? 0 : Math.round((this.#bytes * all) / done);
  }
}

/** The day of the table that a chunk is taken from: its first, of those that there are. */
function homeOf({ fromMs, throughMs }: ChunkRef, days: ReadonlySet<number>): number {
  const last = Math.floor(throughMs / DAY_MS);
  let day = Math.floor(fromMs / DAY_MS);
  while (day < last && !days.has(day)) day++;
  return day;
}
