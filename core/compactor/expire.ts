/**
 * Retention and deletes on the index of one tenant in one table: every chunk stays, goes, or is written
 * again without some lines.
 *
 * The order on the store makes a kill at any call harmless. First the marks: of the chunks that go, and
 * of new ones before they are put. Then what deletes found, then the new chunks, then the new index
 * file, then the old ones away. So a new index names only what is there, and what no index names has a
 * mark. When the old file is still there it is merged in again, and all of this happens once more.
 */
import type { ChunkName } from "../chunk/keys.ts";
import type { DeleteFilter } from "../deletes/filter.ts";
import type { IndexReader } from "../index/reader.ts";
import type { Table } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { indexVersionOf } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import { nsOf } from "../model/time.ts";
import type { ChunkStore } from "../store/chunks.ts";
import type { StoredChunk } from "../store/sink.ts";
import type { Cutoffs } from "./cutoffs.ts";
import type { DeleteRun } from "./delete-run.ts";
import { type IndexParts, packWhole, removeIndex, uploadIndex } from "./index-set.ts";
import type { Losses } from "./losses.ts";
import { MARKS_MAX, type Marker } from "./marks.ts";
import { pooled } from "./pool.ts";
import { rewriteChunk } from "./rewrite.ts";

export interface ExpireParts extends IndexParts {
  readonly chunks: ChunkStore;
  readonly marker: Marker;
  readonly losses: Losses;
  readonly deletes?: DeleteRun;
  /** Asked at every series: throws when the table has taken too long. */
  readonly checkTime?: () => void;
  /** Looks and counts, and leaves the store as it is. */
  readonly dryRun?: boolean;
}

export interface TenantTable {
  readonly table: Table;
  readonly tenant: Tenant;
  readonly cutoffs: Cutoffs;
  /** What would go by rules that wait to be confirmed, and is only counted. */
  readonly withheld?: { readonly cutoffs: Cutoffs; readonly losses: Losses };
  /** The files that `reader` is of, to be replaced. */
  readonly own: readonly string[];
  readonly reader: IndexReader;
}

/** What happened to the index: `none` when every chunk stays. */
export interface Expired {
  readonly action: "none" | "modified" | "deleted";
  /** Chunks that the index does not name any more. */
  readonly dropped: number;
  /** First moment of what stays, Unix milliseconds; Infinity when nothing does. */
  readonly oldestMs: number;
}

/** New chunks that wait for their marks, and puts at a time. */
const WAITING_BYTES = 16 << 20;
const PUTS = 8;

export async function expireTenant(job: TenantTable, parts: ExpireParts): Promise<Expired> {
  const run = new TenantRun(job, parts);
  for (const series of job.reader.wholeSeries()) {
    parts.signal?.throwIfAborted();
    parts.checkTime?.();
    const wait = run.sift(series.labels, series.fingerprint, series.chunks);
    // Only deletes have to look into chunks; an index of expired ones is gone through without a pause.
    if (wait !== undefined) await wait;
  }
  return await run.finish();
}

class TenantRun {
  readonly #job: TenantTable;
  readonly #parts: ExpireParts;
  readonly #filter: DeleteFilter | undefined;
  readonly #writer: IndexWriter;
  #dropped = 0;
  #seen = 0;
  #oldestMs = Infinity;
  #changed = false;
  /** Since the last flush: what is to be marked, and new chunks to be put. */
  #marks: ChunkName[] = [];
  #puts: StoredChunk[] = [];
  #putBytes = 0;

  constructor(job: TenantTable, parts: ExpireParts) {
    const { tenant, reader, table } = job;
    this.#job = job;
    this.#parts = parts;
    this.#filter = parts.deletes?.filterOf(tenant, reader.fromMs, reader.throughMs);
    this.#writer = new IndexWriter({ version: indexVersionOf(table.period) });
  }

