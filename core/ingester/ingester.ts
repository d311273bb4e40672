/**
 * Lines on their way from a push to the store. A push is put into memory, then into the WAL, and then
 * answered. What is in memory is found by queries at once and leaves for the store chunk by chunk.
 *
 * After a crash: what was answered is in the WAL, since the WAL only lets go of a segment when a
 * checkpoint holds what of it is still in memory, and a chunk only leaves memory when its object and
 * the index file that names it are in the store.
 */

import { ByteWriter } from "../bytes/writer.ts";
import { ChunkBuilder } from "../chunk/builder.ts";
import type { Block, StreamId } from "../model/block.ts";
import { lineBytes } from "../model/block.ts";
import { type BadRequest, Unavailable } from "../model/errors.ts";
import type { LimitsOf } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import { chunkFormatOf, periodAt, type Schema } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import { msOf, NS_PER_MS } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { Pusher } from "../ports/pusher.ts";
import { type EntriesToLog, encodeEntries, encodeSeries } from "../wal/record.ts";
import type { WalWriter } from "../wal/writer.ts";
import { type AppendContext, type Appended, appendRows } from "./append.ts";
import { Instance } from "./instance.ts";
import { joinRefusals, streamLimitExceeded, streamRefused } from "./refusals.ts";
import type { IngesterSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";
import { StreamRates } from "./stream-rates.ts";
import { Tailers } from "./tailers.ts";

/** Told of rows that were taken, undefined for all of them. Their bytes go away with the push. */
export type Observe = (
  tenant: Tenant,
  stream: StreamId,
  rows: Block,
  taken: Uint32Array | undefined,
) => void;

export interface IngesterParts {
  readonly settings: IngesterSettings;
  readonly schema: Schema;
  readonly limits: LimitsOf;
  readonly codecs: Codecs;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly observe?: Observe | undefined;
  /** How many share the streams of a tenant; without it this ingester is alone. */
  readonly ring?: () => { readonly ingesters: number; readonly replicationFactor: number };
}

const ALONE = { ingesters: 1, replicationFactor: 1 };

export class Ingester implements Pusher {
  readonly parts: IngesterParts;
  readonly tailers = new Tailers();
  /** Of tenants whose streams are divided. */
  readonly rates: StreamRates;
  readonly #instances = new Map<Tenant, Instance>();
  readonly #writers: ByteWriter[] = [];
  #wal: WalWriter | undefined;
  /** Why pushes are refused; undefined while they are taken. */
  #refusing: string | undefined;

  constructor(parts: IngesterParts) {
    this.parts = parts;
    this.rates = new StreamRates(parts.clock);
  }

  /** From now on pushes are written ahead. Before, while a WAL is replayed, they are not. */
  useWal(wal: WalWriter): void {
    this.#wal = wal;
  }

  instances(): Iterable<Instance> {
    return this.#instances.values();
  }

  find(tenant: Tenant): Instance | undefined {
    return this.#instances.get(tenant);
  }

  instance(tenant: Tenant): Instance {
    let instance = this.#instances.get(tenant);
    if (instance === undefined) this.#instances.set(tenant, (instance = new Instance(tenant)));
    return instance;
  }

  /** Refuses pushes from now on: before the WAL is open, and first of all when shutting down. */
  refuse(reason: string): void {
    this.#refusing = reason;
  }

  accept(): void {
    this.#refusing = undefined;
  }

  async push(tenant: Tenant, streams: readonly PushStream[]): Promise<void> {
    if (this.#refusing !== undefined) throw new Unavailable(this.#refusing);
    // What is refused anyway would gather in memory: agents send it again and again.
    if (this.#wal?.failing) await this.#wal.tryAgain();
    const instance = this.instance(tenant);
    const { shardStreams } = this.parts.limits.of(tenant);
    const introduced: Stream[] = [];
    const logged: Stream[] = [];
    const groups: EntriesToLog[] = [];
    const errors: BadRequest[] = [];
    for (const pushed of streams) {
      const stream = instance.find(pushed.labelText) ?? this.#create(instance, pushed, errors);
      if (stream === undefined) continue;
      if (stream.unintroduced) introduced.push(stream);
      const appended = this.append(tenant, stream, pushed);
      if (appended.count > 0) {
        const { rows } = pushed;
        if (this.#wal !== undefined) stream.unlogged = stream.entryCount;
        logged.push(stream);
        if (shardStreams.enabled) this.rates.add(tenant, stream, lineBytes(rows));
        groups.push({
          ref: stream.fingerprint,
          counter: stream.entryCount,
          rows,
          ...(appended.rows === undefined ? {} : { selection: appended.rows }),
        });
        this.tailers.offer(tenant, stream, rows, appended.rows);
        this.parts.observe?.(tenant, stream, rows, appended.rows);
      }
      if (appended.lastRefusal !== undefined) errors.push(this.#refusal(tenant, pushed, appended));
    }
    await this.#log(tenant, introduced, groups);
    for (const stream of introduced) stream.unintroduced = false;
    for (const [at, { counter }] of groups.entries()) {
      const stream = logged[at]!;
      if (stream.unlogged === counter) stream.unlogged = undefined;
    }
    if (errors.length > 0) throw joinRefusals(errors);
  }

  /** Puts rows into a stream's chunks, under the tenant's limits. */
  append(tenant: Tenant, stream: Stream, pushed: PushStream): Appended {
    const { settings, clock, meter } = this.parts;
    const limits = this.parts.limits.of(tenant);
    const { perStreamRateLimit: rate, perStreamRateLimitBurst: burst } = limits;
    const appended = appendRows(stream, pushed.rows, {
      nowMs: clock.nowMs(),
      window: (BigInt(settings.maxChunkAgeMs) * NS_PER_MS) / 2n,
      ordered: !limits.unorderedWrites,
      wholePush: limits.shardStreams.enabled,
      rate: rate > 0 ? { rate, burst: Math.max(burst, 1) } : undefined,
      refusalsListed: settings.maxReturnedStreamErrors,
      newChunk: this.chunkMaker(pushed.rows.times),
    });
    for (const [reason, { lines, bytes }] of appended.discarded) {
      meter.count("loki_discarded_samples_total", lines, { reason, tenant });
      meter.count("loki_discarded_bytes_total", bytes, { reason, tenant });
    }
    return appended;
  }

  /** Makes chunks in the format of the schema period that the first time falls in. */
  chunkMaker(times: BigInt64Array): AppendContext["newChunk"] {
    const { settings, schema, codecs, meter } = this.parts;
    return () => {
      meter.count("loki_ingester_chunks_created_total", 1);
      return new ChunkBuilder({
        format: chunkFormatOf(periodAt(schema, msOf(times[0] ?? 0n))),
        encoding: ENCODINGS[settings.chunkEncoding],
        blockSize: settings.chunkBlockSize,
        targetSize: settings.chunkTargetSize,
        codecs,
      });
    };
  }

  #create(
    instance: Instance,
    { labels, labelText, rows }: PushStream,
    errors: BadRequest[],
  ): Stream | undefined {
    const { tenant } = instance;
    const { limit, streams } = this.#streamLimit(tenant);
    if (instance.streamCount >= streams) {
      const { meter } = this.parts;
      const reason = { reason: "stream_limit", tenant };
      meter.count("loki_discarded_samples_total", rows.rows, reason);
      meter.count("loki_discarded_bytes_total", lineBytes(rows), reason);
      errors.push(streamLimitExceeded(tenant, limit));
      return undefined;
    }
    const stream = instance.create(labels, labelText);
    stream.unintroduced = this.#wal !== undefined;
    this.parts.meter.count("loki_ingester_streams_created_total", 1, { tenant });
    return stream;
  }

  /** The smaller of this ingester's own limit and its share of the cluster's; 0 is no limit. */
  #streamLimit(tenant: Tenant) {
    const { limits, ring } = this.parts;
    const { maxStreamsPerUser, maxGlobalStreamsPerUser } = limits.of(tenant);
    const { ingesters, replicationFactor } = ring?.() ?? ALONE;
    const local = maxStreamsPerUser || Infinity;
    const share = Math.floor((maxGlobalStreamsPerUser / ingesters) * replicationFactor) || Infinity;
    return local < share
      ? ({ limit: "max_streams_per_user", streams: local } as const)
      : ({ limit: "max_global_streams_per_user", streams: share } as const);
  }

  #refusal(tenant: Tenant, { labelText, rows }: PushStream, appended: Appended): BadRequest {
    const { listed, lastRefusal, refused } = appended;
    return streamRefused({
      tenant,
      labelText,
      listed,
      last: lastRefusal!,
      refused,
      total: rows.rows,
    });
  }

  async #log(
    tenant: Tenant,
    introduced: readonly Stream[],
    groups: readonly EntriesToLog[],
  ): Promise<void> {
    if (this.#wal === undefined || (introduced.length === 0 && groups.length === 0)) return;
    const series = introduced.map(({ fingerprint, labels }) => ({ ref: fingerprint, labels }));
    const out = this.#writers.pop() ?? new ByteWriter(1 << 16);
    const records: Uint8Array[] = [];
    if (series.length > 0) encodeSeries(out, { tenant, series });
    const cut = out.size;
    if (groups.length > 0) encodeEntries(out, tenant, groups);
    if (cut > 0) records.push(out.view().subarray(0, cut));
    if (out.size > cut) records.push(out.view(cut));
    try {
      await this.#wal.log(records);
    } finally {
      out.reset();
      if (this.#writers.length < WRITERS_KEPT) this.#writers.push(out);
    }
  }
}

/** Buffers for WAL records that are kept between pushes. */
const WRITERS_KEPT = 8;
