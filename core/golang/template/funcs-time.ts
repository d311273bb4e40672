/** Loki's template functions over time (spec logql 10.3). The server's own zone is UTC. */
import { SECOND_NS, secondsOf } from "../civil.ts";
import { GoError } from "../go-error.ts";
import { parseDecimal } from "../integer.ts";
import { formatTime } from "../time-layout.ts";
import { parseTime } from "../time-parse.ts";
import { loadZone, UTC, type Zone } from "../zone.ts";
import { define, type FunctionTable } from "./functions.ts";
import { Int, Time } from "./values.ts";

/** Go's zero time: midnight of the first of January of the year 1. */
const ZERO_NS = -62_135_596_800n * SECOND_NS;

export const TIME_FUNCTIONS: FunctionTable = {
  __timestamp__: define([], (_, { row }) => new Time(row.timeNs, UTC)),
  now: define([], (_, context) => new Time(context.now(), UTC)),
  date: define(["string", "any"], ([layout, value], context) => {
    if (value instanceof Time) return formatTime(value.ns, layout);
    if (value instanceof Int && (value.type === "int" || value.type === "int64")) {
      return formatTime(value.value * SECOND_NS, layout);
    }
    // Of any other type, also of text, sprig takes the time of day.
    return formatTime(context.now(), layout);
  }),
  toDate: define(["string", "string"], ([layout, text]) => read(layout, text, UTC)),
  toDateInZone: define(["string", "string", "string"], ([layout, zone, text]) =>
    read(layout, text, loadZone(zone) ?? UTC),
  ),
  unixEpoch: define(["time.Time"], ([{ ns }]) => `${secondsOf(ns)}`),
  unixEpochMillis: define(["time.Time"], ([{ ns }]) => `${floorDivide(ns, 1_000_000n)}`),
  unixEpochNanos: define(["time.Time"], ([{ ns }]) => `${ns}`),
  unixToTime: define(["string"], ([text]) => unixToTime(text)),
};

function read(layout: string, text: string, zone: Zone): Time {
  const found = parseTime(layout, text, zone);
  return found === undefined ? new Time(ZERO_NS, UTC) : new Time(found.ns, found.zone);
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/** How many nanoseconds one stands for, by the number of digits: days, s, ms, µs, ns. */
const UNITS: Readonly<Record<number, bigint>> = {
  5: 86_400n * SECOND_NS,
  10: SECOND_NS,
  13: 1_000_000n,
  16: 1_000n,
  19: 1n,
};

function unixToTime(text: string): Time {
  const value = parseDecimal(text);
  if (typeof value === "string") {
    throw new GoError(`unable to parse time '${text}': ${value}`);
  }
  const unit = UNITS[text.length];
  if (unit === undefined) throw new GoError(`unable to parse time '${text}': %!w(<nil>)`);
  return new Time(value * unit, UTC);
}
