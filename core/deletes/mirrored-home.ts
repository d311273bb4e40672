/**
 * Delete requests on this node's disk with their copy in the bucket. The bucket is told first and is
 * the truth: what another node adds there comes here, and a disk that was lost is filled again from it.
 * So reads are local, and go on while the bucket does not answer.
 */
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";
import { msOf } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import type { Journal } from "../ports/journal.ts";
import type { BucketDeleteRequests, KeptWish } from "./bucket-home.ts";
import { grouped } from "./grouped.ts";

export interface MirroredParts {
  readonly local: DeleteRequests;
  readonly bucket: BucketDeleteRequests;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** What others did in the bucket is here after so long. */
const SYNC_MS = 30_000;

export class MirroredDeleteRequests implements DeleteRequests {
  readonly #parts: MirroredParts;
  #syncedAt: number | undefined;
  #hasSynced = false;
  #syncing: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: MirroredParts) {
    this.#parts = parts;
  }

  async add(parts: readonly DeleteRequest[]): Promise<void> {
    await this.#change(
      (bucket) => bucket.add(parts),
      (local) => local.add(parts),
    );
  }

  async list(tenant?: Tenant): Promise<DeleteRequest[]> {
    await this.#sync();
    return await this.#parts.local.list(tenant);
  }

  async process(tenant: Tenant, id: string, part: number, receipt: DeleteReceipt): Promise<void> {
    const change = (home: DeleteRequests) => home.process(tenant, id, part, receipt);
    await this.#change(change, change);
  }

  async cancel(tenant: Tenant, id: string): Promise<boolean> {
    const change = (home: DeleteRequests) => home.cancel(tenant, id);
    return await this.#change(change, change);
  }

  async generation(tenant: Tenant): Promise<string> {
    await this.#sync();
    return await this.#parts.local.generation(tenant);
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#parts.local.close();
    await this.#parts.bucket.close();
  }

  async #change<T>(
    there: (bucket: DeleteRequests) => Promise<T>,
    here: (local: DeleteRequests) => Promise<unknown>,
  ): Promise<T> {
    await this.#sync();
    return await this.#inTurn(async () => {
      const done = await there(this.#parts.bucket);
      try {
        await here(this.#parts.local);
      } catch (error) {
        // It lasts in the bucket already: the next look there makes good what failed here.
        this.#syncedAt = undefined;
        this.#warn("delete request not written to disk, the bucket has it", error);
      }
      return done;
    });
  }

  /** One after the other: a change must not come between the two looks of a comparison. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async #sync(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#syncedAt !== undefined && clock.ticksMs() - this.#syncedAt < SYNC_MS) return;
    this.#syncing ??= this.#inTurn(() => this.#reconcile()).finally(() => {
      this.#syncing = undefined;
    });
    try {
      await this.#syncing;
      this.#hasSynced = true;
    } catch (error) {
      // Before the first look nobody knows what the disk lacks.
      if (!this.#hasSynced) throw error;
      this.#warn("delete requests in the bucket not read, those on disk stay", error);
    }
    this.#syncedAt = clock.ticksMs();
  }

  async #reconcile(): Promise<void> {
    const { local, bucket, journal } = this.#parts;
    const here = grouped(await local.list(), nameOf);
    for (const wish of await bucket.wishes()) {
      const name = nameOf(wish);
      await this.#bring(wish, here.get(name));
      here.delete(name);
    }
    for (const [name, parts] of here) {
      const [{ tenant, id } = NOBODY] = parts;
      if (tenant === undefined || !(await local.cancel(tenant, id))) continue;
      journal.log("warn", "delete request is not in the bucket and is forgotten", {
        request: name,
      });
    }
  }

  /** Makes the wish on disk what it is in the bucket. */
  async #bring(wish: KeptWish, here: readonly DeleteRequest[] | undefined): Promise<void> {
    const { local } = this.#parts;
    const { tenant, id, parts, isCancelled, changedAt } = wish;
    // Damaged there, it is kept here.
    if (parts === undefined) return;
    if (here === undefined && parts.length > 0) {
      await local.add(parts.map(asReceived));
    }
    const open = (part: number) =>
      here === undefined || here.some((own) => own.part === part && own.status === "received");
    for (const { part, status, receipt } of parts) {
      if (status !== "processed" || !open(part)) continue;
      await local.process(
        tenant,
        id,
        part,
        receipt ?? { ...UNKNOWN, processedMs: msOf(changedAt) },
      );
    }
    if (isCancelled && here !== undefined) await local.cancel(tenant, id);
  }

  #warn(message: string, error: unknown): void {
    const err = error instanceof Error ? error.message : String(error);
    this.#parts.journal.log("warn", message, { err });
  }
}

const NOBODY: { readonly tenant?: Tenant; readonly id: string } = { id: "" };

/** Of a part that is processed, though its receipt is damaged. */
const UNKNOWN = { linesMatched: 0, linesRemoved: 0, chunksRemoved: 0, chunksRewritten: 0 };

function nameOf({ tenant, id }: { readonly tenant: Tenant; readonly id: string }): string {
  return `${tenant}/${id}`;
}

function asReceived({ receipt: _, ...part }: DeleteRequest): DeleteRequest {
  return { ...part, status: "received" };
}
