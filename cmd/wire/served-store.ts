/** The buckets of a server, with what keeps their index files at hand and counts what is asked of them. */
import { resolve } from "node:path";
import { DiskObjectStore } from "../../adapters/disk/object-store.ts";
import type { Config } from "../../core/config/config.ts";
import { Unavailable } from "../../core/model/errors.ts";
import type { Tenant } from "../../core/model/tenant.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { FETCH_BOUNDS, type FetchBounds } from "../../core/querier/fetch-ahead.ts";
import type { Buckets } from "../../core/store/buckets.ts";
import { IndexCache } from "../../core/store/index-cache.ts";
import { type IndexKeeping, LISTING_MS } from "../../core/store/index-files.ts";
import { IndexSync, type ReadyDays } from "../../core/store/index-sync.ts";
import { takeLeftovers } from "../../core/store/leftovers.ts";
import { PrefixedStore } from "../../core/store/prefixed.ts";
import { bucketsOf } from "./bucket.ts";
import type { TenantLimits } from "./limits.ts";
import { runtime } from "./runtime.ts";
import type { ConfiguredStore, PeriodStore } from "./store-config.ts";

export interface ServedStoreParts {
  readonly config: Config;
  readonly storage: ConfiguredStore;
  readonly limits: TenantLimits;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly uploader: string;
}

export class ServedStore {
  readonly buckets: Buckets;
  readonly #syncs: readonly IndexSync[];
  readonly #parts: ServedStoreParts;
  readonly #ready: ReadyDays;
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ServedStoreParts) {
    const { config, storage, limits, journal, meter, uploader } = parts;
    this.#parts = parts;
    const shipper = "storage_config.tsdb_shipper";
    const resyncMs = config.ms(`${shipper}.resync_interval`);
    const days = config.number(`${shipper}.query_ready_num_days`);
    this.#ready = {
      of: (tenant) => Math.max(days, limits.of(tenant as Tenant).queryReadyIndexDays),
      most: () => Math.max(days, limits.queryReadyIndexDaysMax),
    };
    const keepings = storage.stores.map((store): IndexKeeping => {
      const folder = cacheFolder(config.text(`${shipper}.cache_location`), store, storage);
      const ttlMs = config.ms(`${shipper}.cache_ttl`);
      return {
        listingMs: Math.min(LISTING_MS, resyncMs),
        readersBytes: config.bytes(`${shipper}.open_files_bytes`) / storage.stores.length,
        ...(folder && {
          cache: new IndexCache({ folder, clock: runtime.clock, journal, ttlMs }),
        }),
      };
    });
    storage.meterBy(meter);
    this.buckets = bucketsOf(storage, { limits, journal, meter, uploader, keepings });
    this.#syncs = this.buckets.all.flatMap(({ files }, index) => {
      const { cache } = keepings[index]!;
      if (cache === undefined) return [];
      const parts = { files, cache, clock: runtime.clock, journal, meter };
      return [new IndexSync({ ...parts, resyncMs, ready: this.#ready })];
    });
  }

  /** Queries that are to be ready find their tables here; the rest goes on in the background. */
  async start(): Promise<void> {
    await this.#takeLeftovers();
    if (this.#ready.most() > 0) await Promise.all(this.#syncs.map((sync) => sync.sync()));
    this.#running = Promise.all(this.#syncs.map((sync) => sync.run(this.#ending.signal)));
  }

  /** Where nothing was left there is nothing to do; what cannot be taken now is there at the next start. */
  async #takeLeftovers(): Promise<void> {
    const { config, journal } = this.#parts;
    const place = config.text("storage_config.tsdb_shipper.active_index_directory");
    if (place === "") return;
    const folder = new DiskObjectStore(resolve(place));
    try {
      await takeLeftovers({ folder, buckets: this.buckets, journal });
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      journal.log("error", "the index that an earlier Loki left waits", { err: error });
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

/** What one query may fetch ahead. Few chunks at once are enough for any store, and soon stopped. */
export function fetchBounds(config: Config): FetchBounds {
  const parallel = config.number("storage_config.max_parallel_get_chunk");
  return {
    bytes: config.bytes("storage_config.max_bytes_in_flight"),
    spans: Math.max(1, Math.min(FETCH_BOUNDS.spans, parallel)),
  };
}

/** None without a place for it, and for a store that is a folder of this machine itself. */
function cacheFolder(
  location: string,
  store: PeriodStore,
  { stores }: ConfiguredStore,
): ObjectStore | undefined {
  const isHere = store.indexObjects === undefined && store.form === "filesystem";
  if (location === "" || isHere) return undefined;
  const folder = new DiskObjectStore(resolve(location));
  if (stores.length === 1) return folder;
  // Two stores may have tables of one name; Loki tells their folders apart in the same way.
  const [first] = [...(store.periods ?? [])];
  const day = new Date(first?.fromMs ?? 0).toISOString().slice(0, 10);
  return new PrefixedStore(folder, `${first?.objectStore ?? "store"}_${day}/`);
}
