/** Counts what each stream brings, its shards together, between one question for the rates and the next. */
import { fingerprint } from "../labels/fingerprint.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import { STREAM_SHARD, type StreamRate, type StreamRateSource } from "../ports/stream-rates.ts";
import type { Stream } from "./stream.ts";

interface Counted {
  readonly tenant: Tenant;
  readonly stream: bigint;
  readonly shards: Set<Stream>;
  bytes: number;
  pushes: number;
}

/** Streams that are counted between two questions. Nobody asks where no distributor divides streams. */
const STREAMS_MAX = 100_000;

export class StreamRates implements StreamRateSource {
  readonly #clock: Clock;
  #counted = new Map<string, Counted>();
  #sinceMs: number;
  /** By stream: whose fingerprint is another without the label of the shard. */
  readonly #whole = new WeakMap<Stream, bigint>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.ticksMs();
  }

  add(tenant: Tenant, stream: Stream, bytes: number): void {
    const whole = this.#wholeOf(stream);
    const key = `${whole} ${tenant}`;
    let counted = this.#counted.get(key);
    if (counted === undefined) {
      if (this.#counted.size >= STREAMS_MAX) return;
      counted = { tenant, stream: whole, shards: new Set(), bytes: 0, pushes: 0 };
      this.#counted.set(key, counted);
    }
    counted.shards.add(stream);
    counted.bytes += bytes;
    counted.pushes++;
  }

  async streamRates(): Promise<readonly StreamRate[]> {
    const now = this.#clock.ticksMs();
    const seconds = Math.max(0.001, (now - this.#sinceMs) / 1000);
    const counted = this.#counted;
    this.#counted = new Map();
    this.#sinceMs = now;
    return Array.from(counted.values(), ({ tenant, stream, shards, bytes, pushes }) => ({
      ...{ tenant, stream, shards: shards.size },
      bytesPerSecond: bytes / seconds,
      // Each shard gets a part of one push.
      pushesPerSecond: pushes / shards.size / seconds,
    }));
  }

  #wholeOf(stream: Stream): bigint {
    let whole = this.#whole.get(stream);
    if (whole === undefined) {
      const labels = stream.labels.filter(([name]) => name !== STREAM_SHARD);
      this.#whole.set(stream, (whole = fingerprint(labels)));
    }
    return whole;
  }
}
