/**
 * A fold makes one number of many, a few numbers of state at a time, and can join the states of two
 * stretches of time. That is all that sliding windows over panes need.
 */
import type { StreamId } from "../../model/block.ts";

/** A sample besides its value: `time` on the leaf's scale, and who it is of for ties. */
export interface Origin {
  time: number;
  stream: number;
}

export interface Fold {
  /** Numbers of state. */
  readonly width: number;
  /** Makes the state at `at` that of one value. */
  start(state: Float64Array, at: number, value: number, origin: Origin): void;
  add(state: Float64Array, at: number, value: number, origin: Origin): void;
  /** Adds the state at `laterAt`, which is of a later stretch, to the one at `at`. */
  join(state: Float64Array, at: number, later: Float64Array, laterAt: number): void;
  result(state: Float64Array, at: number): number;
}

/** The sum, and the count when every value is 1. */
export const sumFold: Fold = {
  width: 1,
  start: (state, at, value) => {
    state[at] = value;
  },
  add: (state, at, value) => {
    state[at]! += value;
  },
  join: (state, at, later, laterAt) => {
    state[at]! += later[laterAt]!;
  },
  result: (state, at) => state[at]!,
};

/** Least and greatest. NaN only when there is nothing else. */
export const minFold = extremeFold((value, current) => value < current);
export const maxFold = extremeFold((value, current) => value > current);

function extremeFold(beats: (value: number, current: number) => boolean): Fold {
  const add = (state: Float64Array, at: number, value: number) => {
    const current = state[at]!;
    if (beats(value, current) || Number.isNaN(current)) state[at] = value;
  };
  return {
    width: 1,
    start: sumFold.start,
    add,
    join: (state, at, later, laterAt) => add(state, at, later[laterAt]!),
    result: sumFold.result,
  };
}

/** The mean, kept as count and mean so that it cannot overflow. */
export const meanFold: Fold = {
  width: 2,
  start: (state, at, value) => {
    state[at] = 1;
    state[at + 1] = value;
  },
  add: (state, at, value) => {
    const count = ++state[at]!;
    state[at + 1] = isStuck(state[at + 1]!, value)
      ? state[at + 1]!
      : state[at + 1]! + (value / count - state[at + 1]! / count);
  },
  join: (state, at, later, laterAt) => {
    const before = state[at]!;
    const count = before + later[laterAt]!;
    const [mean, next] = [state[at + 1]!, later[laterAt + 1]!];
    state[at] = count;
    if (isStuck(mean, next)) return;
    state[at + 1] = mean * (before / count) + next * (later[laterAt]! / count);
  },
  result: (state, at) => state[at + 1]!,
};

/** An infinite mean stays what it is, unless the opposite infinity or NaN comes. */
function isStuck(mean: number, value: number): boolean {
  return Math.abs(mean) === Number.POSITIVE_INFINITY && (value === mean || Number.isFinite(value));
}

/** The population variance by Welford's method: count, mean, sum of squared distances. */
export const varianceFold: Fold = {
  width: 3,
  start: (state, at, value) => {
    state[at] = 1;
    state[at + 1] = value;
    state[at + 2] = 0 * value; // NaN for an infinity, as the distance to itself is.
  },
  add: (state, at, value) => {
    const count = ++state[at]!;
    const delta = value - state[at + 1]!;
    state[at + 1]! += delta / count;
    state[at + 2]! += delta * (value - state[at + 1]!);
  },
  join: (state, at, later, laterAt) => {
    const [a, b] = [state[at]!, later[laterAt]!];
    const count = a + b;
    const delta = later[laterAt + 1]! - state[at + 1]!;
    state[at] = count;
    state[at + 1]! += delta * (b / count);
    state[at + 2]! += later[laterAt + 2]! + delta * delta * ((a * b) / count);
  },
  result: (state, at) => state[at + 2]! / state[at]!,
};

export const deviationFold: Fold = {
  ...varianceFold,
  result: (state, at) => Math.sqrt(varianceFold.result(state, at)),
};

/** The earliest value; of equal times that of the stream with the smaller hash, then the one that came first. */
export function firstFold(streams: readonly StreamId[]): Fold {
  return endFold((origin, time, stream) =>
    origin.time !== time ? origin.time < time : hashOrder(streams, origin.stream, stream) < 0,
  );
}

/** The latest value; of equal times that of the stream with the larger hash, then the one that came last. */
export function lastFold(streams: readonly StreamId[]): Fold {
  const fold = endFold((origin, time, stream) =>
    origin.time !== time ? origin.time > time : hashOrder(streams, origin.stream, stream) >= 0,
  );
  const join: Fold["join"] = (state, at, later, laterAt) => {
    for (let index = 0; index < fold.width; index++) state[at + index] = later[laterAt + index]!;
  };
  return { ...fold, join };
}

function endFold(beats: (origin: Origin, time: number, stream: number) => boolean): Fold {
  const start: Fold["start"] = (state, at, value, { time, stream }) => {
    state[at] = value;
    state[at + 1] = time;
    state[at + 2] = stream;
  };
  return {
    width: 3,
    start,
    add: (state, at, value, origin) => {
      if (beats(origin, state[at + 1]!, state[at + 2]!)) start(state, at, value, origin);
    },
    // Stretches follow each other, so the earlier one has the earlier value.
    join: () => {},
    result: sumFold.result,
  };
}

function hashOrder(streams: readonly StreamId[], a: number, b: number): number {
  if (a === b) return 0;
  const [left, right] = [streams[a]!.fingerprint, streams[b]!.fingerprint];
  return left < right ? -1 : left > right ? 1 : 0;
}
