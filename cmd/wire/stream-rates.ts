/** The distributor's knowledge of how fast streams come, asked of the ingester in this process. */
import type { Config } from "../../core/config/config.ts";
import { RateStore } from "../../core/distributor/rate-store.ts";
import type { Ingester } from "../../core/ingester/ingester.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";

/** It asks until the signal is aborted. */
export function startRateStore(
  ingester: Ingester,
  parts: { config: Config; clock: Clock; meter: Meter; journal: Journal; signal: AbortSignal },
): RateStore {
  const { config, clock, meter, journal, signal } = parts;
  const store = new RateStore({
    sources: () => [ingester.rates],
    ...{ clock, meter, journal },
    intervalMs: config.ms("distributor.rate_store.stream_rate_update_interval"),
  });
  void store.run(signal);
  return store;
}
