/** The moments at which a metric query is evaluated. */
import { NS_PER_MS } from "../../model/time.ts";
import type { QueryParams } from "./params.ts";

/** `first`, `first + step`, … : `count` moments, Unix nanoseconds. */
export interface Steps {
  readonly first: bigint;
  readonly step: bigint;
  readonly count: number;
}

/**
 * The steps of a metric query. A range query starts and ends at multiples of its step since the
 * epoch, so that the answer does not change with the second in which it is asked (spec
 * query-evaluation §3.2). When that leaves one moment, it is the one that was asked for.
 */
export function stepsOf(params: QueryParams): Steps {
  if (params.instant) return { first: params.end, step: NS_PER_MS, count: 1 };
  const step = params.step - (params.step % NS_PER_MS);
  const first = floorTo(params.start, step);
  const last = -floorTo(-params.end, step);
  if (first === last) return { first: params.start, step, count: 1 };
  return { first, step, count: Number((last - first) / step) + 1 };
}

/** The last moment of the steps. */
export function lastStep({ first, step, count }: Steps): bigint {
  return first + step * BigInt(count - 1);
}

/** Output times: Unix milliseconds of a step, rounded down. */
export function stepTimeMs(steps: Steps, index: number): number {
  const time = steps.first + steps.step * BigInt(index);
  return Number(floorTo(time, NS_PER_MS) / NS_PER_MS);
}

/** The largest multiple of `unit` that is not after `time`. */
export function floorTo(time: bigint, unit: bigint): bigint {
  const rest = time % unit;
  return rest < 0n ? time - rest - unit : time - rest;
}
