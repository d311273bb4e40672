/** Times on the command line: `--from`, `--to`, `--since`. */
import { parseGoDuration, parsePromDuration } from "../core/golang/duration.ts";
import { nsOf } from "../core/model/time.ts";
import { type Flags, UsageError } from "./flags.ts";

export interface Window {
  /** Undefined when the user set no bound. */
  readonly start: bigint | undefined;
  readonly end: bigint | undefined;
}

export function windowOf(flags: Flags, now: bigint): Window {
  const to = flags.text("to");
  const from = flags.text("from");
  const since = flags.text("since");
  const end = to === undefined ? undefined : parseTime("to", to);
  if (from !== undefined) return { start: parseTime("from", from), end };
  if (since !== undefined) {
    const through = end ?? now;
    return { start: through - parseDuration("since", since), end: through };
  }
  return { start: undefined, end };
}

const HOUR = 3_600_000_000_000n;

/** Loki's times for a question without: the last hour up to now. */
export function lastHour({ start, end }: Window, now: bigint): { start: bigint; end: bigint } {
  const through = end ?? now;
  return { start: start ?? through - HOUR, end: through };
}

/** RFC 3339 with up to nanoseconds, or Unix seconds or nanoseconds as a whole number. */
export function parseTime(name: string, text: string): bigint {
  if (/^-?\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * 1_000_000_000n : BigInt(text);
  const parts = text.match(
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/,
  );
  const ms =
    parts === null
      ? Number.NaN
      : Date.parse(`${parts[1]}T${parts[2] ?? "00:00:00"}${parts[4] ?? "Z"}`);
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `--${name} is "${text}", want a time such as 2026-11-23T06:00:00Z or a Unix timestamp`,
    );
  }
  return nsOf(ms) + BigInt((parts![3] ?? "").padEnd(9, "0"));
}

/** `90s`, `1h30m`, `7d`: Go's durations and Prometheus's. Nanoseconds. */
export function parseDuration(name: string, text: string): bigint {
  for (const parse of [parsePromDuration, parseGoDuration]) {
    try {
      return parse(text);
    } catch {
      // The other form may take it.
    }
  }
  throw new UsageError(`--${name} is "${text}", want a duration such as 90s, 1h30m or 7d`);
}
