/**
 * Divides streams that come faster than a rate into several, told apart by the label `__stream_shard__`; it is a
 * label like any other (spec http-api §3.5).
 */
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { lineBytes } from "../model/block.ts";
import type { ShardStreams } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { type RateOf, STREAM_SHARD, type StreamRateBook } from "../ports/stream-rates.ts";
import { selectRows } from "./stream-rows.ts";

/** Streams whose next shard is remembered. A forgotten one begins with shard 0 again. */
const STREAMS_MAX = 100_000;
/** Shards of one stream, however fast it comes. */
const SHARDS_MAX = 1024;

export interface StreamSharderParts {
  readonly rateOf: StreamRateBook["rateOf"];
  readonly meter: Meter;
  readonly journal: Journal;
}

export class StreamSharder {
  readonly #parts: StreamSharderParts;
  /** The shard that the next push of a stream begins with. */
  readonly #next = new Map<string, number>();

  constructor(parts: StreamSharderParts) {
    this.#parts = parts;
  }

  /** The streams of a push, those that come too fast divided. */
  divide(
    tenant: Tenant,
    streams: readonly PushStream[],
    settings: ShardStreams,
  ): readonly PushStream[] {
    return streams.flatMap((stream) => this.#divideOne(tenant, stream, settings));
  }

  #divideOne(tenant: Tenant, stream: PushStream, settings: ShardStreams): readonly PushStream[] {
    const { rateOf, meter, journal } = this.#parts;
    const rate = rateOf(tenant, fingerprint(stream.labels));
    const shards = shardsFor(lineBytes(stream.rows), rate, settings.desiredRate);
    if (shards <= 1) return [stream];
    meter.count("loki_stream_sharding_count", 1);
    if (settings.loggingEnabled) {
      const { labelText } = stream;
      journal.log("info", "stream divided", { org_id: tenant, stream: labelText, shards });
    }
    return this.#deal(tenant, stream, shards);
  }

  /** Row by row in turn, over as many shards as there are rows for. */
  #deal(tenant: Tenant, stream: PushStream, shards: number): PushStream[] {
    const { labels, labelText, rows } = stream;
    const count = Math.min(shards, rows.rows);
    const key = `${tenant} ${labelText}`;
    const first = (this.#next.get(key) ?? 0) % shards;
    this.#remember(key, (first + count) % shards);
    return Array.from({ length: count }, (_, index) => {
      const own: number[] = [];
      for (let row = index; row < rows.rows; row += count) own.push(row);
      const shard = String((first + index) % shards);
      const divided = labelsOf([...labels, [STREAM_SHARD, shard]]);
      return { labels: divided, labelText: printLabels(divided), rows: selectRows(rows, own) };
    });
  }

  #remember(key: string, shard: number): void {
    this.#next.delete(key);
    this.#next.set(key, shard);
    if (this.#next.size <= STREAMS_MAX) return;
    const [oldest] = this.#next.keys();
    this.#next.delete(oldest!);
  }
}

/** Of a stream that nobody knows a rate of there is one: a first push is never divided. */
export function shardsFor(pushBytes: number, rate: RateOf, desiredRate: number): number {
  if (desiredRate <= 0) return 1;
  const expected = rate.bytesPerSecond + pushBytes * Math.min(rate.pushesPerSecond, 1);
  return Math.min(SHARDS_MAX, Math.max(1, Math.ceil(expected / desiredRate)));
}
