/**
 * Index files of a bucket: what there is, and readers of those in use, within a bound of bytes. A file
 * is fetched once however many ask for it at once; with a cache on disk, once for good.
 */

import { INDEX_SIZE_MAX } from "../index/layout.ts";
import { IndexReader } from "../index/reader.ts";
import { GZIP_SUFFIX, TENANT_LABEL } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import { type Journal, SILENT } from "../ports/journal.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { inOrder } from "./ahead.ts";
import type { IndexCache } from "./index-cache.ts";
import { OpenIndex } from "./open-index.ts";

/** A listing is believed for so long; Loki's list cache does the same. What we upload ourselves shows at once. */
export const LISTING_MS = 60_000;
/** Files kept open: their decompressed bytes, and the columns of those that were decoded. */
export const READERS_BYTES = 256 << 20;
/** Files and listings that one question waits for at once. */
const FETCHES_AT_ONCE = 8;

export interface IndexPlace {
  readonly key: string;
  /** A file of all tenants together. */
  readonly common: boolean;
}

/** How index files are kept; each as in the constants above when left out. */
export interface IndexKeeping {
  readonly listingMs?: number;
  readonly readersBytes?: number;
  readonly cache?: IndexCache;
}

export interface IndexFilesOptions extends IndexKeeping {
  readonly objects: ObjectStore;
  readonly codecs: Codecs;
  readonly clock: Clock;
  /** Where tables lie: `index/`. */
  readonly prefix: string;
  readonly journal?: Journal;
  readonly meter?: Meter;
}

interface Listing {
  readonly folders: readonly string[];
  readonly keys: readonly string[];
}

/** A file that was asked for, or what is wrong with it; neither when it is gone. */
export interface Opened {
  readonly file?: OpenIndex | undefined;
  readonly damage?: Corrupt;
}

export class IndexFiles {
  readonly #options: IndexFilesOptions;
  readonly #listings = new Map<string, { atMs: number; listing: Promise<Listing> }>();
  /** By key, least recently used first. */
  readonly #open = new Map<string, OpenIndex>();
  readonly #opening = new Map<string, Promise<OpenIndex | undefined>>();
  #openBytes = 0;

  constructor(options: IndexFilesOptions) {
    this.#options = options;
  }

  /** Table names, newest first. */
  async tables(): Promise<string[]> {
    const { folders } = await this.#listing(this.#options.prefix);
    return [...folders].sort().reverse();
  }

  /** The files of a table that can hold series of the tenant. */
  async list(table: string, tenant: Tenant): Promise<IndexPlace[]> {
    const folder = `${this.#options.prefix}${table}/`;
    const { folders, keys } = await this.#listing(folder);
    const places = keys.map((key) => ({ key, common: true }));
    if (folders.includes(tenant)) {
      const own = await this.#listing(`${folder}${tenant}/`);
      places.push(...own.keys.map((key) => ({ key, common: false })));
    }
    return places;
  }

  /** The files of several tables, in their order, asked for at once. */
  async *listAll(
    tables: readonly string[],
    tenant: Tenant,
  ): AsyncGenerator<readonly [string, readonly IndexPlace[]]> {
    yield* inOrder(tables, FETCHES_AT_ONCE, (table) => this.list(table, tenant));
  }

  /** All folders of a table and the files that are in none. */
  async folders(table: string): Promise<Listing> {
    return await this.#listing(`${this.#options.prefix}${table}/`);
  }

