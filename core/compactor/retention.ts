/**
 * Retention and deletes over the index of one bucket, newest table first. A table that must be gone
 * through is compacted before, so a tenant has one index file there. A failure ends its table, and the
 * others go on.
 */
import { parseFileName, type Table, TENANT_LABEL } from "../index/table.ts";
import { Unavailable } from "../model/errors.ts";
import type { LimitsOf } from "../model/limits.ts";
import { literalTenant, type Tenant } from "../model/tenant.ts";
import type { Random } from "../ports/clock.ts";
import type { Meter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ChunkStore } from "../store/chunks.ts";
import { atLeast, type Cutoffs } from "./cutoffs.ts";
import type { DeleteRun } from "./delete-run.ts";
import { type Expired, expireTenant } from "./expire.ts";
import { fetchIndex, readTenant } from "./index-set.ts";
import { listTable } from "./list-table.ts";
import type { Losses } from "./losses.ts";
import { Marker } from "./marks.ts";
import { OldestKept } from "./oldest.ts";
import type { TableFiles } from "./plan.ts";
import { planRules } from "./rules-plan.ts";
import { type CompactOptions, compactTable, tablesOf } from "./run.ts";
import { sizeCutoff } from "./size-cutoff.ts";

export interface RetentionSettings {
  /** Whether the periods of limits are kept to. */
  readonly enabled: boolean;
  /** The most that the bucket may weigh, bytes; 0 for no limit. */
  readonly sizeBytes: number;
  /** Rules that keep less than those before are taken without a question. */
  readonly confirmed: boolean;
  /** How long one table may take; 0 for no limit. */
  readonly tableTimeoutMs: number;
}

export interface RetentionOptions extends CompactOptions {
  /** Where chunks lie, and what the compactor keeps for itself. */
  readonly objects: ObjectStore;
  readonly chunks: ChunkStore;
  readonly tenantLimits: LimitsOf;
  readonly random: Random;
  readonly meter: Meter;
  readonly retention: RetentionSettings;
  /** Requests that are under way; finished by whoever knows that every bucket was gone through. */
  readonly deletes?: DeleteRun;
  /** Counts what goes, and what would if rules were confirmed. */
  readonly losses: Losses;
  readonly withheld: Losses;
}

export interface RetentionReport {
  /** Indexes that were rewritten, and that were deleted as nothing was left. */
  readonly modified: number;
  readonly deleted: number;
  /** No rules were ever applied to this bucket before. */
  readonly isFirst: boolean;
  /** Why new rules have to be confirmed. */
  readonly shrinkages: readonly string[];
  /** First moment of what is kept, Unix milliseconds. */
  readonly oldestMs: ReadonlyMap<Tenant, number>;
  readonly failures: readonly { readonly table: string; readonly error: unknown }[];
}

export async function applyRetention(options: RetentionOptions): Promise<RetentionReport> {
  const run = new RetentionRun(options);
  return await run.all();
}

