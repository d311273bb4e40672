/**
 * How fast streams come, as ingesters see it: what a distributor asks each second to know which streams to
 * divide (spec http-api §3.5).
 */
import type { Tenant } from "../model/tenant.ts";

/** One stream of one ingester. The shards of a stream are one here. */
export interface StreamRate {
  readonly tenant: Tenant;
  /** Fingerprint of the labels without `__stream_shard__`. */
  readonly stream: bigint;
  /** Of how many shards these are the rates. */
  readonly shards: number;
  /** Since the rates were asked for last. */
  readonly bytesPerSecond: number;
  readonly pushesPerSecond: number;
}

export interface StreamRateSource {
  /** The streams that came since it was asked last; each is told once. */
  streamRates(): Promise<readonly StreamRate[]>;
}

/** How fast a stream comes, its shards together. */
export interface RateOf {
  readonly bytesPerSecond: number;
  readonly pushesPerSecond: number;
}

/** What is known of the rates, at once. */
export interface StreamRateBook {
  /** A stream that nobody has told of yet has no rate: 0. */
  rateOf(tenant: Tenant, stream: bigint): RateOf;
}

/** The label that tells shards of a stream apart. */
export const STREAM_SHARD = "__stream_shard__";
