/** HTTP parameters as Loki reads them (spec query-evaluation §1), as much as recorded requests need. */
import { parseGoDuration } from "../../../golang/duration.ts";
import { BadRequest } from "../../../model/errors.ts";
import type { Limits } from "../../../model/limits.ts";
import { NS_PER_SECOND } from "../../../model/time.ts";
import type { QueryParams } from "../../plan/params.ts";

export type HttpParams = Readonly<Record<string, string | undefined>>;

const HOUR = 3600n * NS_PER_SECOND;

export function rangeParams(params: HttpParams, now: bigint, limits: Limits): QueryParams {
  const end = params["end"] === undefined ? now : readTime(params["end"], "end");
  const start =
    params["start"] === undefined
      ? (end < now ? end : now) - HOUR
      : readTime(params["start"], "start");
  if (end < start) throw new BadRequest("end timestamp must not be before or equal to start time");
  const limit = readLimit(params["limit"]);
  const direction = readDirection(params["direction"]);
  const standard = (end - start) / NS_PER_SECOND / 250n;
  const step =
    params["step"] === undefined
      ? (standard > 1n ? standard : 1n) * NS_PER_SECOND
      : readStep(params["step"]);
  if (step <= 0n) {
    throw new BadRequest(
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  const interval = params["interval"] === undefined ? 0n : readStep(params["interval"]);
  return { start, end, step, interval, limit, direction, instant: false, limits };
}

export function instantParams(params: HttpParams, now: bigint, limits: Limits): QueryParams {
  const time = params["time"] === undefined ? now : readTime(params["time"], "time");
  return {
    start: time,
    end: time,
    step: 0n,
    interval: 0n,
    limit: readLimit(params["limit"]),
    direction: readDirection(params["direction"]),
    instant: true,
    limits,
  };
}

function readTime(text: string, name: string): bigint {
  if (/^-?\d+\.\d+$/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n;
  if (/^-?\d+$/.test(text)) return BigInt(text) * (text.length <= 10 ? NS_PER_SECOND : 1n);
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (parts === null) {
    throw new BadRequest(
      `could not parse '${name}' parameter: strconv.ParseInt: parsing "${text}": invalid syntax`,
    );
  }
  const [, seconds, fraction = ""] = parts;
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function readLimit(text = "100"): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new BadRequest(`strconv.Atoi: parsing "${text}": invalid syntax`);
  }
  if (Number(text) <= 0) throw new BadRequest("limit must be a positive value");
  return Number(text);
}

function readDirection(text = "backward"): "forward" | "backward" {
  const direction = text.toLowerCase();
  if (direction === "forward" || direction === "backward") return direction;
  throw new BadRequest(`invalid direction '${text}'`);
}

function readStep(text: string): bigint {
  if (/^-?\d+(\.\d+)?$/.test(text)) return BigInt(Math.round(Number(text) * 1e9));
  try {
    return parseGoDuration(text);
  } catch (cause) {
    throw new BadRequest(`cannot parse "${text}" to a valid duration`, { cause });
  }
}