class RetentionRun {
  readonly #options: RetentionOptions;
  readonly oldest = new OldestKept();
  readonly #failures: { table: string; error: unknown }[] = [];
  readonly #actions = { none: 0, modified: 0, deleted: 0 };

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  async all(): Promise<RetentionReport> {
    const { retention } = this.#options;
    const listed: Listed[] = [];
    for (const table of await tablesOf(this.#options)) {
      await this.#each(table, async () => listed.push(await this.#list(table)));
    }
    const tenants = new Set(listed.flatMap((each) => each.tenants));
    const own = { ...this.#options, store: this.#options.objects };
    const plan = await planRules(tenants, retention, own);
    const sizeMs = await sizeCutoff(plan.sizeBytes, own);
    const withheldMs = await sizeCutoff(plan.withheldSizeBytes, own);
    const cutoffs = (tenant: Tenant) => atLeast(plan.of(tenant), sizeMs);
    const withheld = (tenant: Tenant) => {
      const rules = plan.withheld(tenant);
      return rules && atLeast(rules, withheldMs);
    };
    const wanted = { cutoffs, withheld };
    for (const [index, { table, files, tenants }] of listed.entries()) {
      const visit = new TableVisit(this.#options, table, wanted, this);
      await this.#each(table, () => visit.go(files, tenants));
      this.#options.onTable?.(index + 1, listed.length, "retention");
    }
    return {
      ...{ modified: this.#actions.modified, deleted: this.#actions.deleted },
      ...{ isFirst: plan.isFirst, shrinkages: plan.shrinkages, failures: this.#failures },
      oldestMs: await this.oldest.all(this.#options),
    };
  }

  /** A failure is of this table alone. */
  async #each(table: Table, work: () => Promise<unknown>): Promise<void> {
    const { signal, journal } = this.#options;
    signal?.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (signal?.aborted) throw error;
      const err = error instanceof Error ? error.message : String(error);
      journal.log("error", "failed to apply retention", { "table-name": table.name, err });
      this.#failures.push({ table: table.name, error });
    }
  }

  /** Common files are of a dry run, of a table that was left out of compaction, or came just now. */
  async #list(table: Table): Promise<Listed> {
    const { store, prefix, journal } = this.#options;
    const files = await listTable(store, prefix, table.name, journal);
    const tenants = new Set(files.own.keys());
    for (const key of files.common) {
      for (const tenant of (await fetchIndex(key, this.#options)).labelValues(TENANT_LABEL))
        tenants.add(literalTenant(tenant));
    }
    return { table, files, tenants: [...tenants] };
  }

  /** An index was gone through. */
  visited(table: Table, tenant: Tenant, expired: Expired, spentMs: number): void {
    const { meter } = this.#options;
    this.#actions[expired.action]++;
    this.oldest.kept(tenant, expired.oldestMs);
    const labels = { table: table.name, user: tenant };
    const name = "loki_boltdb_shipper_retention_marker";
    meter.count(`${name}_count_total`, expired.dropped, { table: table.name });
    meter.count(`${name}_table_processed_total`, 1, { ...labels, action: expired.action });
    meter.observe(`${name}_table_processed_duration_seconds`, spentMs / 1000, {
      ...{ ...labels, status: "success" },
    });
  }
}

interface Listed {
  readonly table: Table;
  readonly files: TableFiles;
  readonly tenants: readonly Tenant[];
}

interface Wanted {
  readonly cutoffs: (tenant: Tenant) => Cutoffs;
  readonly withheld: (tenant: Tenant) => Cutoffs | undefined;
}

/** One table: which of its tenants must be gone through, and going through them. */
class TableVisit {
  readonly #options: RetentionOptions;
  readonly #table: Table;
  readonly #wanted: Wanted;
  readonly #run: RetentionRun;

  constructor(options: RetentionOptions, table: Table, wanted: Wanted, run: RetentionRun) {
    this.#options = options;
    this.#table = table;
    this.#wanted = wanted;
    this.#run = run;
  }

  async go(listed: TableFiles, known: readonly Tenant[]): Promise<void> {
    const { clock, retention, dryRun } = this.#options;
    const startMs = clock.ticksMs();
    const checkTime = () => {
      const spentMs = clock.ticksMs() - startMs;
      if (retention.tableTimeoutMs > 0 && spentMs > retention.tableTimeoutMs) {
        throw new Unavailable(
          `table took ${Math.round(spentMs)} ms, retention_table_timeout is ${retention.tableTimeoutMs} ms`,
        );
      }
    };
    let files = listed;
    let tenants = known;
    const isCompact = files.common.length === 0 && [...files.own.values()].every(isOne);
    if (!isCompact && !dryRun && tenants.some((tenant) => this.#isDue(tenant, files))) {
      files = await this.#compact();
      tenants = [...files.own.keys()];
    }
    for (const tenant of tenants) {
      checkTime();
      if (this.#isDue(tenant, files)) await this.#visit(tenant, files, checkTime);
      else {
        const { fromMs } = boundsOf(this.#table, files, tenant);
        if (fromMs === -Infinity) this.#run.oldest.unread(this.#table, files, tenant);
        else this.#run.oldest.kept(tenant, fromMs);
      }
    }
  }

  #isDue(tenant: Tenant, files: TableFiles): boolean {
    const { cutoffs, withheld } = this.#wanted;
    const latestMs = Math.max(cutoffs(tenant).latestMs, withheld(tenant)?.latestMs ?? -Infinity);
    if (this.#table.fromMs < latestMs) return true;
    const { fromMs, throughMs } = boundsOf(this.#table, files, tenant);
    return this.#options.deletes?.filterOf(tenant, fromMs, throughMs) !== undefined;
  }

  async #compact(): Promise<TableFiles> {
    const { store, prefix, journal } = this.#options;
    await compactTable({ ...this.#options, provesAll: false, table: this.#table.name });
    return await listTable(store, prefix, this.#table.name, journal);
  }

  async #visit(tenant: Tenant, files: TableFiles, checkTime: () => void): Promise<void> {
    const { clock } = this.#options;
    const { cutoffs } = this.#wanted;
    const startMs = clock.ticksMs();
    const table = this.#table;
    const own = files.own.get(tenant) ?? [];
    const reader = await readTenant({ table, tenant, common: files.common, own }, this.#options);
    if (reader === undefined) return;
    const withheld = this.#wanted.withheld(tenant);
    const marker = new Marker({ ...this.#options, store: this.#options.objects });
    const job = {
      ...{ table, tenant, own, reader, cutoffs: cutoffs(tenant) },
      ...(withheld && { withheld: { cutoffs: withheld, losses: this.#options.withheld } }),
    };
    const expired = await expireTenant(job, { ...this.#options, marker, checkTime });
    this.#run.visited(table, tenant, expired, clock.ticksMs() - startMs);
  }
}

function isOne(files: readonly string[]): boolean {
  return files.length === 1;
}

/** The moments that a tenant's files claim in their names; where one does not, a chunk may be of any time. */
function boundsOf(
  table: Table,
  { own, common }: TableFiles,
  tenant: Tenant,
): { fromMs: number; throughMs: number } {
  let [fromMs, throughMs] = [Infinity, -Infinity];
  for (const key of own.get(tenant) ?? []) {
    const name = parseFileName(key.slice(key.lastIndexOf("/") + 1));
    if (name?.kind !== "compacted") return { fromMs: -Infinity, throughMs: Infinity };
    fromMs = Math.min(fromMs, name.fromMs);
    throughMs = Math.max(throughMs, name.throughMs);
  }
  if (common.length > 0) return { fromMs: -Infinity, throughMs: Infinity };
  return fromMs <= throughMs ? { fromMs, throughMs } : table;
}
