/** What a query evaluates to. Turning it into Loki's JSON is in core/http. */
import type { Labels } from "./labels.ts";

export type QueryResult = StreamsResult | MatrixResult | VectorResult | ScalarResult;

export interface StreamsResult {
  readonly kind: "streams";
  readonly streams: readonly ResultStream[];
}

export interface ResultStream {
  /** Final labels: of the stream, of structured metadata and parsed, merged and sorted. */
  readonly labels: Labels;
  readonly entries: readonly ResultEntry[];
}

export interface ResultEntry {
  /** Unix nanoseconds. */
  readonly time: bigint;
  readonly line: string;
  /** What of `labels` came from structured metadata and from parsers; kept for `categorize-labels`. */
  readonly metadata?: Labels;
  readonly parsed?: Labels;
}

export interface MatrixResult {
  readonly kind: "matrix";
  readonly series: readonly MatrixSeries[];
}

export interface MatrixSeries {
  readonly labels: Labels;
  /** Unix milliseconds, one per value. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface VectorResult {
  readonly kind: "vector";
  readonly samples: readonly { labels: Labels; timeMs: number; value: number }[];
}

export interface ScalarResult {
  readonly kind: "scalar";
  readonly timeMs: number;
  readonly value: number;
}
