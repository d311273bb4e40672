/**
 * A run of delete requests: which are under way, what was found for them, when they are done.
 *
 * Receipts are exact though a run may be killed at any moment and repeated. The requests of a run are
 * written down first and stay the same until all of them are done, so a chunk is always met by the same
 * requests; what they take of a chunk is written down under the chunk's name before an index leaves the
 * chunk out. A chunk that is met twice, in two tables or in two runs, is counted once by its name; what
 * it was replaced by has no line left that the same requests take.
 *
 * A request that selects a chunk which cannot be read is not done: what the chunk holds may be read again
 * one day, and queries must go on hiding it. It waits for the next run, in which others join it.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts";
import type { ChunkName } from "../chunk/keys.ts";
import { type DeleteCounts, DeleteFilter } from "../deletes/filter.ts";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import { Corrupt } from "../model/errors.ts";
import type { LimitsOf } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { nameText } from "./marks.ts";
import { BATCH, PROGRESS, stampedKey } from "./places.ts";

/** What passes between the end of the time to cancel and the first run: nobody cancels to the second. */
const GRACE_MS = 60_000;

export interface DeleteSettings {
  readonly cancelPeriodMs: number;
  /** Requests that are done in one run. */
  readonly batchSize: number;
}

export interface DeleteParts {
  readonly store: ObjectStore;
  readonly requests: DeleteRequests;
  readonly limits: LimitsOf;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly search?: ByteSearch;
  /** Nothing is written down. */
  readonly dryRun?: boolean;
}

export interface FinishedRequest {
  readonly request: DeleteRequest;
  readonly receipt: DeleteReceipt;
}

/** What became of a chunk. */
type Outcome = "removed" | "rewritten";

interface Found {
  /** The name of the chunk. */
  readonly chunk: string;
  readonly outcome: Outcome;
  /** Lines by request. */
  readonly lines: readonly (readonly [request: string, lines: number])[];
}

export class DeleteRun {
  readonly #parts: DeleteParts;
  readonly #requests: readonly DeleteRequest[];
  readonly #filters = new Map<Tenant, DeleteFilter>();
  #found: Found[] = [];
  /** Requests that met a chunk which could not be read, and the keys of such chunks. */
  readonly #waiting = new Set<string>();
  readonly #unread = new Set<string>();

  private constructor(parts: DeleteParts, requests: readonly DeleteRequest[]) {
    this.#parts = parts;
    this.#requests = requests;
    const options = parts.search === undefined ? {} : { search: parts.search };
    for (const { tenant } of requests) {
      if (this.#filters.has(tenant)) continue;
      const own = requests.filter((request) => request.tenant === tenant);
      const filter = new DeleteFilter(own, options);
      for (const problem of filter.problems) {
        parts.journal.log("error", "delete request takes nothing away", { user: tenant, problem });
      }
      this.#filters.set(tenant, filter);
    }
  }

  /** The run that was not finished, or a new one; undefined when there is nothing to delete. */
  static async begin(parts: DeleteParts, settings: DeleteSettings): Promise<DeleteRun | undefined> {
    const { store, dryRun } = parts;
    const all = await parts.requests.list();
    const pending = all.filter(({ status }) => status === "received");
    const begun = await readBatch(store);
    const left = inOrder(pending.filter((request) => begun?.requests.has(idOf(request))));
    if (left.length > 0 && !begun?.isDone) return new DeleteRun(parts, left);
    if (left.length === 0 && begun !== undefined && !dryRun) await forget(store);

    const { cancelPeriodMs, batchSize } = settings;
    const readyMs = parts.clock.nowMs() - cancelPeriodMs - GRACE_MS;
    const mayGo = (tenant: Tenant) => parts.limits.of(tenant).deletionMode === "filter-and-delete";
    const fresh = pending.filter((request) => {
      return request.createdMs <= readyMs && mayGo(request.tenant) && !left.includes(request);
    });
    // Those that wait take nobody's place, or a damaged chunk would keep all requests from being done.
    const due = inOrder([...left, ...inOrder(fresh).slice(0, batchSize)]);
    if (due.length === 0) return undefined;
    if (!dryRun) await store.put(BATCH, utf8(JSON.stringify({ requests: due.map(idOf) })));
    return new DeleteRun(parts, due);
  }

  get tenants(): ReadonlySet<Tenant> {
    return new Set(this.#filters.keys());
  }

  /** What takes lines of a tenant between two moments, both included; undefined when nothing does. */
  filterOf(tenant: Tenant, fromMs: number, throughMs: number): DeleteFilter | undefined {
    const touches = this.#requests.some(
      (request) =>
        request.tenant === tenant && request.startMs <= throughMs && request.endMs >= fromMs,
    );
    return touches ? this.#filters.get(tenant) : undefined;
  }

  /** Keeps what requests take of a chunk. It lasts from the next `save` on. */
  record(chunk: ChunkName, outcome: Outcome, counts: DeleteCounts): void {
    const lines = [...counts].map(([request, count]) => [idOf(request), count] as const);
    this.#found.push({ chunk: nameText(chunk), outcome, lines });
  }

  /** A chunk that these requests select cannot be read: they are not done with this run. */
  obstruct(requests: readonly DeleteRequest[], chunk: { key: string; err: string }): void {
    for (const request of requests) this.#waiting.add(idOf(request));
    // Two tables may name it.
    if (this.#unread.has(chunk.key)) return;
    this.#unread.add(chunk.key);
    this.#parts.journal.log("error", "chunk not searched for deletes", {
      ...{ chunk: chunk.key, err: chunk.err },
      requests: requests.map(({ id }) => id).join(","),
      hint: "the requests stay received until the chunk is repaired or removed",
    });
  }

