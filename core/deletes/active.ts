/**
 * The delete requests that queries look through, per tenant: read anew at a short interval, at once
 * after a change in this process, and compiled only when they differ.
 */
import type { DeleteRequest } from "../model/delete-request.ts";
import type { LimitsOf } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { DeleteFilter } from "./filter.ts";
import type { DeleteFilters } from "./filtered-source.ts";
import { grouped } from "./grouped.ts";

export interface ActiveParts {
  readonly requests: Pick<DeleteRequests, "list">;
  readonly limits: LimitsOf;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly search: ByteSearch;
}

/** A list older than this is read anew beside the query. */
const FRESH_MS = 10_000;
/** And older than this before it: nobody asked for a while. */
const STALE_MS = 60_000;
/** For so long after its processing a request still hides its lines: readers may know the index from before. */
const LINGER_MS = 3_600_000;

const ATTEMPTS = "loki_compactor_load_pending_requests_attempts_total";

interface TenantFilter {
  readonly requests: readonly DeleteRequest[];
  readonly key: string;
  /** Compiled with the first query. */
  filter: DeleteFilter | undefined;
}

export class ActiveDeletes implements DeleteFilters {
  readonly #parts: ActiveParts;
  #byTenant = new Map<Tenant, TenantFilter>();
  #pending: readonly DeleteRequest[] = [];
  #loadedAt: number | undefined;
  #loading: Promise<void> | undefined;
  /** Counts changes, so that a list that was read meanwhile is not taken for the newest. */
  #changes = 0;

  constructor(parts: ActiveParts) {
    this.#parts = parts;
  }

  async of(tenant: Tenant): Promise<DeleteFilter | undefined> {
    await this.#refresh();
    const own = this.#byTenant.get(tenant);
    if (own === undefined || this.#parts.limits.of(tenant).deletionMode === "disabled") {
      return undefined;
    }
    own.filter ??= this.#compile(own);
    return own.filter;
  }

  /** The requests that queries of a tenant are looking through. */
  async listOf(tenant: Tenant): Promise<readonly DeleteRequest[]> {
    await this.#refresh();
    return this.#byTenant.get(tenant)?.requests ?? [];
  }

  /** To be called after a change in this process: the next query waits for the new list. */
  changed(): void {
    this.#changes++;
    this.#loadedAt = undefined;
  }

  /** What waits to be processed, as it was read last; an old list is read anew for whoever asks next. */
  pending(): readonly DeleteRequest[] {
    this.#refresh().catch((error) => this.#complain(error));
    return this.#pending;
  }

  async #refresh(): Promise<void> {
    const loadedAt = this.#loadedAt;
    const age = loadedAt === undefined ? STALE_MS : this.#parts.clock.ticksMs() - loadedAt;
    // Fast path: the list is young.
    if (age < FRESH_MS) return;
    if (age < STALE_MS) {
      this.#load().catch((error) => this.#complain(error));
      return;
    }
    try {
      await this.#load();
    } catch (error) {
      // An old list hides all but the newest requests; none at all would show what must be hidden.
      if (loadedAt === undefined) throw error;
      this.#complain(error);
    }
  }

  /** Ends with a list that was read after the last change. */
  async #load(): Promise<void> {
    do {
      this.#loading ??= this.#read().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
    } while (this.#loadedAt === undefined);
  }

  async #read(): Promise<void> {
    const { requests, clock, meter } = this.#parts;
    const changes = this.#changes;
    try {
      const list = await requests.list();
      meter.count(ATTEMPTS, 1, { status: "success" });
      if (changes !== this.#changes) return;
      this.#take(list);
      this.#loadedAt = clock.ticksMs();
    } catch (error) {
      meter.count(ATTEMPTS, 1, { status: "failure" });
      throw error;
    }
  }

  #take(list: readonly DeleteRequest[]): void {
    const now = this.#parts.clock.nowMs();
    const isActive = ({ status, receipt }: DeleteRequest) =>
      status === "received" || now - (receipt?.processedMs ?? 0) < LINGER_MS;
    const before = this.#byTenant;
    this.#byTenant = new Map();
    this.#pending = list.filter(({ status }) => status === "received");
    for (const [tenant, requests] of grouped(list.filter(isActive), (one) => one.tenant)) {
      const key = requests.map(({ id, part }) => `${id}:${part}`).join();
      const known = before.get(tenant);
      const isSame = known?.key === key;
      this.#byTenant.set(tenant, isSame ? known : { requests, key, filter: undefined });
    }
  }

  #compile({ requests }: TenantFilter): DeleteFilter {
    const { search, journal } = this.#parts;
    const filter = new DeleteFilter(requests, { search });
    for (const err of filter.problems)
      journal.log("error", "delete request is not applied", { err });
    return filter;
  }

  #complain(error: unknown): void {
    const err = error instanceof Error ? error.message : String(error);
    this.#parts.journal.log("warn", "delete requests not read, the last list stays", { err });
  }
}
