/**
 * Index files kept in a folder of this machine, decompressed, so that each is fetched from the bucket
 * once and outlives the process:
 *
 *     index_19658/1700000123-host-1.tsdb.5f3a09c1            a file of all tenants
 *     index_19658/fake/1700000456-compactor-….tsdb.90be1177   a file of one
 *
 * The end of a name is the CRC-32C of the whole file: a file that is torn, flipped or cut is known
 * when it is read, and fetched again. The folder is only a cache: whatever it refuses is logged and
 * the bucket is asked.
 */
import { crc32c } from "../bytes/crc32c.ts";
import { Corrupt, Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export interface IndexCacheOptions {
  /** The folder, as a store of its own. */
  readonly folder: ObjectStore;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Tables that nobody asked for so long are removed. */
  readonly ttlMs: number;
}

const CACHED = /^((?:[^/]+\/){1,2}[^/]+\.tsdb)\.([0-9a-f]{8})$/;
/** Names come from whoever writes to the bucket: what could be more than a name is not cached. */
const SAFE_NAME = /^[\w!*'()+=@,-][\w.!*'()+=@,-]{0,180}$/;

export class IndexCache {
  readonly #options: IndexCacheOptions;
  /** Names in the folder, by place in the bucket: `index_19658/a.tsdb`. */
  #names = new Map<string, string>();
  /** When a table was asked for last. */
  readonly #usedMs = new Map<string, number>();
  #loading: Promise<void> | undefined;

  constructor(options: IndexCacheOptions) {
    this.#options = options;
  }

  /** A file as it was put; undefined when it is not here, or not what it was. `place` is `<table>/[<tenant>/]<file>.tsdb`. */
  async get(place: string): Promise<Uint8Array | undefined> {
    await this.#load();
    this.use(place);
    const name = this.#names.get(place);
    if (name === undefined) return undefined;
    const bytes = await this.#forgiving(() => this.#options.folder.get(name));
    if (bytes !== undefined && checksum(bytes) === name.slice(-8)) return bytes;
    const fields = { file: name, bytes: bytes?.length ?? 0 };
    this.#options.journal.log("warn", "cached index file is damaged, fetching it again", fields);
    await this.#remove(place);
    return undefined;
  }

  /** A table is wanted while its files are asked for, be it that they are in memory. */
  use(place: string): void {
    this.#usedMs.set(tableOf(place), this.#options.clock.nowMs());
  }

  async has(place: string): Promise<boolean> {
    await this.#load();
    return this.#names.has(place);
  }

  async put(place: string, bytes: Uint8Array): Promise<void> {
    await this.#load();
    if (!place.split("/").every((name) => SAFE_NAME.test(name))) return;
    const name = `${place}.${checksum(bytes)}`;
    const known = this.#names.get(place);
    if (known === name) return;
    const isPut = await this.#forgiving(() => this.#options.folder.put(name, bytes));
    if (isPut !== true) return;
    if (known !== undefined) await this.#forgiving(() => this.#options.folder.delete(known));
    this.#names.set(place, name);
    this.use(place);
  }

  /** Tables of which there is something. */
  async tables(): Promise<ReadonlySet<string>> {
    await this.#load();
    return new Set([...this.#names.keys()].map(tableOf));
  }

  /** The tenants whose files of a table are here. */
  async tenants(table: string): Promise<ReadonlySet<string>> {
    await this.#load();
    const parts = [...this.#names.keys()].map((place) => place.split("/"));
    return new Set(
      parts.filter(([of, , file]) => of === table && file !== undefined).map(([, name]) => name!),
    );
  }

  /** Removes the files of a table that the bucket has no more. Gives how many. */
  async retain(table: string, places: ReadonlySet<string>): Promise<number> {
    await this.#load();
    const gone = [...this.#names.keys()].filter(
      (place) => tableOf(place) === table && !places.has(place),
    );
    for (const place of gone) await this.#remove(place);
    return gone.length;
  }

  /** Removes the tables that nobody asked for in a long time. */
  async expire(): Promise<readonly string[]> {
    const { clock, journal, ttlMs } = this.#options;
    const oldestMs = clock.nowMs() - ttlMs;
    const expired: string[] = [];
    for (const table of await this.tables()) {
      if ((this.#usedMs.get(table) ?? 0) > oldestMs) continue;
      const files = await this.retain(table, new Set());
      journal.log("info", "cleaned up unused index table", { "table-name": table, files });
      this.#usedMs.delete(table);
      expired.push(table);
    }
    return expired;
  }

  #load(): Promise<void> {
    this.#loading ??= this.#list();
    return this.#loading;
  }

  /** What an earlier process left counts as used now: whether it is wanted will show. */
  async #list(): Promise<void> {
    await this.#forgiving(async () => {
      for await (const { key } of this.#options.folder.list("")) {
        const place = CACHED.exec(key)?.[1];
        if (place === undefined) continue;
        this.#names.set(place, key);
        this.use(place);
      }
    });
  }

  async #remove(place: string): Promise<void> {
    const name = this.#names.get(place);
    this.#names.delete(place);
    if (name !== undefined) await this.#forgiving(() => this.#options.folder.delete(name));
  }

  /** A full or broken disk costs the cache, not the query. */
  async #forgiving<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable) && !(error instanceof Corrupt)) throw error;
      this.#options.journal.log("warn", "index cache", { err: error.message });
      return undefined;
    }
  }
}

function tableOf(place: string): string {
  return place.slice(0, place.indexOf("/"));
}

function checksum(bytes: Uint8Array): string {
  return crc32c(bytes).toString(16).padStart(8, "0");
}