  /** Goes through the chunks of one series. A promise when chunks must be read or marks written. */
  sift(
    labels: Labels,
    fingerprint: bigint,
    chunks: readonly ChunkRef[],
  ): Promise<void> | undefined {
    const { table, cutoffs } = this.#job;
    this.#seen += chunks.length;
    const cutoffMs = cutoffs.of(labels);
    // The whole table is past, so a chunk that goes on into the next one is found there.
    const tableIsPast = table.throughMs < cutoffMs;
    const kept: ChunkRef[] = [];
    const touched: ChunkRef[] = [];
    for (const ref of chunks) {
      if (ref.throughMs < cutoffMs) this.#drop(labels, fingerprint, ref);
      else if (tableIsPast && ref.throughMs > table.throughMs) this.#leave(fingerprint, ref);
      else if (this.#isTouched(labels, ref)) touched.push(ref);
      else kept.push(ref);
    }
    if (touched.length > 0) return this.#siftTouched(labels, fingerprint, kept, touched);
    this.#keep(labels, fingerprint, kept);
    return this.#marks.length >= MARKS_MAX ? this.#flush() : undefined;
  }

  /** Replaces the index when something changed. */
  async finish(): Promise<Expired> {
    const { table, tenant, own } = this.#job;
    const { dryRun } = this.#parts;
    if (this.#seen === 0) throw new Corrupt(`index of ${tenant} in ${table.name} has no chunks`);
    const oldestMs = this.#oldestMs;
    if (!this.#changed) return { action: "none", dropped: 0, oldestMs };
    const isEmpty = this.#writer.seriesCount === 0;
    if (!dryRun) {
      await this.#flush();
      if (!isEmpty) {
        const packed = await packWhole(this.#writer.finish(), this.#parts.codecs);
        await uploadIndex({ table, tenant, own, packed }, this.#parts);
      }
      await removeIndex({ table, tenant, keys: own }, this.#parts);
    }
    return { action: isEmpty ? "deleted" : "modified", dropped: this.#dropped, oldestMs };
  }

  #isTouched(labels: Labels, ref: ChunkRef): boolean {
    // Fast path: no request is about this tenant and time.
    if (this.#filter === undefined) return false;
    return this.#filter.of(labels, nsOf(ref.fromMs), nsOf(ref.throughMs)) !== undefined;
  }

  async #siftTouched(
    labels: Labels,
    fingerprint: bigint,
    kept: ChunkRef[],
    touched: readonly ChunkRef[],
  ): Promise<void> {
    for (const ref of touched) {
      const rest = await this.#withoutDeleted(labels, fingerprint, ref);
      if (rest !== undefined) kept.push(rest);
      if (this.#putBytes >= WAITING_BYTES || this.#marks.length >= MARKS_MAX) await this.#flush();
    }
    this.#keep(labels, fingerprint, kept);
  }

  /** What the index is to name in the place of a chunk, undefined for nothing. */
  async #withoutDeleted(
    labels: Labels,
    fingerprint: bigint,
    ref: ChunkRef,
  ): Promise<ChunkRef | undefined> {
    const { tenant, table } = this.#job;
    const { deletes, chunks } = this.#parts;
    const [from, through] = [nsOf(ref.fromMs), nsOf(ref.throughMs)];
    const own = this.#filter!.of(labels, from, through)!;
    const name = { tenant, fingerprint, ...ref };
    const request = own.takesAll(from, through);
    if (request !== undefined) {
      deletes!.record(name, "removed", new Map([[request, ref.entries]]));
      this.#drop(labels, fingerprint, ref);
      return undefined;
    }
    const place = { tenant, fingerprint, ref };
    const rewritten = await rewriteChunk(place, own, this.#parts).catch((error: unknown) => {
      // Nobody can read its lines now. It stays as it is, for those who repair buckets, and so do the requests.
      if (!(error instanceof Corrupt)) throw error;
      deletes!.obstruct(own.requests, { key: chunks.keyOf(place), err: error.message });
      return { kind: "same" as const };
    });
    if (rewritten.kind === "same") return ref;
    const lines = [...rewritten.counts.values()].reduce((sum, count) => sum + count, 0);
    if (rewritten.kind === "gone") {
      deletes!.record(name, "removed", rewritten.counts);
      this.#drop(labels, fingerprint, ref);
      return undefined;
    }
    deletes!.record(name, "rewritten", rewritten.counts);
    this.#drop(labels, fingerprint, ref, lines);
    const fresh = rewritten.ref;
    // What is left may lie in the next table or the one before only, which names the old chunk too.
    if (fresh.throughMs < table.fromMs || fresh.fromMs > table.throughMs) return undefined;
    this.#marks.push({ tenant, fingerprint, ...fresh });
    this.#puts.push({ tenant, labels, fingerprint, ref: fresh, object: rewritten.object });
    this.#putBytes += rewritten.object.length;
    return fresh;
  }

  #keep(labels: Labels, fingerprint: bigint, kept: readonly ChunkRef[]): void {
    if (kept.length === 0) return;
    this.#writer.add(labels, fingerprint, kept);
    const { tenant, table, withheld } = this.#job;
    const waitingMs = withheld?.cutoffs.of(labels) ?? -Infinity;
    for (const ref of kept) {
      if (ref.fromMs < this.#oldestMs) this.#oldestMs = ref.fromMs;
      if (ref.throughMs < waitingMs)
        withheld!.losses.add({ tenant, labels, fingerprint, table }, ref);
    }
  }

  #drop(labels: Labels, fingerprint: bigint, ref: ChunkRef, lines?: number): void {
    const { tenant, table } = this.#job;
    this.#leave(fingerprint, ref);
    this.#parts.losses.add({ tenant, labels, fingerprint, table }, ref, lines);
  }

  #leave(fingerprint: bigint, ref: ChunkRef): void {
    this.#changed = true;
    this.#dropped++;
    const { fromMs, throughMs, checksum } = ref;
    const { tenant } = this.#job;
    // Marked by every table that drops it: whether another one still names it is asked by the sweep.
    this.#marks.push({ tenant, fingerprint, fromMs, throughMs, checksum });
  }

  async #flush(): Promise<void> {
    const { marker, deletes, chunks, dryRun } = this.#parts;
    const [marks, puts] = [this.#marks, this.#puts];
    [this.#marks, this.#puts, this.#putBytes] = [[], [], 0];
    if (dryRun) return;
    await marker.mark(marks);
    await deletes?.save();
    await pooled(puts, PUTS, (chunk) => chunks.put(chunk));
  }
}