  /** The files in a folder of a table. */
  async ownOf(table: string, folder: string): Promise<readonly string[]> {
    return (await this.#listing(`${this.#options.prefix}${table}/${folder}/`)).keys;
  }

  /** The tenants that a table has files of, or lines of in its common files. */
  async tenants(table: string): Promise<string[]> {
    const { folders, keys } = await this.folders(table);
    const tenants = new Set(folders);
    for (const key of keys) {
      const file = await this.openSound({ key, common: true });
      for (const tenant of file?.reader.labelValues(TENANT_LABEL) ?? []) tenants.add(tenant);
    }
    return [...tenants];
  }

  /** As `open`, and undefined too when the file is damaged: for those who look around. A query names it. */
  async openSound(place: IndexPlace): Promise<OpenIndex | undefined> {
    return (await this.#opened(place)).file;
  }

  /** Files in the order given, fetched some at once. */
  async *openAll(places: readonly IndexPlace[]): AsyncGenerator<readonly [IndexPlace, Opened]> {
    yield* inOrder(places, FETCHES_AT_ONCE, (place) => this.#opened(place));
  }

  /** Undefined when the file is gone: a compactor has replaced it, the next listing will say by what. */
  async open({ key, common }: IndexPlace): Promise<OpenIndex | undefined> {
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      this.#options.cache?.use(this.#placeOf(key));
      return known;
    }
    let opening = this.#opening.get(key);
    if (opening === undefined) {
      opening = this.#read({ key, common }).finally(() => this.#opening.delete(key));
      this.#opening.set(key, opening);
    }
    return await opening;
  }

  /** Puts a file into the cache that is not there yet. */
  async download(key: string): Promise<void> {
    const { cache } = this.#options;
    if (cache === undefined || (await cache.has(this.#placeOf(key)))) return;
    await this.#fetch(key);
  }

  /** Writes an index file and makes it known. */
  async upload(table: string, name: string, bytes: Uint8Array): Promise<void> {
    const { codecs, prefix, objects, meter = UNMETERED, cache } = this.#options;
    const packed = await codecs.compress(ENCODINGS.gzip, bytes);
    const key = `${prefix}${table}/${name}${GZIP_SUFFIX}`;
    const count = (status: string) =>
      meter.count("loki_tsdb_shipper_tables_upload_operation_total", 1, { status });
    try {
      await objects.put(key, packed);
    } catch (error) {
      count("failure");
      throw error;
    }
    count("success");
    this.#listings.clear();
    await cache?.put(this.#placeOf(key), bytes);
  }

  /** Forgets listings and readers, so that the next look asks the store. */
  forget(): void {
    this.forgetListings();
    this.#open.clear();
    this.#openBytes = 0;
  }

  forgetListings(): void {
    this.#listings.clear();
  }

  /** Where the cache has a file: its key without prefix and compression. */
  placesOf(keys: Iterable<string>): Set<string> {
    return new Set([...keys].map((key) => this.#placeOf(key)));
  }

  async #opened(place: IndexPlace): Promise<Opened> {
    try {
      return { file: await this.open(place) };
    } catch (error) {
      if (error instanceof Corrupt) return { damage: error };
      throw error;
    }
  }

  async #read({ key, common }: IndexPlace): Promise<OpenIndex | undefined> {
    const cached = await this.#options.cache?.get(this.#placeOf(key));
    const bytes = cached ?? (await this.#fetch(key));
    if (bytes === undefined) return undefined;
    const file: OpenIndex = new OpenIndex(IndexReader.open(bytes), {
      common,
      bytesMax: this.#bytesMax,
      grown: () => this.#grown(key, file),
    });
    this.#open.set(key, file);
    this.#openBytes += file.bytes;
    this.#bound(key);
    return file;
  }

  async #fetch(key: string): Promise<Uint8Array | undefined> {
    const { objects, codecs, cache, clock, journal = SILENT } = this.#options;
    const started = clock.ticksMs();
    const stored = await objects.get(key);
    if (stored === undefined) {
      this.#listings.clear();
      return undefined;
    }
    const bytes = key.endsWith(GZIP_SUFFIX)
      ? await codecs.decompress(ENCODINGS.gzip, stored, { sizeMax: INDEX_SIZE_MAX })
      : stored;
    const ms = clock.ticksMs() - started;
    const place = this.#placeOf(key);
    journal.log(cache === undefined ? "debug" : "info", "downloaded file", {
      "table-name": place.slice(0, place.indexOf("/")),
      file: key,
      ...{ bytes: stored.length, duration: `${Math.round(ms)}ms` },
    });
    if (cache !== undefined) {
      // What is no index is not kept: it will be fetched again, and may be whole by then.
      IndexReader.open(bytes);
      await cache.put(place, bytes);
    }
    return bytes;
  }

  async #listing(folder: string): Promise<Listing> {
    const { clock, listingMs = LISTING_MS } = this.#options;
    const known = this.#listings.get(folder);
    const nowMs = clock.nowMs();
    if (known !== undefined && nowMs - known.atMs < listingMs) return await known.listing;
    const listing = this.#list(folder);
    const entry = { atMs: nowMs, listing };
    this.#listings.set(folder, entry);
    try {
      return await listing;
    } catch (error) {
      if (this.#listings.get(folder) === entry) this.#listings.delete(folder);
      throw error;
    }
  }

  async #list(folder: string): Promise<Listing> {
    const { folders, objects } = await this.#options.objects.folders(folder);
    const keys = objects.map(({ key }) => key).filter((key) => /\.tsdb(\.gz)?$/.test(key));
    return { folders, keys };
  }

  get #bytesMax(): number {
    return this.#options.readersBytes ?? READERS_BYTES;
  }

  /** Counts a file anew that has decoded its series, unless it is let go of already. */
  #grown(key: string, file: OpenIndex): void {
    if (this.#open.get(key) !== file) return;
    this.#openBytes += file.bytes - file.reader.bytes.length;
    this.#bound(key);
  }

  /** Lets go of the files that were used longest ago, but not of this one. */
  #bound(key: string): void {
    for (const [oldest, { bytes }] of this.#open) {
      if (this.#openBytes <= this.#bytesMax) break;
      if (oldest === key) continue;
      this.#open.delete(oldest);
      this.#openBytes -= bytes;
    }
    this.#options.meter?.gauge("lokits_index_open_bytes", this.#openBytes);
  }

  #placeOf(key: string): string {
    return key.slice(this.#options.prefix.length).replace(/\.gz$/, "");
  }
}
