/**
 * Keeps a bucket's index files at hand: at the start those of the days that queries must be ready for,
 * then again and again what is new in the tables that are here; what the bucket has no more goes, and
 * so do tables that nobody asks for.
 */

import { tableNumber } from "../index/table.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { inOrder } from "./ahead.ts";
import type { IndexCache } from "./index-cache.ts";
import type { IndexFiles } from "./index-files.ts";

const CLEANUP_MS = 3_600_000;
const DOWNLOADS_AT_ONCE = 8;

export interface IndexSyncOptions {
  readonly files: IndexFiles;
  readonly cache: IndexCache;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly resyncMs: number;
  readonly ready: ReadyDays;
}

/** Days before today whose tables are fetched before anybody asks; 0 for none. Asked anew in each round. */
export interface ReadyDays {
  /** Of one tenant's own files. */
  of(tenant: string): number;
  /** Of the tenant who has most: of files that are all tenants' together. */
  most(): number;
}

export class IndexSync {
  readonly #options: IndexSyncOptions;

  constructor(options: IndexSyncOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, cache, resyncMs } = this.#options;
    let cleanedMs = clock.ticksMs();
    while (!signal.aborted) {
      await this.sync();
      if (clock.ticksMs() - cleanedMs >= CLEANUP_MS) {
        await cache.expire();
        cleanedMs = clock.ticksMs();
      }
      await clock.sleep(resyncMs, signal);
    }
  }

  /** One round. A failure is logged; the next round may have more luck. */
  async sync(): Promise<void> {
    const { files, cache, clock, journal, meter } = this.#options;
    const started = clock.ticksMs();
    const count = (status: string) =>
      meter.count("loki_tsdb_shipper_tables_sync_operation_total", 1, { status });
    try {
      files.forgetListings();
      const [held, stored] = [await cache.tables(), new Set(await files.tables())];
      for (const table of held) if (!stored.has(table)) await cache.retain(table, new Set());
      for (const table of stored) {
        if (this.#mustBeReady(table) || held.has(table)) await this.#syncTable(table);
      }
      const seconds = (clock.ticksMs() - started) / 1000;
      meter.gauge("loki_tsdb_shipper_tables_download_operation_duration_seconds", seconds);
      count("success");
    } catch (error) {
      count("failure");
      journal.log("error", "syncing index tables failed", { err: error });
    }
  }

  /** The files of those tenants that asked for the table, or for whom it must be here before they do. */
  async #syncTable(table: string): Promise<void> {
    const { files, cache, journal } = this.#options;
    const { folders, keys } = await files.folders(table);
    const here = await cache.tenants(table);
    const wanted = [...keys];
    for (const tenant of folders) {
      if (!here.has(tenant) && !this.#mustBeReady(table, tenant)) continue;
      wanted.push(...(await files.ownOf(table, tenant)));
    }
    journal.log("debug", "listed files", { "table-name": table, count: wanted.length });
    for await (const _ of inOrder(wanted, DOWNLOADS_AT_ONCE, (key) => this.#download(key)));
    await cache.retain(table, files.placesOf(wanted));
  }

  async #download(key: string): Promise<void> {
    const { files, journal } = this.#options;
    try {
      await files.download(key);
    } catch (error) {
      // A bad file is no reason to keep the others away.
      journal.log("error", "downloading an index file failed", { file: key, err: error });
    }
  }

  /** For the tenant; for anybody when it is left out. */
  #mustBeReady(table: string, tenant?: string): boolean {
    const { clock, ready } = this.#options;
    const days = tenant === undefined ? ready.most() : ready.of(tenant);
    if (days <= 0) return false;
    const today = Math.floor(clock.nowMs() / DAY_MS);
    const day = tableNumber(table);
    return day !== undefined && day >= today - days && day <= today;
  }
}
