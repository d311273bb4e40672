/** `chunk_store_config`: caches of chunks. */
import { type Row, under } from "../row.ts";
import { cache } from "./cache.ts";

export const CHUNK_STORE: readonly Row[] = [
  ...under("chunk_cache_config", cache("store.chunks-cache.")),
  ...under("write_dedupe_cache_config", cache("store.index-cache-write.")),
  ["cache_lookups_older_than", "span", "0s", "store.cache-lookups-older-than"],
  [
    "max_look_back_period",
    "span",
    "0s",
    "store.max-look-back-period",
    { removed: true, deprecated: "use limits_config.max_query_lookback" },
  ],
  ...under("chunk_cache_config_l2", cache("store.chunks-cache-l2.")),
  [
    "skip_query_writeback_cache_older_than",
    "duration",
    "0s",
    "store.skip-query-writeback-older-than",
    { added: true },
  ],
  ["l2_chunk_cache_handoff", "duration", "0s", "store.chunks-cache-l2.handoff", { added: true }],
];
