/**
 * What a distributor knows of the rates of streams: it asks the ingesters again and again, and of what they say
 * keeps an average in which the newest counts 0.4 (spec http-api §3.5).
 */
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type {
  RateOf,
  StreamRate,
  StreamRateBook,
  StreamRateSource,
} from "../ports/stream-rates.ts";

const NEWEST_WEIGHT = 0.4;
/** A stream whose average is below this has stopped. */
const BYTES_MIN = 1;

const UNKNOWN: RateOf = { bytesPerSecond: 0, pushesPerSecond: 0 };

export interface RateStoreParts {
  readonly sources: () => readonly StreamRateSource[];
  readonly clock: Clock;
  readonly meter: Meter;
  readonly journal: Journal;
  /** `distributor.rate_store.stream_rate_update_interval`. */
  readonly intervalMs: number;
}

export class RateStore implements StreamRateBook {
  readonly #parts: RateStoreParts;
  #averages = new Map<string, RateOf>();

  constructor(parts: RateStoreParts) {
    this.#parts = parts;
  }

  rateOf(tenant: Tenant, stream: bigint): RateOf {
    return this.#averages.get(keyOf(tenant, stream)) ?? UNKNOWN;
  }

  /** Asks until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#parts;
    for (;;) {
      await clock.sleep(intervalMs, signal);
      if (signal.aborted) return;
      await this.refresh();
    }
  }

  /** Asks once. An ingester that does not answer counts as one that has nothing new. */
  async refresh(): Promise<void> {
    const { sources, clock, meter, journal } = this.#parts;
    const started = clock.ticksMs();
    const answers = await Promise.all(
      sources().map((source) =>
        source.streamRates().catch((error: unknown) => {
          meter.count("loki_rate_store_refresh_failures_total", 1, { source: "ingester" });
          journal.log("warn", "rates of streams not known", { err: error });
          return [];
        }),
      ),
    );
    this.#average(sumByStream(answers.flat()));
    const tookMs = clock.ticksMs() - started;
    meter.observe("loki_rate_store_refresh_duration_seconds", tookMs / 1000);
  }

  #average(newest: ReadonlyMap<string, Sum>): void {
    const averages = new Map<string, RateOf>();
    for (const [key, before] of this.#averages) {
      const average = averaged(before, newest.get(key) ?? UNKNOWN);
      if (average.bytesPerSecond >= BYTES_MIN) averages.set(key, average);
    }
    const { meter } = this.#parts;
    const expired = this.#averages.size - averages.size;
    if (expired > 0) meter.count("loki_rate_store_expired_streams_total", expired);
    let [fastest, fastestShard, shardsMax] = [0, 0, 0];
    for (const [key, { bytesPerSecond, pushesPerSecond, shards }] of newest) {
      if (!averages.has(key)) averages.set(key, { bytesPerSecond, pushesPerSecond });
      fastest = Math.max(fastest, bytesPerSecond);
      fastestShard = Math.max(fastestShard, bytesPerSecond / shards);
      shardsMax = Math.max(shardsMax, shards);
    }
    this.#averages = averages;
    meter.gauge("loki_rate_store_streams", averages.size);
    meter.gauge("loki_rate_store_max_stream_shards", shardsMax);
    meter.gauge("loki_rate_store_max_stream_rate_bytes", fastestShard);
    meter.gauge("loki_rate_store_max_unique_stream_rate_bytes", fastest);
  }
}

interface Sum extends RateOf {
  readonly shards: number;
}

/** The same stream may come from several ingesters: the shards lie on all of them. */
function sumByStream(rates: readonly StreamRate[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { tenant, stream, shards, bytesPerSecond, pushesPerSecond } of rates) {
    const key = keyOf(tenant, stream);
    const before = sums.get(key);
    sums.set(key, {
      shards: shards + (before?.shards ?? 0),
      bytesPerSecond: bytesPerSecond + (before?.bytesPerSecond ?? 0),
      pushesPerSecond: Math.max(pushesPerSecond, before?.pushesPerSecond ?? 0),
    });
  }
  return sums;
}

function averaged(before: RateOf, newest: RateOf): RateOf {
  const mix = (a: number, b: number) => a + NEWEST_WEIGHT * (b - a);
  return {
    bytesPerSecond: mix(before.bytesPerSecond, newest.bytesPerSecond),
    pushesPerSecond: mix(before.pushesPerSecond, newest.pushesPerSecond),
  };
}

function keyOf(tenant: Tenant, stream: bigint): string {
  return `${stream} ${tenant}`;
}
