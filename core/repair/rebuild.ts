/**
 * Makes the index of a bucket again from its chunks alone: one file for each tenant and table, as a
 * compactor leaves them. Labels and times are in the chunk objects, lines and sizes in their tables of
 * blocks, so every chunk is read once.
 *
 * Only tables of tenants that have no index are written, unless all are to be replaced. Then the new
 * file is in the store before the old ones go; files that several tenants share go last, when each of
 * these has its new one. Killed at any moment, the bucket has an index at least as good as before.
 */
import { IndexReader } from "../index/reader.ts";
import { compactedFileName, indexKey } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { sameLabels } from "../labels/labels.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Clock } from "../ports/clock.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readChunkName } from "./chunk-name.ts";
import { inFlight } from "./in-flight.ts";
import { type IndexPlace, readIndex, seriesOf } from "./index-walk.ts";
import { openChunk, refOf } from "./open-chunk.ts";
import {
  type PlanOptions,
  planRebuild,
  type RebuildJob,
  type RebuildPlan,
} from "./rebuild-plan.ts";

/** Objects read at a time, and their bytes. */
const WIDTH = 8;
const BYTES_MAX = 64 << 20;

export interface RebuildOptions extends PlanOptions {
  readonly clock: Clock;
  /** Says what would be written and reads nothing. */
  readonly dryRun?: boolean;
  /** `table/tenant` of what an earlier run did. */
  readonly done?: readonly string[] | undefined;
  /** Told of all that is done after each table of a tenant. */
  readonly onDone?: (done: readonly string[]) => Promise<void> | void;
  readonly onObject?: (bytes: number, total: number) => void;
  readonly onJob?: (job: RebuiltJob) => Promise<void> | void;
}

export interface RebuiltJob {
  readonly table: string;
  readonly tenant: string;
  readonly chunks: number;
  readonly entries: number;
  readonly series: number;
  /** Undefined when nothing was written. */
  readonly key: string | undefined;
}

export interface RebuildReport {
  readonly complete: boolean;
  /** Index files that were written, and that were removed. */
  readonly written: number;
  readonly removed: number;
  /** Tables of tenants that had an index and were left as they were. */
  readonly kept: number;
  /** Damaged index files that lie beside the new ones. */
  readonly damagedFiles: number;
  /** Whether tables have the given prefix because nothing else said what they are called. */
  readonly isPrefixGuessed: boolean;
  /** Chunks in the bucket, and those that could not be read and are in no index now. */
  readonly chunks: number;
  readonly leftOut: number;
}

export async function rebuildIndex(options: RebuildOptions): Promise<RebuildReport> {
  return await new Rebuild(options, await planRebuild(options)).run();
}

/** What a chunk becomes in an index. */
interface IndexEntry {
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly ref: ChunkRef;
  /** Format of the chunk. */
  readonly format: number;
}

class Rebuild {
  readonly #options: RebuildOptions;
  readonly #plan: RebuildPlan;
  readonly #store: ObjectStore;
  readonly #done: Set<string>;
  /** Chunks that later tables want too, by row; undefined for those that cannot be read. */
  #carried = new Map<number, IndexEntry | undefined>();
  readonly #unreadable = new Set<number>();
  #written = 0;
  #removed = 0;

  constructor(options: RebuildOptions, plan: RebuildPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#store = options.store;
    this.#done = new Set(options.done);
  }

