/**
 * Takes a push apart, refuses what must be refused, and hands the rest on: the walk of spec http-api
 * §3.2 from the body to the ingester.
 */

import type { Block } from "../model/block.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Limits, LimitsOf } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { Pusher } from "../ports/pusher.ts";
import type { StreamRateBook } from "../ports/stream-rates.ts";
import { type PushBody, readBody } from "./body.ts";
import { withLevels } from "./detect-level.ts";
import { withFields } from "./discover-fields.ts";
import { LabelCache, type LabelSet } from "./label-cache.ts";
import { readOtlpBody } from "./otlp-body.ts";
import { otlpRulesOf } from "./otlp-rules.ts";
import { OtlpStreams } from "./otlp-streams.ts";
import { RateLimiter } from "./rate-limit.ts";
import { countReceived, weigh } from "./received.ts";
import { ingestionBlocked } from "./refusals.ts";
import { withServiceName } from "./service-name.ts";
import { StreamSharder } from "./shard-streams.ts";
import { divideByTime } from "./time-shards.ts";
import { type Validated, validate } from "./validate.ts";

export interface DistributorOptions {
  readonly pusher: Pusher;
  readonly limits: LimitsOf;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly meter: Meter;
  readonly journal: Journal;
  /** Bytes of a push after decompression. */
  readonly bodyBytesMax: number;
  /** How many distributors share a tenant's rate; one unless a ring says so. */
  readonly distributors?: () => number;
  /** How fast streams come; without it none is divided by that. */
  readonly streamRates?: StreamRateBook;
  /** `ingester.max_chunk_age`; Loki's default when left out. */
  readonly chunkAgeMaxMs?: number;
}

const CHUNK_AGE_MS = 2 * 3_600_000;

export class Distributor {
  readonly #options: DistributorOptions;
  readonly #labels = new LabelCache();
  readonly #rates: RateLimiter;
  readonly #sharder: StreamSharder | undefined;

  constructor(options: DistributorOptions) {
    this.#options = options;
    this.#rates = new RateLimiter(options.clock, options.distributors);
    const { streamRates, meter, journal } = options;
    if (streamRates !== undefined) {
      const rateOf = streamRates.rateOf.bind(streamRates);
      this.#sharder = new StreamSharder({ rateOf, meter, journal });
    }
  }

  /**
   * Stores what the body has. Throws BadRequest or LimitExceeded for what was refused; when only
   * entries were, the others are stored all the same.
   */
  async push(tenant: Tenant, body: PushBody): Promise<void> {
    const { codecs, bodyBytesMax, limits: limitsOf } = this.#options;
    const raw = await readBody(body, codecs, bodyBytesMax);
    const limits = limitsOf.of(tenant);
    const streams = raw.map(({ labelText, rows }) =>
      enrich(this.#labels.get(labelText), rows, limits),
    );
    await this.#store(tenant, streams, limits);
  }

  /** As `push`, of a body in OpenTelemetry's form. */
  async pushOtlp(tenant: Tenant, body: PushBody): Promise<void> {
    const { codecs, bodyBytesMax, limits: limitsOf, clock } = this.#options;
    const limits = limitsOf.of(tenant);
    const into = new OtlpStreams(otlpRulesOf(limits.otlp), clock.now());
    await readOtlpBody(body, into, codecs, bodyBytesMax);
    const streams = into
      .take()
      .map(({ labels, labelText, rows }) => enrich({ labels, text: labelText }, rows, limits));
    await this.#store(tenant, streams, limits);
  }

  async #store(tenant: Tenant, streams: readonly PushStream[], limits: Limits): Promise<void> {
    const { clock, meter, pusher } = this.#options;
    countReceived(meter, tenant, streams, limits);
    if (this.#isBlocked(tenant, streams, limits)) return;
    const validated = validate(streams, { tenant, limits, now: clock.now(), meter });
    if (validated.streams.length > 0) {
      this.#takeRate(tenant, limits, validated);
      const stored = this.#divided(tenant, validated.streams, limits);
      await pusher.push(tenant, stored).catch((error: unknown) => {
        throw withRefusals(error, validated.refused);
      });
    }
    if (limits.simulatedPushLatencyMs > 0) await clock.sleep(limits.simulatedPushLatencyMs);
    if (validated.refused !== undefined) throw validated.refused;
  }

  /** By their time first, then by how fast they come. */
  #divided(tenant: Tenant, streams: readonly PushStream[], limits: Limits): readonly PushStream[] {
    const { shardStreams } = limits;
    const { clock, chunkAgeMaxMs = CHUNK_AGE_MS } = this.#options;
    const { timeShardsAfterMs } = shardStreams;
    const timed =
      timeShardsAfterMs === undefined || chunkAgeMaxMs <= 0
        ? streams
        : streams.flatMap((stream) =>
            divideByTime(stream, {
              recentMs: clock.nowMs() - timeShardsAfterMs,
              lengthMs: chunkAgeMaxMs / 2,
            }),
          );
    if (this.#sharder === undefined || !shardStreams.enabled) return timed;
    return this.#sharder.divide(tenant, timed, shardStreams);
  }

  /** Throws what operators said to answer. With a status of 200 agents are told that all went well. */
  #isBlocked(tenant: Tenant, streams: readonly PushStream[], limits: Limits): boolean {
    const { blockIngestionUntilMs: untilMs, blockIngestionStatusCode: status } = limits;
    const { clock, meter } = this.#options;
    if (untilMs <= clock.nowMs()) return false;
    const { reason, text } = ingestionBlocked(tenant, untilMs, status);
    const [lines, bytes] = weigh(streams);
    meter.count("loki_discarded_samples_total", lines, { reason, tenant });
    meter.count("loki_discarded_bytes_total", bytes, { reason, tenant });
    if (status === 200) return true;
    throw new LimitExceeded("block_ingestion_until", text, { status });
  }

  #takeRate(tenant: Tenant, limits: Limits, push: Validated): void {
    try {
      this.#rates.take(tenant, limits, push);
    } catch (error) {
      if (error instanceof LimitExceeded) {
        const labels = { reason: "rate_limited", tenant };
        this.#options.meter.count("loki_discarded_samples_total", push.lines, labels);
        this.#options.meter.count("loki_discarded_bytes_total", push.bytes, labels);
      }
      throw error;
    }
  }
}

/** A stream with what Loki 3 finds out by itself, where the tenant wants it. */
function enrich(labels: LabelSet, rows: Block, limits: Limits): PushStream {
  const set = withServiceName(labels, limits.discoverServiceName);
  const stream = { labels: set.labels, labelText: set.text };
  if (!limits.allowStructuredMetadata) return { ...stream, rows };
  const { discoverFields } = limits;
  const more = discoverFields.length === 0 ? rows : withFields(rows, set.labels, discoverFields);
  return {
    ...stream,
    rows: limits.discoverLogLevels ? withLevels(more, set.labels, limits) : more,
  };
}

/** The ingester's refusal decides the status and comes first; Loki tells of it alone. */
function withRefusals(error: unknown, refused: BadRequest | undefined): unknown {
  if (refused === undefined || !(error instanceof BadRequest)) return error;
  return new BadRequest(`${error.message}\n${refused.message}`, { status: error.status });
}
