/** What an ingester refuses, in Loki's words (spec http-api §3.3, §3.4). */
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { printGoTime, printSeconds } from "../model/time.ts";

export type RefusalReason = "too_far_behind" | "per_stream_rate_limit" | "out_of_order";

/** One entry that was not taken. */
export interface Refusal {
  readonly time: bigint;
  readonly reason: RefusalReason;
  readonly text: string;
}

/** Only where `unordered_writes` is false. */
export const OUT_OF_ORDER = "entry out of order";

export function tooFarBehind(oldest: bigint): string {
  return `entry too far behind, oldest acceptable timestamp is: ${printSeconds(oldest)}`;
}

export function streamRateExceeded(rate: number, labelText: string, bytes: number): string {
  return (
    `Per stream rate limit exceeded (limit: ${printByteSize(rate)}/sec) while attempting to ingest for stream ` +
    `'${labelText}' totaling ${printByteSize(bytes)}, consider splitting a stream via additional labels or ` +
    "contact your Loki administrator to see if the limit can be increased"
  );
}

export function streamLimitExceeded(
  tenant: Tenant,
  limit: "max_streams_per_user" | "max_global_streams_per_user",
): LimitExceeded {
  return new LimitExceeded(
    limit,
    "Maximum active stream limit exceeded, reduce the number of active streams (reduce labels or reduce " +
      "label values), or contact your Loki administrator to see if the limit can be increased, " +
      `user: '${tenant}'`,
    { status: 429 },
  );
}

/** The error of one stream of a push: the first refusals by themselves, then how many of how many. */
export function streamRefused(options: {
  tenant: Tenant;
  labelText: string;
  /** The refusals to list, at most `max_returned_stream_errors`. */
  listed: readonly Refusal[];
  last: Refusal;
  refused: number;
  total: number;
}): BadRequest {
  const { tenant, labelText, listed, last, refused, total } = options;
  const lines = listed.map(
    ({ time, text }) => `entry with timestamp ${printGoTime(time)} ignored, reason: '${text}',\n`,
  );
  const text = `${lines.join("")}user '${tenant}', total ignored: ${refused} out of ${total} for stream: ${labelText}`;
  if (last.reason !== "per_stream_rate_limit") return new BadRequest(text);
  return new LimitExceeded("per_stream_rate_limit", text, { status: 429 });
}

/** Several streams of one push failed: Loki tells of the last only, we begin with it and tell of the others too. */
export function joinRefusals(errors: readonly BadRequest[]): BadRequest {
  const last = errors.at(-1)!;
  const texts = new Set([last.message, ...errors.map((error) => error.message)]);
  if (texts.size === 1) return last;
  return new BadRequest([...texts].join("\n"), { status: last.status });
}

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

/** The largest unit that divides the size: `5KB`, `1002B`. */
export function printByteSize(bytes: number): string {
  let unit = 0;
  while (bytes >= 1024 && bytes % 1024 === 0) {
    bytes /= 1024;
    unit++;
  }
  return `${bytes}${UNITS[unit]}`;
}
