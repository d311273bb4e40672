/**
 * The reading side as the HTTP API sees it: the querier of this process, or the frontend before many.
 * Times are Unix nanoseconds. Every call takes one tenant or, with multi-tenant queries, several.
 * All reject with BadRequest and LimitExceeded in Loki's words, Unavailable when the world does not
 * answer, and with the signal's reason when the caller went away.
 */
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";
import type { QueryResult } from "../model/result.ts";
import type { ScanStats } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";

export interface QueryService {
  /**
   * Parses a query and holds it against the tenants' limits, without touching data. What it throws
   * is what Loki's frontend refuses; what `run` throws comes from behind it, and Loki ends those
   * texts with a newline.
   */
  prepare(tenants: readonly Tenant[], request: QueryRequest): PreparedQuery;
  /**
   * The lines of a log query as they are found, however many there are: what is held meanwhile is a
   * block of each stream, and nothing is read ahead of who asks. Throws at once what `prepare` throws;
   * the batches throw what `run` throws, and time counts only while a batch is waited for.
   */
  lines(tenants: readonly Tenant[], request: LinesRequest, signal: AbortSignal): LinesAnswer;
  /** How a query would be done and what it would touch; analyzed, what it did touch. Throws as `run` does. */
  explain(
    tenants: readonly Tenant[],
    request: QueryRequest,
    options: { analyze: boolean; signal: AbortSignal },
  ): Promise<Explanation>;
  /** A moment's lines with their neighbours of the same stream, oldest first. 404 when there is no such line. */
  context(
    tenants: readonly Tenant[],
    request: ContextRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer>;
  /** Sorted names. `matchers` may be empty. */
  labelNames(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Sorted values. `matchers` may be empty. */
  labelValues(
    tenants: readonly Tenant[],
    name: string,
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Label sets of the streams that match one of the groups, each once. No group means every stream. */
  series(
    tenants: readonly Tenant[],
    request: SeriesRequest,
    signal: AbortSignal,
  ): Promise<readonly Labels[]>;
  indexStats(
    tenants: readonly Tenant[],
    request: SelectorRequest,
    signal: AbortSignal,
  ): Promise<IndexStats>;
  /** A vector at `end`, or with `stepMs` a matrix; the largest volumes first. */
  volume(
    tenants: readonly Tenant[],
    request: VolumeRequest,
    signal: AbortSignal,
  ): Promise<QueryAnswer>;
  /**
   * Entries as they come: first the newest `limit` of the past in ascending order, then live ones,
   * each held back for `delayMs`. Ends when the signal is aborted; throws when the query is not for
   * tailing (`only log selector is supported`) or its sources are gone. The consumer never waits for
   * a slow client, so an implementation needs no buffer of its own beyond a batch.
   */
  tail(tenant: Tenant, request: TailRequest, signal: AbortSignal): AsyncIterable<TailBatch>;
}

export type Direction = "forward" | "backward";

export type QueryRequest = RangeRequest | InstantRequest;

export interface RangeRequest {
  readonly kind: "range";
  readonly query: string;
  readonly start: bigint;
  readonly end: bigint;
  /** Whole milliseconds, at least 1. Log queries ignore it. */
  readonly stepMs: number;
  /** Nanoseconds, 0 for every entry. Metric queries ignore it. */
  readonly interval: bigint;
  readonly limit: number;
  readonly direction: Direction;
  /** Asks a log query for a cursor beside its lines, and goes on after this one; "" begins. */
  readonly cursor?: string;
}

/** `limit` may be infinite. */
export interface LinesRequest extends RangeRequest {
  /** Lines of the same stream wanted before and after each line found. */
  readonly around?: Around;
}

/** Numbers of lines, earlier and later in time whatever the direction. */
export interface Around {
  readonly before: number;
  readonly after: number;
}

export interface ContextRequest extends Around {
  readonly matchers: readonly Matcher[];
  /** When the line was written. */
  readonly time: bigint;
  /** Its text, to tell it from others of that moment. */
  readonly line?: string;
}

export interface InstantRequest {
  readonly kind: "instant";
  readonly query: string;
  readonly time: bigint;
  readonly limit: number;
  readonly direction: Direction;
}

/** Loki's kinds: numbers, lines that something is left out of or done to, all lines that a selector has. */
export type QueryKind = "metric" | "filter" | "limited";

export interface PreparedQuery {
  readonly kind: QueryKind;
  run(signal: AbortSignal): Promise<QueryAnswer>;
}

export interface QueryAnswer {
  readonly result: QueryResult;
  readonly stats: QueryStats;
  /** What was left out and why, such as damaged objects; none for a whole answer. */
  readonly warnings: readonly string[];
  /** Where the lines go on, when the request asked for it and there are more. */
  readonly cursor?: string;
}

export interface LinesAnswer {
  readonly batches: AsyncIterable<readonly LineEntry[]>;
  /** Complete once the batches have been read. */
  readonly scan: ScanStats;
  /** Where the lines go on, known once the batches have been read; undefined when there are no more. */
  cursor(): string | undefined;
}

export interface LineEntry {
  readonly time: bigint;
  readonly line: string;
  /** One object for all lines of equal labels, so identity may serve as a cache key. */
  readonly labels: EntryLabels;
  /** With `around`: lines of one number follow each other in their stream. */
  readonly group?: number;
  /** With `around`: false for a neighbour. */
  readonly match?: boolean;
}

/** Final labels, and what of them came from structured metadata and from parsers. */
export interface EntryLabels {
  readonly labels: Labels;
  readonly metadata: Labels;
  readonly parsed: Labels;
}

export interface Explanation {
  /** For people. */
  readonly text: string;
  /** The same for programs: `plan`, `estimates` by scan and, analyzed, `analysis`; plain JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface QueryStats {
  readonly scan: ScanStats;
  /** Milliseconds from the start of `run` to its end. */
  readonly execMs: number;
  /** Milliseconds spent waiting for a turn. */
  readonly queueMs: number;
  readonly subqueries: number;
  /** Pieces that the time range was cut into; 0 when it was not. */
  readonly splits: number;
  readonly shards: number;
}

/** Told of every object that an answer had to do without, such as a damaged index file. */
export type Warn = (text: string) => void;

export interface SelectorRequest {
  readonly matchers: readonly Matcher[];
  readonly start: bigint;
  /** Inclusive. */
  readonly end: bigint;
  readonly warn?: Warn;
}

export interface SeriesRequest {
  readonly warn?: Warn;
  readonly groups: readonly (readonly Matcher[])[];
  readonly start: bigint;
  /** Inclusive. */
  readonly end: bigint;
}

export interface IndexStats {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface VolumeRequest extends SelectorRequest {
  readonly limit: number;
  /** Names to group by; none means the names in the matchers. */
  readonly targetLabels: readonly string[];
  readonly aggregateBy: "series" | "labels";
  /** Asks for a matrix with a point at the start of each step. */
  readonly stepMs?: number;
}

export interface TailRequest {
  readonly query: string;
  /** First nanosecond of the past that is wanted. */
  readonly start: bigint;
  readonly limit: number;
  readonly delayMs: number;
}

export interface TailBatch {
  /** Oldest first. */
  readonly entries: readonly TailEntry[];
  /** Entries that a source had to drop before they reached us. */
  readonly dropped?: readonly DroppedEntry[];
}

export interface TailEntry {
  /** Final labels, as in a query's answer. */
  readonly labels: Labels;
  readonly time: bigint;
  readonly line: string;
  readonly metadata?: Labels;
  readonly parsed?: Labels;
}

export interface DroppedEntry {
  readonly time: bigint;
  readonly labels: Labels;
}
