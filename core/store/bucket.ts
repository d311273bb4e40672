/**
 * One bucket with everything to read it and, when its schema is known, to write it. Of a schema whose
 * periods lie in several stores it has those of its own; core/store/buckets.ts puts such buckets together.
 */
import { tableNamed } from "../index/table.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { LimitsOf } from "../model/limits.ts";
import { periodsWithin, type Schema, type SchemaPeriod } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_SECOND } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { LogSource } from "../ports/log-source.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { ChunkStore, type KeyForm } from "./chunks.ts";
import { IndexFiles, type IndexKeeping } from "./index-files.ts";
import { IndexHead } from "./index-head.ts";
import { Indexes } from "./indexes.ts";
import { MeteredStore } from "./metered.ts";
import { MeteredSource } from "./metered-source.ts";
import type { ChunkSink, StoredChunk } from "./sink.ts";
import { StoreSource } from "./source.ts";

export interface BucketOptions {
  readonly objects: ObjectStore;
  /** Where index files are, when they are not with the chunks (`shared_store`). */
  readonly indexObjects?: ObjectStore;
  readonly codecs: Codecs;
  readonly clock: Clock;
  readonly limits: LimitsOf;
  readonly journal: Journal;
  /** Undefined for a bucket of which only the name is known: it can be read. */
  readonly schema?: Schema;
  /** Those of the schema's periods that lie here; all of them when left out. */
  readonly periods?: ReadonlySet<SchemaPeriod>;
  readonly form: KeyForm;
  /** Where index tables lie: `index/`. */
  readonly indexPrefix: string;
  /** How index files are kept. */
  readonly keeping?: IndexKeeping;
  readonly meter?: Meter;
  /** Names this process in index files: `<instance>-<start in nanoseconds>`. */
  readonly uploader: string;
}

export class Bucket implements ChunkSink {
  readonly source: LogSource;
  readonly files: IndexFiles;
  readonly chunks: ChunkStore;
  readonly #options: BucketOptions;
  readonly #head: IndexHead | undefined;
  readonly #owns: (period: SchemaPeriod) => boolean;
  #lastUpload = 0;

  constructor(options: BucketOptions) {
    const { objects, codecs, clock, limits, schema, form, periods, indexPrefix: prefix } = options;
    const known = schema === undefined ? {} : { schema };
    const owns = (period: SchemaPeriod) => periods === undefined || periods.has(period);
    this.#options = options;
    this.#owns = owns;
    this.#head = schema === undefined ? undefined : new IndexHead(schema, owns);
    const { journal, meter = UNMETERED } = options;
    const name = "loki_boltdb_shipper_request_duration_seconds";
    const metered = new MeteredStore(options.indexObjects ?? objects, { meter, clock, name });
    this.files = new IndexFiles({
      ...{ objects: metered, codecs, clock, prefix, journal, meter },
      ...options.keeping,
    });
    this.chunks = new ChunkStore({ objects, form, meter, ...known });
    const head = this.#head === undefined ? {} : { head: this.#head };
    const indexes = new Indexes({ files: this.files, owns, meter, ...known, ...head });
    const { chunks } = this;
    const source = new StoreSource({ chunks, indexes, codecs, clock, limits, meter });
    this.source = new MeteredSource(source, { meter, clock });
  }

  get schema(): Schema | undefined {
    return this.#options.schema;
  }

  get objects(): ObjectStore {
    return this.#options.objects;
  }

  get indexObjects(): ObjectStore {
    return this.#options.indexObjects ?? this.#options.objects;
  }

  get indexPrefix(): string {
    return this.#options.indexPrefix;
  }

  /** Whether a table of this bucket is to name a chunk. */
  takes({ fromMs, throughMs }: Pick<ChunkRef, "fromMs" | "throughMs">): boolean {
    return periodsWithin(this.schema ?? [], fromMs, throughMs).some(this.#owns);
  }

  /** Whether a table of this name is this bucket's. */
  ownsTable(name: string): boolean {
    const period = tableNamed(this.schema ?? [], name)?.period;
    return period !== undefined && this.#owns(period);
  }

  /** The same bucket, to be written with this schema. */
  withSchema(schema: Schema): Bucket {
    return new Bucket({ ...this.#options, schema });
  }

  /** Tenants that the bucket's index knows, sorted. */
  async tenants(): Promise<string[]> {
    const tenants = new Set<string>();
    for (const table of await this.files.tables()) {
      for (const tenant of await this.files.tenants(table)) tenants.add(tenant);
    }
    return [...tenants].sort();
  }

  /** From the first to the last moment of a tenant, by the bounds of its oldest and newest index files. */
  async bounds(tenant: Tenant): Promise<{ fromMs: number; throughMs: number }> {
    const bounds = { fromMs: Number.POSITIVE_INFINITY, throughMs: Number.NEGATIVE_INFINITY };
    for (const table of await this.files.tables()) {
      for (const place of await this.files.list(table, tenant)) {
        const file = await this.files.openSound(place);
        if (file === undefined) continue;
        bounds.fromMs = Math.min(bounds.fromMs, file.reader.fromMs);
        bounds.throughMs = Math.max(bounds.throughMs, file.reader.throughMs);
      }
    }
    return bounds.fromMs <= bounds.throughMs ? bounds : { fromMs: 0, throughMs: 0 };
  }

  async put(chunk: StoredChunk): Promise<void> {
    await this.chunks.put(chunk);
    this.remember(chunk);
  }

  /** Names a chunk that was put in the next index file, and to queries from now on. */
  remember(chunk: Omit<StoredChunk, "object">): void {
    if (this.#head === undefined) return;
    const { meter = UNMETERED } = this.#options;
    meter.observe("loki_chunk_store_index_entries_per_chunk", this.#head.add(chunk));
  }

  async uploadIndex(): Promise<void> {
    if (this.#head === undefined) return;
    const { files, done, failed } = this.#leaving(this.#head);
    if (files.length > 0)
      this.#options.journal.log("info", "uploading tables", { count: files.length });
    try {
      for (const { table, bytes } of files) {
        await this.files.upload(table, `${this.#nextName()}-${this.#options.uploader}.tsdb`, bytes);
      }
    } catch (error) {
      failed();
      throw error;
    }
    done();
  }

  /** What the head has, as index files. */
  #leaving(head: IndexHead): ReturnType<IndexHead["leave"]> {
    const { meter = UNMETERED } = this.#options;
    const attempts = "loki_tsdb_build_index_attempts_total";
    try {
      const leaving = head.leave();
      if (leaving.files.length > 0) meter.count(attempts, 1, { status: "success" });
      return leaving;
    } catch (error) {
      meter.count(attempts, 1, { status: "failure" });
      throw error;
    }
  }

  /** Whole seconds, never the same twice: a name that came again would replace the file before. */
  #nextName(): number {
    const seconds = Number(this.#options.clock.now() / NS_PER_SECOND);
    this.#lastUpload = Math.max(this.#lastUpload + 1, seconds);
    return this.#lastUpload;
  }
}
