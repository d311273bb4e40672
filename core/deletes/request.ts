/**
 * A new delete request: what was asked, held against Loki's rules and refused in its words (spec
 * http-api §5), then split in time so that one part is no more than a run's work.
 */
import { fnv1 } from "../bytes/fnv1.ts";
import { portableSearch } from "../bytes/search.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { parseGoDuration, printGoDuration } from "../golang/duration.ts";
import { parseRfc3339 } from "../golang/rfc3339.ts";
import type { DeleteRequest } from "../model/delete-request.ts";
import { BadRequest } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { msOf, nsOf } from "../model/time.ts";
import { CompiledQuery } from "./compiled.ts";

/** The parameters as they were sent, "" for those that were not. */
export interface DeleteParams {
  readonly query: string;
  readonly start: string;
  readonly end: string;
  readonly maxInterval: string;
}

export interface NewRequest {
  readonly tenant: Tenant;
  /** Unix nanoseconds. */
  readonly now: bigint;
  /** `compactor.delete_max_interval`; 0 means that nothing is split. */
  readonly intervalMaxMs: number;
}

/** Parts of one request: each costs a little in every query and every run. */
export const PARTS_MAX = 1000;

const SECOND_MS = 1000;

/** The parts of a new request, in the order of time. Throws BadRequest. */
export function newRequest(params: DeleteParams, given: NewRequest): DeleteRequest[] {
  const { tenant, now } = given;
  checkQuery(params.query);
  const [startMs, endMs] = boundsOf(params, now);
  const intervalMs = intervalOf(params.maxInterval, endMs - startMs, given.intervalMaxMs);
  const id = requestId(tenant, now, params.query);
  const wish = { tenant, id, query: params.query, createdMs: msOf(now) } as const;
  return split(startMs, endMs, intervalMs).map(([start, end], part) => ({
    ...{ ...wish, part, startMs: start, endMs: end, status: "received" },
  }));
}

/** FNV-1 over tenant, moment and query (spec tsdb-index §14.1): eight hex digits. */
export function requestId(tenant: string, now: bigint, query: string): string {
  const out = new ByteWriter(256);
  out.text(tenant);
  out.u32le(Number(BigInt.asUintN(32, now)));
  out.u32le(Number(BigInt.asUintN(32, now >> 32n)));
  out.text(query);
  return fnv1(out.view()).toString(16).padStart(8, "0");
}

function checkQuery(query: string): void {
  if (query === "") throw new BadRequest("query not set");
  try {
    new CompiledQuery(query, portableSearch);
  } catch (error) {
    if (error instanceof BadRequest) {
      throw new BadRequest("invalid query expression", { cause: error });
    }
    throw error;
  }
}

function boundsOf({ start, end }: DeleteParams, now: bigint): [number, number] {
  if (start === "") throw new BadRequest("start time not set");
  const startMs = timeOf(start, "start");
  const endMs = end === "" ? msOf(now) : timeOf(end, "end");
  if (endMs > msOf(now)) throw new BadRequest("deletes in the future are not allowed");
  if (startMs > endMs) throw new BadRequest("start time can't be greater than end time");
  return [startMs, endMs];
}

/** Ten digits are seconds; everything else has to be RFC 3339. */
function timeOf(text: string, which: "start" | "end"): number {
  if (/^\d{10}$/.test(text)) return Number(text) * SECOND_MS;
  const ns = parseRfc3339(text);
  if (ns !== undefined) return msOf(ns);
  throw new BadRequest(`invalid ${which} time: require unix seconds or RFC3339 format`);
}

/** Milliseconds of a part; 0 for one part. */
function intervalOf(text: string, spanMs: number, mostMs: number): number {
  // What nobody asked for must not refuse a wish: parts are then as long as their number demands.
  if (text === "") return mostMs === 0 ? 0 : Math.max(mostMs, Math.ceil((spanMs + 1) / PARTS_MAX));
  const ns = durationOf(text);
  if (ns === undefined || ns < nsOf(SECOND_MS)) {
    throw new BadRequest("invalid max_interval: valid time units are 's', 'm', 'h'");
  }
  if (mostMs !== 0 && ns > nsOf(mostMs)) {
    throw new BadRequest(`max_interval can't be greater than ${printGoDuration(nsOf(mostMs))}`);
  }
  if (spanMs < SECOND_MS) {
    throw new BadRequest("difference between start time and end time must be at least one second");
  }
  if (ns > nsOf(spanMs)) {
    const span = printGoDuration(nsOf(spanMs));
    throw new BadRequest(`max_interval can't be greater than the interval to be deleted (${span})`);
  }
  const intervalMs = msOf(ns);
  const parts = Math.ceil((spanMs + 1) / intervalMs);
  if (parts > PARTS_MAX) {
    throw new BadRequest(
      `max_interval ${printGoDuration(ns)} makes ${parts} parts of ${printGoDuration(nsOf(spanMs))}, ` +
        `at most ${PARTS_MAX} are allowed`,
    );
  }
  return intervalMs;
}

function durationOf(text: string): bigint | undefined {
  try {
    return parseGoDuration(text);
  } catch {
    // What is no duration is refused in the words for all of them.
    return undefined;
  }
}

/** Bounds of parts, both inclusive: a part ends a millisecond before the next one starts. */
function split(startMs: number, endMs: number, intervalMs: number): [number, number][] {
  if (intervalMs === 0) return [[startMs, endMs]];
  const parts: [number, number][] = [];
  for (let at = startMs; at <= endMs; at += intervalMs) {
    parts.push([at, Math.min(at + intervalMs - 1, endMs)]);
  }
  return parts;
}
