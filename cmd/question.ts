/** What `query` asks, wherever it asks it, and what comes back. */
import type { QueryResult } from "../core/model/result.ts";
import type { Around, Explanation } from "../core/ports/query-service.ts";
import type { OutputEntry } from "./output.ts";
import type { WireStats } from "./query-stats.ts";

export interface Question {
  readonly text: string;
  /** Unix nanoseconds; undefined where the user set no bound. */
  readonly start: bigint | undefined;
  readonly end: bigint | undefined;
  /** The moment of an instant query. */
  readonly at: bigint | undefined;
  /** Nanoseconds. */
  readonly step: bigint | undefined;
  /** Only entries this far apart of each stream; nanoseconds. */
  readonly interval: bigint;
  /** Most lines; infinite for all. */
  readonly limit: number;
  /** Lines that a server is asked for at once. */
  readonly batch: number;
  readonly direction: "forward" | "backward";
  /** Neighbours wanted of each line. */
  readonly around: Around | undefined;
  /** To be told how the question is answered, and not the answer. */
  readonly explain: "plan" | "analyze" | undefined;
}

/** Lines in order as they are found, the numbers of a metric query, or how either would be found. */
export type Answer =
  | {
      readonly kind: "lines";
      readonly lines: AsyncIterable<readonly OutputEntry[]>;
      readonly remarks: Remarks;
    }
  | {
      readonly kind: "metric";
      readonly result: Exclude<QueryResult, { kind: "streams" }>;
      readonly remarks: Remarks;
    }
  | { readonly kind: "explanation"; readonly explanation: Explanation; readonly remarks: Remarks };

/** What goes to stderr; complete once the lines have been read. */
export interface Remarks {
  readonly warnings: readonly string[];
  /** Of each request that was made, those of Loki's API; complete once the lines have been read. */
  stats(): readonly WireStats[];
}

/** Points of a metric query without a step: Loki's rule. Nanoseconds. */
export function defaultStep(start: bigint, end: bigint): bigint {
  const seconds = (end - start) / 250n / 1_000_000_000n;
  return (seconds < 1n ? 1n : seconds) * 1_000_000_000n;
}