  async save(): Promise<void> {
    const { store, clock, random, dryRun } = this.#parts;
    const found = this.#found;
    this.#found = [];
    if (found.length === 0 || dryRun) return;
    await store.put(stampedKey(PROGRESS, clock.nowMs(), random), print(found));
  }

  /** Every table was visited: the requests are done, each with its receipt, but for those that wait. */
  async finish(): Promise<FinishedRequest[]> {
    const { store, requests, clock, dryRun } = this.#parts;
    if (dryRun) return [];
    const found = await this.#allFound();
    const sums = sumsOf(found);
    const processedMs = clock.nowMs();
    const finished: FinishedRequest[] = [];
    for (const request of this.#requests) {
      if (this.#waiting.has(idOf(request))) continue;
      const { lines, removed, rewritten } = sums.get(idOf(request)) ?? NO_SUM;
      const receipt: DeleteReceipt = {
        processedMs,
        linesMatched: lines,
        linesRemoved: lines,
        chunksRemoved: removed,
        chunksRewritten: rewritten,
      };
      await requests.process(request.tenant, request.id, request.part, receipt);
      finished.push({ request, receipt });
    }
    if (this.#waiting.size === 0) await forget(store);
    else await this.#wait(found);
    return finished;
  }

  /** Keeps what was found for the requests that wait, as their receipts are to have it, and lets others join them. */
  async #wait(found: readonly Found[]): Promise<void> {
    const { store, clock, random } = this.#parts;
    const old = await keysOf(store);
    const kept = found.flatMap((each) => {
      const lines = each.lines.filter(([id]) => this.#waiting.has(id));
      return lines.length === 0 ? [] : [{ ...each, lines }];
    });
    const fresh = stampedKey(PROGRESS, clock.nowMs(), random);
    if (kept.length > 0) await store.put(fresh, print(kept));
    for (const key of old) if (key !== fresh) await store.delete(key);
    const batch = { requests: [...this.#waiting], isDone: true };
    await store.put(BATCH, utf8(JSON.stringify(batch)));
  }

  /** Of each chunk what was found last. */
  async #allFound(): Promise<Found[]> {
    const found = new Map<string, Found>();
    for (const key of await keysOf(this.#parts.store)) {
      for (const each of await readProgress(this.#parts.store, key)) found.set(each.chunk, each);
    }
    return [...found.values()];
  }
}

interface Sum {
  lines: number;
  removed: number;
  rewritten: number;
}

const NO_SUM: Sum = { lines: 0, removed: 0, rewritten: 0 };

function sumsOf(found: readonly Found[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { outcome, lines } of found) {
    for (const [id, count] of lines) {
      const sum = sums.get(id) ?? { ...NO_SUM };
      sum.lines += count;
      sum[outcome]++;
      sums.set(id, sum);
    }
  }
  return sums;
}

function print(found: readonly Found[]): Uint8Array {
  return utf8(found.map((each) => `${JSON.stringify(each)}\n`).join(""));
}

/** A line counts for the first request that takes it, so their order is the same in every run. */
function inOrder(requests: readonly DeleteRequest[]): DeleteRequest[] {
  return requests.toSorted(
    (a, b) => a.startMs - b.startMs || a.createdMs - b.createdMs || (idOf(a) < idOf(b) ? -1 : 1),
  );
}

/** Slashes are not for tenants, so two requests never have the same. */
function idOf({ tenant, id, part }: DeleteRequest): string {
  return `${tenant}/${id}/${part}`;
}

interface Batch {
  readonly requests: ReadonlySet<string>;
  /** Every table was visited, and what is left waits for a chunk that cannot be read. */
  readonly isDone: boolean;
}

async function readBatch(store: ObjectStore): Promise<Batch | undefined> {
  const bytes = await store.get(BATCH);
  if (bytes === undefined) return undefined;
  try {
    const batch = JSON.parse(fromUtf8(bytes)) as { requests: string[]; isDone?: boolean };
    return { requests: new Set(batch.requests), isDone: batch.isDone === true };
  } catch (error) {
    throw new Corrupt(`${BATCH} is no list of requests`, { cause: error });
  }
}

async function readProgress(store: ObjectStore, key: string): Promise<Found[]> {
  const bytes = await store.get(key);
  if (bytes === undefined) return [];
  try {
    const lines = fromUtf8(bytes).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Found);
  } catch (error) {
    throw new Corrupt(`${key} does not say what was deleted`, { cause: error });
  }
}

/** The list of requests goes last: while it is there the run goes on. */
async function forget(store: ObjectStore): Promise<void> {
  for (const key of await keysOf(store)) await store.delete(key);
  await store.delete(BATCH);
}

/** Where progress is written down. */
async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(PROGRESS)) keys.push(key);
  return keys;
}
