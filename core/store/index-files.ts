/** Index files of a bucket: what there is, and readers of those in use, within a bound of bytes. */
import { IndexReader } from "../index/reader.ts";
import { TENANT_LABEL } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";

/** A listing is believed for so long; Loki's list cache does the same. What we upload ourselves shows at once. */
const LISTING_MS = 60_000;
/** Readers kept open, decompressed bytes. */
const READERS_BYTES = 256 << 20;
/** The largest index file that we open, decompressed. */
const FILE_BYTES_MAX = 4 * 2 ** 30 - 1;

export interface IndexPlace {
  readonly key: string;
  /** A file of all tenants together. */
  readonly common: boolean;
}

export interface IndexFile {
  readonly reader: IndexReader;
  readonly common: boolean;
}

export interface IndexFilesOptions {
  readonly objects: ObjectStore;
  readonly codecs: Codecs;
  readonly clock: Clock;
  /** Where tables lie: `index/`. */
  readonly prefix: string;
}

export class IndexFiles {
  readonly #options: IndexFilesOptions;
  readonly #listings = new Map<string, { atMs: number; folders: string[]; keys: string[] }>();
  /** By key, least recently used first. */
  readonly #readers = new Map<string, { reader: IndexReader; bytes: number }>();
  #readerBytes = 0;

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

  /** The tenants that a table has files of, or lines of in its common files. */
  async tenants(table: string): Promise<string[]> {
    const { folders, keys } = await this.#listing(`${this.#options.prefix}${table}/`);
    const tenants = new Set(folders);
    for (const key of keys) {
      const file = await this.openSound({ key, common: true });
      for (const tenant of file?.reader.labelValues(TENANT_LABEL) ?? []) tenants.add(tenant);
    }
    return [...tenants];
  }

  /** As `open`, and undefined too when the file is damaged: for those who look around. A query names it. */
  async openSound(place: IndexPlace): Promise<IndexFile | undefined> {
    try {
      return await this.open(place);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      return undefined;
    }
  }

  /** Undefined when the file is gone: a compactor has replaced it, the next listing will say by what. */
  async open({ key, common }: IndexPlace): Promise<IndexFile | undefined> {
    const known = this.#readers.get(key);
    if (known !== undefined) {
      this.#readers.delete(key);
      this.#readers.set(key, known);
      return { reader: known.reader, common };
    }
    const stored = await this.#options.objects.get(key);
    if (stored === undefined) {
      this.#listings.clear();
      return undefined;
    }
    const bytes = key.endsWith(".gz")
      ? await this.#options.codecs.decompress(ENCODINGS.gzip, stored, { sizeMax: FILE_BYTES_MAX })
      : stored;
    const reader = IndexReader.open(bytes);
    this.#keep(key, reader, bytes.length);
    return { reader, common };
  }

  /** Writes an index file and makes it known. */
  async upload(table: string, name: string, bytes: Uint8Array): Promise<void> {
    const packed = await this.#options.codecs.compress(ENCODINGS.gzip, bytes);
    const key = `${this.#options.prefix}${table}/${name}.gz`;
    await this.#options.objects.put(key, packed);
    this.#listings.clear();
  }

  /** Forgets listings and readers, so that the next look asks the store. */
  forget(): void {
    this.#listings.clear();
    this.#readers.clear();
    this.#readerBytes = 0;
  }

  async #listing(folder: string): Promise<{ folders: string[]; keys: string[] }> {
    const nowMs = this.#options.clock.nowMs();
    const known = this.#listings.get(folder);
    if (known !== undefined && nowMs - known.atMs < LISTING_MS) return known;
    const { folders, objects } = await this.#options.objects.folders(folder);
    const keys = objects.map(({ key }) => key).filter((key) => /\.tsdb(\.gz)?$/.test(key));
    const listing = { atMs: nowMs, folders, keys };
    this.#listings.set(folder, listing);
    return listing;
  }

  #keep(key: string, reader: IndexReader, bytes: number): void {
    this.#readers.set(key, { reader, bytes });
    this.#readerBytes += bytes;
    for (const [oldest, { bytes: size }] of this.#readers) {
      if (this.#readerBytes <= READERS_BYTES || oldest === key) break;
      this.#readers.delete(oldest);
      this.#readerBytes -= size;
    }
  }
}
