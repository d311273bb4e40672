/** Where a querier looks for lines: in the ingester and in the store, unless it is to ask only one of them. */
import type { Config } from "../../core/config/config.ts";
import type { LogSource } from "../../core/ports/log-source.ts";

/** The ingester comes first: lines move from there to the store while a query runs. */
export function askedSources(
  config: Config,
  { ingester, store }: { readonly ingester: LogSource; readonly store: LogSource },
): readonly LogSource[] {
  if (config.bool("querier.query_store_only")) return [store];
  return config.bool("querier.query_ingester_only") ? [ingester] : [ingester, store];
}
