/**
 * Loki's parameters: their forms, defaults and the words that refuse them (spec query-evaluation §1).
 * Times become Unix nanoseconds within 64 bits.
 */
import { parsePromDuration } from "../golang/duration.ts";
import { parseGoFloat } from "../golang/float.ts";
import { quote } from "../golang/quote.ts";
import { parseRfc3339 } from "../golang/rfc3339.ts";
import { BadRequest } from "../model/errors.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../model/time.ts";
import type {
  Around,
  Direction,
  InstantRequest,
  LinesRequest,
  RangeRequest,
} from "../ports/query-service.ts";
import type { Form } from "./form.ts";

const HOUR = 3600n * NS_PER_SECOND;
const INT64_MAX = 2n ** 63n - 1n;
const LIMIT_DEFAULT = 100;
const POINTS_MAX = 11_000n;
/** Points that a default step aims at. */
const POINTS_WANTED = 250;

export interface Bounds {
  readonly start: bigint;
  readonly end: bigint;
}

/** Checks in Loki's order: bounds, their order, limit, direction, step, points, interval. */
export function rangeRequest(form: Form, now: bigint): RangeRequest {
  const request = rangeWith(form, { now, limitOf: parseLimit });
  const cursor = form.get("cursor");
  // A cursor is ours alone: who does not ask for one sees nothing of it.
  return cursor === "" ? request : { ...request, cursor: cursor === "true" ? "" : cursor };
}

/** Lines as a stream: with a limit of 0 all of them, and with their neighbours when asked. */
export function linesRequest(form: Form, now: bigint): LinesRequest {
  const limitOf = (text: string) => (text === "0" ? Number.POSITIVE_INFINITY : parseLimit(text));
  const request = rangeWith(form, { now, limitOf });
  const cursor = form.get("cursor");
  const [before, after] = [form.get("before"), form.get("after")];
  return {
    ...request,
    ...(cursor === "" ? {} : { cursor: cursor === "true" ? "" : cursor }),
    ...(before === "" && after === "" ? {} : { around: parseAround(form) }),
  };
}

/** `before` and `after`: lines around a line. */
export function parseAround(form: Form, missing = 0): Around {
  const count = (name: string) => {
    const text = form.get(name);
    return text === "" ? missing : Number(named(name, () => parseInteger(text, "Atoi")));
  };
  return { before: count("before"), after: count("after") };
}

/** A line's moment: as answers have it, nanoseconds, or as any other time. */
export function parseMoment(text: string): bigint {
  const time = named("time", () => parseTime(text));
  if (time === undefined) throw new BadRequest("time is missing, want the nanoseconds of a line");
  return time;
}

function rangeWith(
  form: Form,
  { now, limitOf }: { now: bigint; limitOf: (text: string) => number },
): RangeRequest {
  const { start, end } = bounds(form, now);
  if (end < start) {
    throw new BadRequest("end timestamp must not be before or equal to start time");
  }
  const limit = limitOf(form.get("limit"));
  const direction = parseDirection(form.get("direction"));
  const step = parseStep(form, { start, end });
  if ((end - start) / step > POINTS_MAX) {
    throw new BadRequest(
      "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
    );
  }
  const interval = secondsOrDuration(form.get("interval")) ?? 0n;
  if (interval < 0n) throw new BadRequest("interval must be >= 0");
  const stepMs = Number(step / NS_PER_MS);
  // Loki divides by zero here and answers 500 (spec query-evaluation §1).
  if (stepMs === 0) throw stepNotPositive();
  return {
    kind: "range",
    query: form.get("query"),
    start,
    end,
    stepMs,
    interval,
    limit,
    direction,
  };
}

export function instantRequest(form: Form, now: bigint): InstantRequest {
  const limit = parseLimit(form.get("limit"));
  const time = parseTime(form.get("time")) ?? now;
  const direction = parseDirection(form.get("direction"));
  return { kind: "instant", query: form.get("query"), time, limit, direction };
}

/** `start` and `end`, the former by default `since` before the latter, or before now when that is earlier. */
export function bounds(form: Form, now: bigint): Bounds {
  const since = named("since", () => parseSince(form.get("since")));
  const end = named("end", () => parseTime(form.get("end"))) ?? now;
  const start = named("start", () => parseTime(form.get("start")));
  return { start: start ?? (end < now ? end : now) - since, end };
}

