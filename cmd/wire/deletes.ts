/**
 * Delete requests of a server: in SQLite under the compactor's folder with their copy in the bucket,
 * or in the bucket alone when there is no folder. Only when retention is on, as in Loki.
 */
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SqliteDeleteRequests } from "../../adapters/sqlite/delete-requests.ts";
import { ActiveDeletes } from "../../core/deletes/active.ts";
import { BucketDeleteRequests } from "../../core/deletes/bucket-home.ts";
import { FilteredSource } from "../../core/deletes/filtered-source.ts";
import { grouped } from "../../core/deletes/grouped.ts";
import { MirroredDeleteRequests } from "../../core/deletes/mirrored-home.ts";
import { deleteRoutes } from "../../core/http/delete-routes.ts";
import type { Metrics } from "../../core/http/metrics.ts";
import type { Route } from "../../core/http/router.ts";
import { BadRequest, Corrupt } from "../../core/model/errors.ts";
import type { DeleteRequests } from "../../core/ports/delete-requests.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { LogSource } from "../../core/ports/log-source.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { AppSettings } from "./config.ts";
import { openNamed } from "./named-store.ts";
import { runtime } from "./runtime.ts";
import type { OpenedStore } from "./store.ts";

export interface Deletes {
  /** For the compactor; undefined when retention is off. */
  readonly requests: DeleteRequests | undefined;
  readonly routes: readonly Route[];
  /** The source without the lines that requests take. */
  through(source: LogSource): LogSource;
  close(): Promise<void>;
}

const NO_DELETES: Deletes = {
  requests: undefined,
  routes: [],
  through: (source) => source,
  close: async () => {},
};

export async function openDeletes(
  settings: AppSettings,
  { journal, metrics }: { readonly journal: Journal; readonly metrics: Metrics },
): Promise<Deletes> {
  const { config } = settings.loaded;
  if (!config.bool("compactor.retention_enabled")) return NO_DELETES;
  const { clock, search } = runtime;
  const { limits } = settings;
  const requests = await openHome(settings, journal);
  const active = new ActiveDeletes({ requests, limits, clock, journal, meter: metrics, search });
  metrics.onPrint((meter) => gauge(meter, active));
  void warnOfBolt(settings, journal);
  const routes = deleteRoutes({
    requests,
    active: (tenant) => active.listOf(tenant),
    changed: () => active.changed(),
    intervalMaxMs: config.ms("compactor.delete_max_interval"),
    services: { limits, clock, journal, metrics },
    settings: settings.http,
  });
  return {
    requests,
    routes,
    through: (source) => new FilteredSource(source, active),
    close: () => requests.close(),
  };
}

async function openHome(settings: AppSettings, journal: Journal): Promise<DeleteRequests> {
  const { clock } = runtime;
  const bucket = await bucketRequests(settings, journal);
  const folder = settings.loaded.config.text("compactor.working_directory");
  if (folder === "") return bucket;
  const path = join(folder, "deletion", "delete_requests", "delete_requests.sqlite");
  await mkdir(dirname(path), { recursive: true });
  const local = await openFile(path, journal);
  for (const [, parts] of grouped(local.foreign(), ({ id }) => id)) {
    // Loki's own requests come along; one that is there already was brought before a crash.
    await bucket.add(parts).catch((error) => {
      if (!(error instanceof BadRequest)) throw error;
    });
  }
  local.adopt();
  return new MirroredDeleteRequests({ local, bucket, clock, journal });
}

/** Those in the bucket, for a process that has no folder with the server's. */
export async function bucketRequests(
  settings: AppSettings,
  journal: Journal,
): Promise<BucketDeleteRequests> {
  const { objects } = await storeOf(settings);
  return new BucketDeleteRequests({ objects, clock: runtime.clock, journal });
}

/** A damaged file is put aside: the bucket has all of it. */
async function openFile(path: string, journal: Journal): Promise<SqliteDeleteRequests> {
  const { clock } = runtime;
  // Loaded only here: a server without retention starts without it.
  const { SqliteDeleteRequests } = await import("../../adapters/sqlite/delete-requests.ts");
  try {
    return new SqliteDeleteRequests(path, { clock });
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    const aside = `${path}.damaged-${clock.nowMs()}`;
    journal.log("error", "delete requests are read from the bucket anew", {
      err: error.message,
      aside,
    });
    for (const suffix of ["", "-wal", "-shm"]) {
      await rename(path + suffix, aside + suffix).catch(() => undefined);
    }
    return new SqliteDeleteRequests(path, { clock });
  }
}

/** The store that the configuration names for requests; that of the newest period when it names none. */
async function storeOf({ loaded, schema, storage }: AppSettings): Promise<OpenedStore> {
  const name = loaded.config.text("compactor.delete_request_store");
  if (name !== "") return await openNamed(loaded.config, name);
  const newest = schema.at(-1);
  const own = newest && storage.stores.find(({ periods }) => periods?.has(newest));
  return own ?? storage.stores[0]!;
}

/** Loki keeps its requests in a database of another kind, which is not read. */
async function warnOfBolt({ storage, loaded }: AppSettings, journal: Journal): Promise<void> {
  const ownPrefix = loaded.config.text("compactor.delete_request_store_key_prefix");
  for (const { objects, indexPrefix } of storage.stores) {
    for (const prefix of new Set([indexPrefix, ownPrefix])) {
      const key = `${prefix}delete_requests/delete_requests.gz`;
      const range = { offset: 0, size: 1 };
      const found = await objects.get(key, { range }).catch(() => undefined);
      if (found === undefined) continue;
      journal.log(
        "warn",
        "the bucket has delete requests that Loki kept; those that were pending are not applied, ask again",
        { key },
      );
    }
  }
}

function gauge(meter: Meter, active: ActiveDeletes): void {
  const pending = active.pending();
  const oldest = pending.reduce((least, { createdMs }) => Math.min(least, createdMs), Infinity);
  const ageMs = Math.max(0, runtime.clock.nowMs() - oldest);
  const wishes = new Set(pending.map(({ tenant, id }) => `${tenant}/${id}`));
  meter.gauge("loki_compactor_pending_delete_requests_count", wishes.size);
  meter.gauge(
    "loki_compactor_oldest_pending_delete_request_age_seconds",
    wishes.size === 0 ? 0 : ageMs / 1000,
  );
}
