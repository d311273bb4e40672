/** Where execution gets its blocks: whoever can put all sources of a tenant in one order. */
import type { StreamBlock } from "../../model/block.ts";
import type { Matcher } from "../../model/matcher.ts";
import type { ScanStats } from "../../model/stats.ts";

export interface ScanRequest {
  readonly matchers: readonly Matcher[];
  /** First nanosecond wanted. */
  readonly from: bigint;
  /** First nanosecond not wanted any more. */
  readonly through: bigint;
  readonly direction: "forward" | "backward";
  readonly signal?: AbortSignal;
  readonly stats?: ScanStats;
}

/**
 * Blocks come in order: forward by the time of their first row, never less than the one before;
 * backward by the time of their last row, never more. The blocks of one stream do not overlap and
 * hold no entry twice; two that touch in one moment come in the order of the direction, too. Rows
 * within a block ascend in both directions; some may lie outside the time asked for. A consumer that
 * has enough leaves the loop, and the scan stops.
 */
export interface Scanner {
  scan(request: ScanRequest): AsyncIterable<StreamBlock>;
}
