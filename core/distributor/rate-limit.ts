/** How many bytes a second a tenant may push: one bucket a tenant, asked once a push. */
import { RateBucket } from "../ingester/rate-bucket.ts";
import { LimitExceeded } from "../model/errors.ts";
import type { Limits } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";

/** Tenants that have a bucket. A forgotten one starts again with a full bucket. */
const BUCKETS_MAX = 50_000;

export class RateLimiter {
  readonly #buckets = new Map<Tenant, RateBucket>();
  readonly #clock: Clock;
  readonly #distributors: () => number;

  /** `distributors`: how many share a tenant's rate when its strategy is global. */
  constructor(clock: Clock, distributors: () => number = () => 1) {
    this.#clock = clock;
    this.#distributors = distributors;
  }

  /** Throws LimitExceeded (429) when the push is more than the tenant may bring now. */
  take(tenant: Tenant, limits: Limits, push: { lines: number; bytes: number }): void {
    const rate = this.#rate(limits);
    const taken = this.#bucket(tenant, limits).take(
      push.bytes,
      { rate, burst: limits.ingestionBurstBytes },
      this.#clock.ticksMs(),
    );
    if (taken) return;
    throw new LimitExceeded(
      "ingestion_rate_mb",
      `Ingestion rate limit exceeded for user ${tenant} (limit: ${Math.trunc(rate)} bytes/sec) while ` +
        `attempting to ingest '${push.lines}' lines totaling '${push.bytes}' bytes, reduce log volume or ` +
        "contact your Loki administrator to see if the limit can be increased",
      { status: 429 },
    );
  }

  #rate(limits: Limits): number {
    if (limits.ingestionRateStrategy === "local") return limits.ingestionRateBytes;
    return limits.ingestionRateBytes / Math.max(1, this.#distributors());
  }

  #bucket(tenant: Tenant, limits: Limits): RateBucket {
    const known = this.#buckets.get(tenant);
    if (known !== undefined) return known;
    const bucket = new RateBucket(limits.ingestionBurstBytes, this.#clock.ticksMs());
    this.#buckets.set(tenant, bucket);
    if (this.#buckets.size > BUCKETS_MAX) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest!);
    }
    return bucket;
  }
}
