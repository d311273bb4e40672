/** Moments as calendars and clocks show them. */
import type { Zone } from "./zone.ts";

export const SECOND_NS = 1_000_000_000n;

export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

export const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

export interface Civil {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From 1. */
  readonly yearDay: number;
  /** From 0, Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Seconds east of Greenwich, and what the zone is called then. */
  readonly offset: number;
  readonly abbreviation: string;
}

const DAY_MS = 86_400_000;

/** JavaScript's calendar reaches some 271,000 years either way; moments beyond are shown as its end. */
const CALENDAR_SECONDS = 8_639_000_000_000;

/** What a zone's calendar and clock show at a moment. */
export function civilOf(ns: bigint, zone: Zone): Civil {
  const unixSeconds = Math.min(Math.max(secondsOf(ns), -CALENDAR_SECONDS), CALENDAR_SECONDS);
  const { seconds: offset, abbreviation } = zone.at(unixSeconds);
  const date = new Date((unixSeconds + offset) * 1000);
  const year = date.getUTCFullYear();
  const newYear = new Date(date);
  newYear.setUTCMonth(0, 1);
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    yearDay: Math.round((date.getTime() - newYear.getTime()) / DAY_MS) + 1,
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: Number(ns - BigInt(unixSeconds) * SECOND_NS),
    offset,
    abbreviation,
  };
}

/** Whole seconds, rounded down. */
export function secondsOf(ns: bigint): number {
  const whole = ns / SECOND_NS;
  return Number(ns % SECOND_NS < 0n ? whole - 1n : whole);
}

/** Unix seconds of a date and a time of day at Greenwich. Days past the month's end go on into the next. */
export function unixSecondsOf(date: {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
}): number {
  const { hour = 0, minute = 0, second = 0 } = date;
  const midnight = new Date(0);
  midnight.setUTCFullYear(date.year, date.month - 1, date.day);
  return midnight.getTime() / 1000 + hour * 3600 + minute * 60 + second;
}

/** Unix seconds of what a zone's clock shows, given as if it were UTC. */
export function fromWallClock(wallSeconds: number, zone: Zone): number {
  const guess = wallSeconds - zone.at(wallSeconds).seconds;
  // Near a change of rules the guess lies on the other side of it.
  return wallSeconds - zone.at(guess).seconds;
}
