/**
 * The compactor of a server: passes at their intervals and sweeps between them, each under the lease. Of
 * several servers on one bucket one works, and another when that one is gone. Nothing here ends the server: what fails is logged
 * and tried again with the next pass.
 */
import type { ObjectStore } from "../ports/object-store.ts";
import { takeOnFull } from "./full-store.ts";
import { type HeldBy, Lease, type LeaseParts } from "./lease.ts";
import {
  type PassOptions,
  runCompaction,
  runRetention,
  runSweep,
  type Site,
  sweepOf,
  sweptWhenFull,
} from "./pass.ts";
import { isSweepDue } from "./sweep.ts";

/** How often marks are looked at. */
const SWEEP_MS = 60_000;

const RUNNING = "loki_boltdb_shipper_compactor_running";

export interface CompactorOptions extends Omit<PassOptions, "signal" | "dryRun" | "provesAll"> {
  /** Names this process to others that wait. */
  readonly holder: string;
  readonly compactionIntervalMs: number;
  /** 0 for every pass. */
  readonly retentionIntervalMs: number;
}

export class Compactor {
  readonly #options: CompactorOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #retainedMs = -Infinity;
  /** Files that need no merging are read once in the life of a process. */
  #hasProved = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Returns at once. The first pass is after one interval, as with Loki. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends what is under way at its next step; that is safe wherever it is. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#options.meter.gauge(RUNNING, 0);
  }

  async #run(): Promise<void> {
    const { clock, compactionIntervalMs } = this.#options;
    const { signal } = this.#stopping;
    this.#options.meter.gauge(RUNNING, 0);
    let passMs = clock.ticksMs() + compactionIntervalMs;
    while (!signal.aborted) {
      const waitMs = Math.max(0, passMs - clock.ticksMs());
      await clock.sleep(Math.min(SWEEP_MS, waitMs), signal);
      if (signal.aborted) return;
      const isDue = clock.ticksMs() >= passMs;
      if (isDue) passMs = clock.ticksMs() + compactionIntervalMs;
      await this.#attempt(isDue);
    }
  }

  /** A pass, or a sweep when there is something to sweep. */
  async #attempt(isPass: boolean): Promise<void> {
    const { journal, meter, compactionIntervalMs } = this.#options;
    const { signal } = this.#stopping;
    try {
      if (!isPass && !(await this.#hasMarks())) return;
      const yieldMs = 2 * compactionIntervalMs;
      const held = await underLease({ ...this.#options, signal, yieldMs }, async (options) => {
        meter.gauge(RUNNING, 1);
        await (isPass ? this.#pass(options) : runSweep(options));
      });
      if (held === undefined) return;
      meter.gauge(RUNNING, 0);
      journal.log("info", "another compactor is at work", {
        ...{ holder: held.holder, until: new Date(held.endMs).toISOString() },
      });
    } catch (error) {
      if (signal.aborted) return;
      journal.log("error", "failed to run compaction", { err: error });
    }
  }

  async #hasMarks(): Promise<boolean> {
    const { sites, clock, sweeping } = this.#options;
    const dueMs = clock.nowMs() - sweeping.delayMs;
    for (const { objects } of sites) if (await isSweepDue(objects, dueMs)) return true;
    return false;
  }

  async #pass(options: PassOptions): Promise<void> {
    const { clock, retentionIntervalMs, journal } = this.#options;
    await sweptWhenFull(options, async () => {
      await runCompaction({ ...options, provesAll: !this.#hasProved });
      this.#hasProved = true;
      const nowMs = clock.ticksMs();
      if (nowMs - this.#retainedMs < retentionIntervalMs) return;
      const report = await runRetention(options);
      if (report?.failures.length === 0) this.#retainedMs = nowMs;
    });
    const { chunksDeleted } = await runSweep(options);
    if (chunksDeleted > 0) journal.log("info", "deleted marked chunks", { count: chunksDeleted });
  }
}

/**
 * Works with the leases of all stores, through stores that refuse writes once one is lost. Gives back who
 * holds a lease when that is somebody else; then nothing was done.
 */
export async function underLease(
  options: PassOptions & Pick<LeaseParts, "holder" | "yieldMs">,
  work: (options: PassOptions) => Promise<void>,
): Promise<HeldBy | undefined> {
  const { clock, holder, yieldMs = 0 } = options;
  const leases: Lease[] = [];
  let deletedForRoom = 0;
  try {
    for (const site of onePerStore(options.sites)) {
      const parts = { store: site.objects, clock, holder, yieldMs };
      const { lease, deleted } = await takeOnFull(parts, sweepOf(site, options));
      if (!(lease instanceof Lease)) return lease;
      leases.push(lease);
      deletedForRoom += deleted;
    }
    const own = { ...options, sites: guarded(options.sites, leases) };
    if (deletedForRoom > 0) await makeRoom(own, deletedForRoom);
    await work(own);
    return undefined;
  } finally {
    for (const lease of leases) await lease.release();
  }
}

function onePerStore(sites: readonly Site[]): Site[] {
  return [...new Map(sites.map((site) => [site.objects, site])).values()];
}

/** A store that had no room for the lease has none for a pass either: what is marked goes first. */
async function makeRoom(options: PassOptions, objects: number): Promise<void> {
  const { chunksDeleted } = await runSweep(options);
  options.journal.log("warn", "store is full: deleted to have room for the lease, then swept", {
    ...{ objects, chunksDeleted },
  });
}

/** Sites of one store have one guard of it, so that they still are of one store. */
function guarded(sites: readonly Site[], leases: readonly Lease[]): Site[] {
  const guards = new Map<ObjectStore, ObjectStore>();
  const guard = (store: ObjectStore): ObjectStore => {
    const known = guards.get(store) ?? leases.reduce((inner, lease) => lease.guard(inner), store);
    guards.set(store, known);
    return known;
  };
  return sites.map(({ store, prefix, objects, chunks }) => {
    const own = guard(objects);
    return { store: guard(store), prefix, objects: own, chunks: chunks.over(own) };
  });
}
