/** What execution is given to work with. */
import type { ScanStats } from "../../model/stats.ts";
import type { ByteSearch } from "../../ports/byte-search.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Scanner } from "./scanner.ts";

export interface QueryContext {
  readonly scanner: Scanner;
  readonly search: ByteSearch;
  readonly clock: Clock;
  /** Counts what the query touched: the scanner what is read, execution what is left after the stages. */
  readonly stats: ScanStats;
  /** When aborted, the query rejects with the signal's reason at the next block. */
  readonly signal?: AbortSignal;
}
