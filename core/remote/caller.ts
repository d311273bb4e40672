/**
 * Sends requests until one succeeds: so many at once, each prefix at its pace, again after a pause that
 * doubles with jitter when another try may help. What cannot be helped becomes Unavailable.
 */
import { Corrupt, Unavailable } from "../model/errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { Gate } from "./gate.ts";
import { Pace } from "./pace.ts";
import { cureOf, DAMAGED, NO_ANSWER, S3Failure } from "./s3-failure.ts";
import type { Attempt, Place } from "./s3-wire.ts";
import { type Patience, watch } from "./watch.ts";

export interface CallPolicy {
  readonly requestsMax: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Tries of one request, SlowDowns apart. */
  readonly triesMax: number;
  readonly patience: Patience;
}

/** A server that says SlowDown this often to one request has no room for it. */
const SLOW_TRIES_MAX = 40;

/** Slowest upload that still counts as one: what a request may last longer by its body. */
const UPLOAD_BYTES_PER_MS = 256;

/** Loki's words for the operations, as its metrics have them. */
export type Operation = "S3.GetObject" | "S3.PutObject" | "S3.DeleteObject" | "S3.List";

/** Told of every request: its operation, the status of the answer (NO_ANSWER for none), how long it took. */
export type Observe = (operation: Operation, status: number, ms: number) => void;

export interface CallerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: CallPolicy;
  readonly observe?: Observe;
}

export interface CallHow {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the request's body. */
  readonly size?: number;
}

export class Caller {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #policy: CallPolicy;
  readonly #observe: Observe;
  readonly #gate: Gate;
  readonly pace: Pace;

  constructor({ clock, random, policy, observe }: CallerOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#policy = policy;
    this.#observe = observe ?? (() => {});
    this.#gate = new Gate(policy.requestsMax);
    this.pace = new Pace(clock);
  }

  /** Throws an S3Failure that no try can help, for the caller to read; `explain` makes it an error for others. */
  async call<T>(
    operation: Operation,
    place: Place,
    request: (attempt: Attempt) => Promise<T>,
    { signal, size = 0 }: CallHow = {},
  ): Promise<T> {
    const prefix = prefixOf(place);
    let failures = 0;
    let slowdowns = 0;
    for (;;) {
      await this.pace.turn(prefix, signal);
      signal?.throwIfAborted();
      try {
        const number = failures + slowdowns + 1;
        return await this.#gate.through(() => this.#try(operation, number, request, size, signal));
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof S3Failure)) throw error;
        const cure = cureOf(error);
        if (cure === "slow") {
          this.pace.slowDown(prefix);
          slowdowns++;
        } else {
          failures++;
        }
        if (cure === "none" || failures >= this.#policy.triesMax || slowdowns >= SLOW_TRIES_MAX) {
          throw error;
        }
        await this.#clock.sleep(this.#delayMs(failures + slowdowns), signal);
      }
    }
  }

  /** One try, whatever comes of it. */
  once<T>(operation: Operation, request: (attempt: Attempt) => Promise<T>): Promise<T> {
    return this.#gate.through(() => this.#try(operation, 1, request, 0, undefined));
  }

  async #try<T>(
    operation: Operation,
    number: number,
    request: (attempt: Attempt) => Promise<T>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { silenceMs, totalMs } = this.#policy.patience;
    const patience = { silenceMs: silenceMs + size / UPLOAD_BYTES_PER_MS, totalMs };
    const startMs = this.#clock.ticksMs();
    const observe = (status: number) =>
      this.#observe(operation, status, this.#clock.ticksMs() - startMs);
    try {
      const attempt = (watched: Pick<Attempt, "signal" | "progress">) =>
        request({ number, ...watched });
      const result = await watch(this.#clock, patience, attempt, signal);
      observe(200);
      return result;
    } catch (error) {
      observe(error instanceof S3Failure ? error.status : NO_ANSWER);
      throw error;
    }
  }

  /** Half of it is sure and half is chance, so that those who failed together do not return together. */
  #delayMs(tries: number): number {
    const { delayMinMs, delayMaxMs } = this.#policy;
    const fullMs = Math.min(delayMaxMs, delayMinMs * 2 ** Math.min(tries - 1, 30));
    return fullMs / 2 + this.#random.int(0, Math.floor(fullMs / 2) + 1);
  }
}

/** The error that those above the store see; it names the place and the service's code. */
export function explain(error: unknown, verb: string, { bucket, key }: Place): unknown {
  if (!(error instanceof S3Failure)) return error;
  const status = error.status === NO_ANSWER ? "" : ` (status ${error.status})`;
  const text = `${verb} ${key} in bucket ${bucket}: ${error.message}${status}`;
  return error.code === DAMAGED
    ? new Corrupt(text, { cause: error })
    : new Unavailable(text, { cause: error });
}

/** What S3's limits are for: the bucket and the first name of the key, a tenant or the index. */
export function prefixOf({ bucket, key }: Place): string {
  const slash = key.indexOf("/");
  return `${bucket}/${slash < 0 ? "" : key.slice(0, slash)}`;
}