  async run(): Promise<RebuildReport> {
    const { jobs, kept, chunks } = this.#plan;
    let complete = true;
    for (const [index, job] of jobs.entries()) {
      if (this.#done.has(nameOf(job))) continue;
      if (this.#options.signal?.aborted || !(await this.#rebuild(job, jobs[index + 1]))) {
        complete = false;
        break;
      }
      this.#done.add(nameOf(job));
      if (!this.#options.dryRun) await this.#options.onDone?.([...this.#done]);
    }
    if (complete && this.#options.replace && !this.#options.dryRun) await this.#removeCommon();
    return {
      complete,
      written: this.#written,
      removed: this.#removed,
      kept,
      damagedFiles: this.#plan.damaged,
      isPrefixGuessed: this.#plan.isPrefixGuessed,
      chunks: chunks.count,
      leftOut: this.#unreadable.size,
    };
  }

  /** False when the signal ended it. */
  async #rebuild(job: RebuildJob, next: RebuildJob | undefined): Promise<boolean> {
    const { table, tenant } = job;
    if (this.#options.dryRun) {
      const count = { chunks: job.rows.length, entries: 0, series: 0 };
      await this.#options.onJob?.({ table, tenant, ...count, key: undefined });
      return true;
    }
    const entries: IndexEntry[] = [];
    const known = new KnownLabels();
    const carried = new Map<number, IndexEntry | undefined>();
    const wantedNext = new Set(next?.tenant === tenant ? next.rows : []);
    const ended = await inFlight(
      job.rows,
      async (row) => {
        const entry = this.#carried.has(row) ? this.#carried.get(row) : await this.#read(row);
        if (wantedNext.has(row)) carried.set(row, entry);
        if (entry !== undefined) entries.push({ ...entry, labels: known.same(entry) });
      },
      {
        width: WIDTH,
        bytesMax: BYTES_MAX,
        sizeOf: () => BYTES_MAX / WIDTH,
        signal: this.#options.signal,
      },
    );
    if (!ended) return false;
    this.#carried = carried;
    await this.#write(job, entries);
    return true;
  }

  /** Undefined when the object is gone, or too damaged to be named in an index. */
  async #read(row: number): Promise<IndexEntry | undefined> {
    const { codecs, onFinding, onObject } = this.#options;
    const { chunks } = this.#plan;
    const [id, object] = [chunks.idAt(row), chunks.objectAt(row)];
    const bytes = await this.#store.get(object);
    if (bytes === undefined) return undefined;
    onObject?.(bytes.length, chunks.bytes);
    const key = readChunkName(object)!.key;
    try {
      const chunk = await openChunk(bytes, codecs);
      const { tenant, fingerprint, fromMs, throughMs, labels } = chunk;
      if (
        tenant !== id.tenant ||
        fingerprint !== id.fingerprint ||
        fromMs !== id.fromMs ||
        throughMs !== id.throughMs
      ) {
        throw new Corrupt(`object is of tenant ${tenant}, stream ${fingerprint.toString(16)}`);
      }
      const ref = { ...(await refOf(chunk, codecs)), checksum: id.checksum };
      if (chunk.checksum !== id.checksum) {
        // Blocks have checksums of their own: queries give the sound ones and say what is damaged.
        const what =
          "some of its bytes are damaged; the index names it for the blocks that are not";
        await onFinding({ kind: "damaged", key, what });
      }
      return { labels, fingerprint, ref, format: chunk.table.format };
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      this.#unreadable.add(row);
      await onFinding({ kind: "damaged", key, what: `left out: ${error.message}` });
      return undefined;
    }
  }

  async #write(job: RebuildJob, entries: readonly IndexEntry[]): Promise<void> {
    const { table, tenant } = job;
    const { codecs, clock, indexPrefix, replace, onJob } = this.#options;
    if (entries.length === 0) return;
    const version = job.version ?? (entries.some(({ format }) => format >= 4) ? 3 : 2);
    const writer = new IndexWriter({ version });
    for (const { labels, fingerprint, ref } of entries) writer.add(labels, fingerprint, [ref]);
    const series = writer.seriesCount;
    const bytes = writer.finish();
    // Opening what was written proves it, and gives the bounds for its name.
    const reader = IndexReader.open(bytes);
    const old = this.#plan.places.filter(
      (place) => place.table === table && place.tenant === tenant,
    );
    let seconds = Math.floor(clock.nowMs() / 1000);
    const keyAt = () => indexKey(indexPrefix, table, compactedFileName(seconds, reader), tenant);
    // Readers keep files by their name, so the new one has a name that none had.
    while (old.some(({ key }) => key === keyAt())) seconds++;
    const key = keyAt();
    await this.#store.put(key, await codecs.compress(ENCODINGS.gzip, bytes));
    this.#written++;
    if (replace) for (const place of old) await this.#remove(place);
    const sum = entries.reduce((count, { ref }) => count + ref.entries, 0);
    await onJob?.({ table, tenant, chunks: entries.length, entries: sum, series, key });
  }

  /** Files of several tenants go when each tenant that they name has been given its own. */
  async #removeCommon(): Promise<void> {
    for (const place of this.#plan.places) {
      if (place.tenant !== undefined) continue;
      const tenants = await this.#tenantsOf(place);
      const written = tenants.every((tenant) => this.#done.has(`${place.table}/${tenant}`));
      if (tenants.length > 0 && written) await this.#remove(place);
    }
  }

  /** Of a damaged file those that the table's chunks have: what else it named is lost anyway. */
  async #tenantsOf(place: IndexPlace): Promise<string[]> {
    try {
      const reader = await readIndex(place, this.#options);
      if (reader === undefined) return [];
      const tenants = new Set<string>();
      for (const { tenant } of seriesOf(reader, place)) tenants.add(tenant);
      return [...tenants];
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      // Without all tenants we do not know that nobody needs the file.
      if (this.#options.tenants !== undefined) return [];
      return this.#plan.jobs
        .filter(({ table }) => table === place.table)
        .map(({ tenant }) => tenant);
    }
  }

  async #remove({ key }: IndexPlace): Promise<void> {
    await this.#store.delete(key);
    this.#removed++;
  }
}

/** One object for all chunks of a stream: a day may have a hundred chunks of each. */
class KnownLabels {
  readonly #known = new Map<bigint, Labels>();

  same({ fingerprint, labels }: IndexEntry): Labels {
    const known = this.#known.get(fingerprint);
    if (known !== undefined && sameLabels(known, labels)) return known;
    this.#known.set(fingerprint, labels);
    return labels;
  }
}

function nameOf({ table, tenant }: { table: string; tenant: string }): string {
  return `${table}/${tenant}`;
}
