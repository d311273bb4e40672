/**
 * Delete requests, kept: by SQLite on a node with a disk, by objects in the bucket elsewhere. Whoever
 * deletes physically and whoever filters answers meanwhile read the same list.
 */
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";

export interface DeleteRequests {
  /** Keeps the parts of a new wish; they last when this resolves. Rejects with BadRequest when the id is known. */
  add(parts: readonly DeleteRequest[]): Promise<void>;

  /** The requests of a tenant, or of all tenants; oldest first, parts in order. */
  list(tenant?: Tenant): Promise<DeleteRequest[]>;

  /** One part is done, with its receipt. Doing it again changes nothing; an unknown part is no error. */
  process(tenant: Tenant, id: string, part: number, receipt: DeleteReceipt): Promise<void>;

  /** Forgets a wish's parts that are not processed. True when there were any. */
  cancel(tenant: Tenant, id: string): Promise<boolean>;

  /** Changes with every add, process and cancel of the tenant: decimal Unix nanoseconds, "" when there was none. */
  generation(tenant: Tenant): Promise<string>;

  close(): Promise<void>;
}
