/** What comes with a query besides its text. */
import { BadRequest } from "../../model/errors.ts";
import type { Limits } from "../../model/limits.ts";
import { NS_PER_MS } from "../../model/time.ts";

export type Direction = "forward" | "backward";

export interface QueryParams {
  /** First moment, Unix nanoseconds. An instant query has its time in `start` and `end`. */
  readonly start: bigint;
  /** Last moment: not part of a log query any more, the last step of a metric query. */
  readonly end: bigint;
  /** Nanoseconds between two evaluations; whole milliseconds. */
  readonly step: bigint;
  /** Nanoseconds that entries of a log query must be apart; 0 gives every entry. */
  readonly interval: bigint;
  /** Entries of a log query. */
  readonly limit: number;
  readonly direction: Direction;
  readonly instant: boolean;
  readonly limits: Limits;
}

/** More points a series than this are refused, as Prometheus does: no screen can show them. */
export const STEPS_MAX = 11_000;

/** Throws what Loki answers when the numbers make no sense together. */
export function checkParams(params: QueryParams): void {
  if (params.instant) return;
  if (params.end < params.start) {
    throw new BadRequest("end timestamp must not be before or equal to start time");
  }
  if (params.step < NS_PER_MS) {
    throw new BadRequest(
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  if ((params.end - params.start) / params.step > BigInt(STEPS_MAX)) {
    throw new BadRequest(
      "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
    );
  }
}
