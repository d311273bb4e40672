/** Patterns that lines were grouped into as they came in: what `/patterns` answers. */
import type { Matcher } from "../model/matcher.ts";
import type { Tenant } from "../model/tenant.ts";

export interface PatternRequest {
  readonly matchers: readonly Matcher[];
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Counts are summed over steps of this length, which begin at its multiples. */
  readonly stepMs: number;
}

export interface PatternSeries {
  /** Text with `<_>` where lines differ, as `|>` takes it. */
  readonly pattern: string;
  /** How bad its lines are, by `detected_level`; "unknown" where nobody could tell. */
  readonly level: string;
  /** Start of each step, Unix milliseconds, ascending. */
  readonly times: readonly number[];
  /** Lines in it, never 0. */
  readonly counts: readonly number[];
}

export interface PatternSource {
  /** The patterns of matching streams in that time, the most frequent first. */
  patterns(tenant: Tenant, request: PatternRequest): Promise<readonly PatternSeries[]>;
}
