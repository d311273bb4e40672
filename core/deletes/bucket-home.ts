/**
 * Delete requests kept in the bucket: for nodes without a disk, and the copy that a lost node leaves.
 * Safe with several writers and when killed at any moment, since no object ever changes.
 */
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import { assert, BadRequest, Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import {
  DELETES_PREFIX,
  decodeMoment,
  decodeReceipt,
  decodeWish,
  encodeMoment,
  encodeReceipt,
  encodeWish,
  keyOf,
  type ObjectPlace,
  placeOf,
  type StoredReceipt,
  type StoredWish,
} from "./request-objects.ts";

export interface BucketHomeParts {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** One wish as its objects tell it. */
export interface KeptWish {
  readonly tenant: Tenant;
  readonly id: string;
  /** Undefined when the object that says so is damaged. */
  readonly parts: readonly DeleteRequest[] | undefined;
  readonly isCancelled: boolean;
  /** Unix nanoseconds of its last change. */
  readonly changedAt: bigint;
}

interface Found {
  readonly tenant: Tenant;
  readonly id: string;
  wish?: StoredWish | undefined;
  cancelledAt?: bigint | undefined;
  readonly done: Map<number, StoredReceipt | undefined>;
}

export class BucketDeleteRequests implements DeleteRequests {
  readonly #parts: BucketHomeParts;
  /** Objects read once, by key: they do not change. Undefined for a damaged one. */
  readonly #read = new Map<string, unknown>();

  constructor(parts: BucketHomeParts) {
    this.#parts = parts;
  }

  async add(parts: readonly DeleteRequest[]): Promise<void> {
    const [first] = parts;
    assert(first !== undefined, "a delete request without parts");
    const { tenant, id } = first;
    const at = await this.#nextMoment(tenant);
    const key = keyOf({ tenant, id, name: { kind: "request" } });
    const bytes = encodeWish(parts, at);
    if (!(await this.#parts.objects.put(key, bytes, { ifAbsent: true }))) {
      throw new BadRequest(`delete request ${id} is there already`);
    }
  }

  async list(tenant?: Tenant): Promise<DeleteRequest[]> {
    const wishes = await this.wishes(tenant);
    return wishes.flatMap(({ parts }) => parts ?? []).sort(byAge);
  }

  async process(tenant: Tenant, id: string, part: number, receipt: DeleteReceipt): Promise<void> {
    const [wish] = await this.wishes(tenant, id);
    const known = wish?.parts?.find((one) => one.part === part);
    if (known?.status !== "received") return;
    const bytes = encodeReceipt(receipt, await this.#nextMoment(tenant));
    const key = keyOf({ tenant, id, name: { kind: "done", part } });
    await this.#parts.objects.put(key, bytes, { ifAbsent: true });
  }

  async cancel(tenant: Tenant, id: string): Promise<boolean> {
    const [wish] = await this.wishes(tenant, id);
    if (!wish?.parts?.some(({ status }) => status === "received")) return false;
    const bytes = encodeMoment(await this.#nextMoment(tenant));
    const key = keyOf({ tenant, id, name: { kind: "cancelled" } });
    return await this.#parts.objects.put(key, bytes, { ifAbsent: true });
  }

  async generation(tenant: Tenant): Promise<string> {
    const at = await this.#changedAt(tenant);
    return at === 0n ? "" : `${at}`;
  }

  async close(): Promise<void> {}

  /** Everything that is known, cancelled wishes too. What is damaged is told and left out. */
  async wishes(tenant?: Tenant, id?: string): Promise<KeptWish[]> {
    const below = tenant === undefined ? "" : `${tenant}/${id === undefined ? "" : `${id}/`}`;
    const found = new Map<string, Found>();
    for await (const { key } of this.#parts.objects.list(DELETES_PREFIX + below)) {
      const place = placeOf(key);
      if (place === undefined) continue;
      const name = `${place.tenant}/${place.id}`;
      let one = found.get(name);
      if (one === undefined) {
        one = { tenant: place.tenant, id: place.id, done: new Map() };
        found.set(name, one);
      }
      await this.#readInto(one, key, place);
    }
    return Array.from(found.values(), keptOf);
  }

  async #readInto(found: Found, key: string, place: ObjectPlace): Promise<void> {
    switch (place.name.kind) {
      case "request":
        found.wish = await this.#object(key, (bytes) => decodeWish(place, bytes));
        return;
      case "done":
        found.done.set(place.name.part, await this.#object(key, decodeReceipt));
        return;
      case "cancelled":
        // That it is there says all, even when its text is damaged.
        found.cancelledAt = (await this.#object(key, decodeMoment)) ?? 0n;
    }
  }

  async #object<T>(key: string, decode: (bytes: Uint8Array) => T): Promise<T | undefined> {
    if (this.#read.has(key)) return this.#read.get(key) as T | undefined;
    const bytes = await this.#parts.objects.get(key);
    // Somebody cleared it away between the list and here.
    if (bytes === undefined) return undefined;
    let value: T | undefined;
    try {
      value = decode(bytes);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      this.#parts.journal.log("error", "delete request object is damaged", {
        key,
        err: error.message,
      });
    }
    this.#read.set(key, value);
    return value;
  }

  async #changedAt(tenant: Tenant): Promise<bigint> {
    let latest = 0n;
    for (const { changedAt } of await this.wishes(tenant)) {
      if (changedAt > latest) latest = changedAt;
    }
    return latest;
  }

  /** Now, but after every change so far: clocks of several writers need not agree. */
  async #nextMoment(tenant: Tenant): Promise<bigint> {
    const [latest, now] = [await this.#changedAt(tenant), this.#parts.clock.now()];
    return now > latest ? now : latest + 1n;
  }
}

/** Oldest first, parts of a wish in order. */
export function byAge(a: DeleteRequest, b: DeleteRequest): number {
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs;
  if (a.tenant !== b.tenant) return a.tenant < b.tenant ? -1 : 1;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return a.part - b.part;
}

function keptOf({ tenant, id, wish, cancelledAt, done }: Found): KeptWish {
  const isCancelled = cancelledAt !== undefined;
  const moments = [wish?.at, cancelledAt, ...Array.from(done.values(), (one) => one?.at)];
  const changedAt = moments.reduce<bigint>((max, at = 0n) => (at > max ? at : max), 0n);
  const parts = wish?.parts.flatMap((part): DeleteRequest[] => {
    if (!done.has(part.part)) return isCancelled ? [] : [part];
    const receipt = done.get(part.part)?.receipt;
    return [{ ...part, status: "processed", ...(receipt && { receipt }) }];
  });
  return { tenant, id, parts, isCancelled, changedAt };
}
