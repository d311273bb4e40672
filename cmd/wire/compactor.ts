/** The compactor of a configuration: its settings, its sites, and the one that a server starts. */
import { hostname } from "node:os";
import type { PassOptions, Site } from "../../core/compactor/pass.ts";
import { Compactor } from "../../core/compactor/service.ts";
import type { Config } from "../../core/config/config.ts";
import type { DeleteRequests } from "../../core/ports/delete-requests.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { Buckets } from "../../core/store/buckets.ts";
import type { AppSettings } from "./config.ts";
import { runtime } from "./runtime.ts";

/** What the `compactor` block says. */
export type CompactorSettings = Pick<PassOptions, "choice" | "retention" | "sweeping"> & {
  readonly deletes: { readonly cancelPeriodMs: number; readonly batchSize: number };
};

export function compactorSettings(config: Config): CompactorSettings {
  const number = (key: string) => config.number(`compactor.${key}`);
  const ms = (key: string) => config.ms(`compactor.${key}`);
  return {
    choice: {
      skipLatestTables: number("skip_latest_n_tables"),
      tablesMax: number("tables_to_compact"),
      parallelism: number("max_compaction_parallelism"),
    },
    retention: {
      enabled: config.bool("compactor.retention_enabled"),
      sizeBytes: config.bytes("compactor.retention_size"),
      confirmed: config.bool("compactor.retention_confirm"),
      tableTimeoutMs: ms("retention_table_timeout"),
    },
    sweeping: {
      delayMs: ms("retention_delete_delay"),
      workers: Math.max(1, number("retention_delete_worker_count")),
    },
    deletes: {
      cancelPeriodMs: ms("delete_request_cancel_period"),
      batchSize: Math.max(1, number("delete_batch_size")),
    },
  };
}

export function sitesOf({ all }: Buckets): Site[] {
  return all.map(({ indexObjects: store, indexPrefix: prefix, objects, chunks }) => {
    return { store, prefix, objects, chunks };
  });
}

/** Tells one process from another in the lease. */
export function leaseHolder(instance = hostname()): string {
  return `${instance}-${process.pid}-${runtime.clock.nowMs()}`;
}

export interface CompactorParts {
  readonly buckets: Buckets;
  /** Undefined when deletes are off. */
  readonly requests: DeleteRequests | undefined;
  readonly journal: Journal;
  readonly meter: Meter;
}

/** Started, and to be stopped before the ingester is. */
export function startCompactor(settings: AppSettings, parts: CompactorParts): Compactor {
  const { config } = settings.loaded;
  const { buckets, requests, journal, meter } = parts;
  const { deletes, ...rest } = compactorSettings(config);
  const compactor = new Compactor({
    ...{ ...runtime, ...rest, journal, meter },
    ...{ sites: sitesOf(buckets), schema: settings.schema, tenantLimits: settings.limits },
    ...(requests && { deletes: { requests, settings: deletes } }),
    holder: leaseHolder(settings.instanceId),
    compactionIntervalMs: config.ms("compactor.compaction_interval"),
    retentionIntervalMs: config.ms("compactor.apply_retention_interval"),
  });
  compactor.start();
  return compactor;
}