/** Whole nanoseconds, at least 1. By default a number of seconds that gives some 250 points. */
export function parseStep(form: Form, { start, end }: Bounds): bigint {
  const step = secondsOrDuration(form.get("step"));
  if (step === undefined) {
    const seconds = Math.floor(Number(end - start) / 1e9 / POINTS_WANTED);
    return BigInt(Math.max(seconds, 1)) * NS_PER_SECOND;
  }
  if (step <= 0n) throw stepNotPositive();
  return step;
}

export function parseLimit(text: string): number {
  const limit = text === "" ? LIMIT_DEFAULT : Number(parseInteger(text, "Atoi"));
  if (limit <= 0) throw new BadRequest("limit must be a positive value");
  return limit;
}

/** As `parseLimit`, but 0 stands for the default. */
export function parseVolumeLimit(text: string): number {
  const limit = text === "" ? 0 : Number(parseInteger(text, "Atoi"));
  if (limit < 0) throw new BadRequest("limit must be a positive value");
  return limit === 0 ? LIMIT_DEFAULT : limit;
}

function parseDirection(text: string): Direction {
  const direction = text.toLowerCase();
  if (direction === "") return "backward";
  if (direction === "forward" || direction === "backward") return direction;
  throw new BadRequest(`invalid direction '${text}'`);
}

/** Longest time that tail may hold entries back, seconds. */
const TAIL_DELAY_MAX = 5;

/** `delay_for` of a tail, milliseconds. */
export function parseTailDelay(text: string): number {
  const seconds = text === "" ? 0 : Number(parseInteger(text, "Atoi"));
  if (seconds > TAIL_DELAY_MAX)
    throw new BadRequest(`delay_for can't be greater than ${TAIL_DELAY_MAX}`);
  return Math.max(0, seconds) * 1000;
}

/** A moment: seconds with a fraction, whole seconds or nanoseconds by their length, or RFC 3339. Undefined for "". */
export function parseTime(text: string): bigint | undefined {
  if (text === "") return undefined;
  if (text.includes(".")) {
    const seconds = parseGoFloat(text);
    if (seconds !== undefined) return fromSeconds(seconds);
  }
  if (/^[+-]?\d+$/.test(text)) {
    const value = parseInteger(text, "ParseInt");
    return text.length <= 10 ? clamp(value * NS_PER_SECOND) : value;
  }
  const moment = parseRfc3339(text);
  if (moment === undefined) parseInteger(text, "ParseInt");
  return moment;
}

/** The fraction of float seconds counts in milliseconds. */
function fromSeconds(seconds: number): bigint {
  if (!Number.isFinite(seconds)) return seconds > 0 ? INT64_MAX : -INT64_MAX;
  const whole = Math.trunc(seconds);
  return clamp(
    BigInt(whole) * NS_PER_SECOND + BigInt(Math.round((seconds - whole) * 1000)) * NS_PER_MS,
  );
}

function clamp(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX;
  return value < -INT64_MAX ? -INT64_MAX : value;
}

function parseSince(text: string): bigint {
  return text === "" ? HOUR : parsePromDuration(text);
}

/** Nanoseconds of float seconds or of a Prometheus duration. Undefined for "". */
function secondsOrDuration(text: string): bigint | undefined {
  if (text === "") return undefined;
  const seconds = parseGoFloat(text);
  if (seconds !== undefined) {
    const ns = seconds * 1e9;
    if (Math.abs(ns) < 2 ** 63) return BigInt(Math.trunc(ns));
    throw new BadRequest(`cannot parse ${quote(text)} to a valid duration. It overflows int64`);
  }
  try {
    return parsePromDuration(text);
  } catch (error) {
    throw new BadRequest(`cannot parse ${quote(text)} to a valid duration`, { cause: error });
  }
}

/** Go's strconv of base 10, up to 64 bits. */
function parseInteger(text: string, go: "Atoi" | "ParseInt"): bigint {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new BadRequest(`strconv.${go}: parsing ${quote(text)}: invalid syntax`);
  }
  const value = BigInt(text.replace("+", ""));
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw new BadRequest(`strconv.${go}: parsing ${quote(text)}: value out of range`);
  }
  return value;
}

function stepNotPositive(): BadRequest {
  return new BadRequest(
    "zero or negative query resolution step widths are not accepted. Try a positive integer",
  );
}

/** Says which parameter it was. */
function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new BadRequest(`could not parse '${name}' parameter: ${error.message}`, { cause: error });
  }
}
