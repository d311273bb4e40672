/**
 * How fast each prefix may be asked. S3 sets its limits by prefix and says SlowDown past them. A prefix
 * is free until then; at a SlowDown its rate becomes a part of what it was, and afterwards rises
 * a little with every second without one, until it is as good as free.
 */
import type { Clock } from "../ports/clock.ts";

/** A second passes between two cuts: the answers to one burst are one piece of news. */
const CUT_EVERY_MS = 1000;
const CUT_TO = 0.7;
/** Requests a second: about one in a hundred of what S3 gives a prefix. Falling further helps nobody. */
const RATE_MIN = 50;
/** What a second without SlowDown adds: a twentieth, and at least two requests. */
const RISE = 0.05;
const RISE_MIN = 2;
/** At this many times the rate of the last cut a prefix is free again. */
const FREE_AT = 4;
/** Prefixes known at once; the one unused for the longest makes room. */
const PREFIXES_MAX = 1000;

interface Lane {
  /** Requests a second; infinite while free. */
  rate: number;
  /** The rate at the last cut. */
  cutRate: number;
  cutMs: number;
  risenMs: number;
  /** When the next request may leave. */
  nextMs: number;
  /** Requests since `countMs`, to know the rate at which the first SlowDown came. */
  count: number;
  countMs: number;
}

export class Pace {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until a request of this prefix may leave. */
  async turn(prefix: string, signal?: AbortSignal): Promise<void> {
    const lane = this.#lane(prefix);
    const nowMs = this.#clock.ticksMs();
    if (nowMs - lane.countMs >= 1000) {
      lane.count = 0;
      lane.countMs = nowMs;
    }
    lane.count++;
    rise(lane, nowMs);
    // Fast path: nobody said SlowDown.
    if (lane.rate === Number.POSITIVE_INFINITY) return;
    const startMs = Math.max(nowMs, lane.nextMs);
    lane.nextMs = startMs + 1000 / lane.rate;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }

  slowDown(prefix: string): void {
    const lane = this.#lane(prefix);
    const nowMs = this.#clock.ticksMs();
    if (nowMs - lane.cutMs < CUT_EVERY_MS) return;
    // A rate taken for too high is cut again soon; one taken for too low would stay.
    const seconds = Math.max(0.01, (nowMs - lane.countMs) / 1000);
    const rate = lane.rate === Number.POSITIVE_INFINITY ? lane.count / seconds : lane.rate;
    lane.rate = Math.max(RATE_MIN, rate * CUT_TO);
    lane.cutRate = lane.rate;
    lane.cutMs = nowMs;
    lane.risenMs = nowMs;
  }

  /** Requests a second, infinite while nothing holds a prefix back. */
  rateOf(prefix: string): number {
    return this.#lanes.get(prefix)?.rate ?? Number.POSITIVE_INFINITY;
  }

  #lane(prefix: string): Lane {
    let lane = this.#lanes.get(prefix);
    if (lane === undefined) {
      lane = {
        rate: Number.POSITIVE_INFINITY,
        cutRate: 0,
        cutMs: Number.NEGATIVE_INFINITY,
        risenMs: 0,
        nextMs: 0,
        count: 0,
        countMs: this.#clock.ticksMs(),
      };
    } else {
      this.#lanes.delete(prefix);
    }
    // A Map keeps the order of insertion: the first is the one unused for the longest.
    this.#lanes.set(prefix, lane);
    if (this.#lanes.size > PREFIXES_MAX) {
      for (const oldest of this.#lanes.keys()) {
        this.#lanes.delete(oldest);
        break;
      }
    }
    return lane;
  }
}

function rise(lane: Lane, nowMs: number): void {
  if (lane.rate === Number.POSITIVE_INFINITY) return;
  const seconds = (nowMs - lane.risenMs) / 1000;
  lane.risenMs = nowMs;
  lane.rate += seconds * Math.max(RISE_MIN, lane.rate * RISE);
  if (lane.rate >= FREE_AT * lane.cutRate) lane.rate = Number.POSITIVE_INFINITY;
}
