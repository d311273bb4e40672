/**
 * Where checked lines go: the ingester of this process, or the ring's replicas behind their quorum.
 * The distributor calls it after validation and after the tenant's rate limit.
 */
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";

export interface Pusher {
  /**
   * Stores the rows. When this resolves they survive a crash. Throws BadRequest or LimitExceeded with
   * Loki's status and text when entries were refused; the other entries of the push are stored all the
   * same. Throws Unavailable when nothing could be stored. The rows' bytes belong to the request:
   * whoever keeps them past the promise copies them.
   */
  push(tenant: Tenant, streams: readonly PushStream[]): Promise<void>;
}
