/** The methods of values that have any: moments, months, weekdays, durations. */
import { civilOf, fromWallClock, SECOND_NS, secondsOf, unixSecondsOf } from "../civil.ts";
import { formatTime } from "../time-layout.ts";
import { UTC } from "../zone.ts";
import { define, type FunctionTable } from "./functions.ts";
import { Int, printValue, Time, type Value } from "./values.ts";

/** Methods with several results, which templates cannot call. */
const RESULTS: Readonly<Record<string, number>> = { Clock: 3, Date: 3, ISOWeek: 2, Zone: 2 };

/** The methods of a value by name, each bound to it. */
export function methodsOf(value: Value): FunctionTable {
  if (value instanceof Time) return timeMethods(value);
  if (!(value instanceof Int) || !value.type.startsWith("time.")) return {};
  const text = { String: define([], () => printValue(value)) };
  return value.type === "time.Duration" ? { ...text, ...durationMethods(value.value) } : text;
}

/** How many results a method has: more than one cannot be called. */
export function resultsOf(value: Value, name: string): number {
  return value instanceof Time && Object.hasOwn(RESULTS, name) ? RESULTS[name]! : 1;
}

function timeMethods({ ns, zone }: Time): FunctionTable {
  const civil = () => civilOf(ns, zone);
  const duration = (value: bigint) => new Int(value, "time.Duration");
  return {
    Unix: define([], () => new Int(secondsOf(ns), "int64")),
    UnixMilli: define([], () => new Int(floor(ns, 1_000_000n), "int64")),
    UnixMicro: define([], () => new Int(floor(ns, 1_000n), "int64")),
    UnixNano: define([], () => new Int(BigInt.asIntN(64, ns), "int64")),
    Year: define([], () => new Int(civil().year)),
    Month: define([], () => new Int(civil().month, "time.Month")),
    Day: define([], () => new Int(civil().day)),
    YearDay: define([], () => new Int(civil().yearDay)),
    Weekday: define([], () => new Int(civil().weekday, "time.Weekday")),
    Hour: define([], () => new Int(civil().hour)),
    Minute: define([], () => new Int(civil().minute)),
    Second: define([], () => new Int(civil().second)),
    Nanosecond: define([], () => new Int(civil().nanosecond)),
    Format: define(["string"], ([layout]) => formatTime(ns, layout, zone)),
    String: define([], () => printValue(new Time(ns, zone))),
    UTC: define([], () => new Time(ns, UTC)),
    Local: define([], () => new Time(ns, UTC)),
    IsZero: define([], () => ns === -62_135_596_800n * SECOND_NS),
    Before: define(["time.Time"], ([other]) => ns < other.ns),
    After: define(["time.Time"], ([other]) => ns > other.ns),
    Equal: define(["time.Time"], ([other]) => ns === other.ns),
    Compare: define(
      ["time.Time"],
      ([other]) => new Int(ns < other.ns ? -1 : ns > other.ns ? 1 : 0),
    ),
    Sub: define(["time.Time"], ([other]) => duration(clamp(ns - other.ns))),
    Add: define(["time.Duration"], ([more]) => new Time(ns + more.value, zone)),
    AddDate: define(["int", "int", "int"], (by) => addDate(new Time(ns, zone), by)),
    Truncate: define(["time.Duration"], ([to]) => new Time(truncate(ns, to.value), zone)),
    Round: define(
      ["time.Duration"],
      ([to]) => new Time(truncate(ns + to.value / 2n, to.value), zone),
    ),
  };
}

function durationMethods(ns: bigint): FunctionTable {
  const whole = (by: bigint) => define([], () => new Int(ns / by, "int64"));
  const inUnits = (by: bigint) => define([], () => Number(ns / by) + Number(ns % by) / Number(by));
  return {
    Hours: inUnits(3600n * SECOND_NS),
    Minutes: inUnits(60n * SECOND_NS),
    Seconds: inUnits(SECOND_NS),
    Milliseconds: whole(1_000_000n),
    Microseconds: whole(1_000n),
    Nanoseconds: whole(1n),
  };
}

function floor(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function clamp(ns: bigint): bigint {
  const [low, high] = [-(2n ** 63n), 2n ** 63n - 1n];
  return ns < low ? low : ns > high ? high : ns;
}

/** To a multiple of a duration since Go's zero time. */
function truncate(ns: bigint, to: bigint): bigint {
  if (to <= 0n) return ns;
  const since = ns + 62_135_596_800n * SECOND_NS;
  const rest = since % to;
  return ns - (rest < 0n ? rest + to : rest);
}

/** Days past the end of a month go on into the next. */
function addDate({ ns, zone }: Time, [years, months, days]: readonly [Int, Int, Int]): Time {
  const { year, month, day, hour, minute, second, nanosecond } = civilOf(ns, zone);
  const wall = unixSecondsOf({
    year: year + Number(years.value),
    month: month + Number(months.value),
    day: day + Number(days.value),
    hour,
    minute,
    second,
  });
  return new Time(BigInt(fromWallClock(wall, zone)) * SECOND_NS + BigInt(nanosecond), zone);
}
