/**
 * The patterns of all tenants' lines, for a few hours, within a bound of memory. Lines come from the
 * ingester as it takes them; patterns are kept by stream and level, so a query for some streams gets
 * theirs. Nothing here is stored: after a restart patterns begin anew.
 */

import { lanesOf } from "../bytes/lanes.ts";
import { type CompiledMatcher, compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Block, StreamId } from "../model/block.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { PatternRequest, PatternSeries, PatternSource } from "../ports/patterns.ts";
import type { Cluster } from "./cluster.ts";
import { BUCKET_MS } from "./counts.ts";
import { Drain } from "./drain.ts";
import { type LevelCluster, mergePatterns } from "./merge.ts";
import { LevelReader } from "./row-level.ts";
import { Tokens } from "./tokens.ts";

export interface PatternSettings {
  /** `pattern_ingester.max_clusters`: patterns of one stream. */
  readonly clustersMax: number;
  /** `pattern_ingester.max_allowed_line_length`: longer lines are not looked at, bytes. */
  readonly lineBytesMax: number;
  /** `pattern_ingester.retain_for`. */
  readonly retainMs: number;
  /** Bytes for the patterns of all tenants together. */
  readonly bytesMax: number;
}

export const DEFAULT_PATTERNS: PatternSettings = {
  clustersMax: 300,
  lineBytesMax: 3000,
  retainMs: 3 * 3_600_000,
  bytesMax: 128 << 20,
};

/** What is left when room had to be made, as a part of what was allowed. */
const KEPT = 0.75;
/** A stream and its trees without a cluster. */
const STREAM_BYTES = 1000;

interface StreamPatterns {
  readonly stream: StreamId;
  readonly byLevel: Map<string, Drain>;
  clusters: number;
}

export class PatternStore implements PatternSource {
  readonly #settings: PatternSettings;
  readonly #clock: Clock;
  readonly #tenants = new Map<Tenant, Map<StreamId, StreamPatterns>>();
  readonly #tokens = new Tokens();
  readonly #levels = new LevelReader();
  #bytes = 0;
  #sweptMs = 0;

  constructor(settings: PatternSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Roughly what is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in the rows of a push that were taken; undefined stands for all. Their bytes are not kept. */
  observe(tenant: Tenant, stream: StreamId, rows: Block, taken: Uint32Array | undefined): void {
    const { lineBytesMax } = this.#settings;
    const { text, starts, ends } = rows;
    const own = this.#streamOf(tenant, stream);
    const lanes = lanesOf(rows.times);
    const tokens = this.#tokens;
    this.#levels.start(rows, stream.labels);
    const count = taken?.length ?? rows.rows;
    for (let index = 0; index < count; index++) {
      const row = taken?.[index] ?? index;
      const [start, end] = [starts[row]!, ends[row]!];
      if (end === start || end - start > lineBytesMax) continue;
      tokens.read(text, start, end);
      const level = this.#levels.of(row, tokens.level);
      const { cluster, isNew } = drainOf(own, level, this.#bucketsMax).add(tokens, text, {
        start,
        end,
      });
      const before = cluster.counts.bytes;
      cluster.counts.add(bucketAt(lanes, row));
      this.#bytes += cluster.counts.bytes - (isNew ? 0 : before);
      if (!isNew) continue;
      this.#bytes += cluster.size;
      if (++own.clusters > this.#settings.clustersMax) this.#shrink([own], own.clusters * KEPT);
    }
    this.#makeRoom();
  }

  async patterns(tenant: Tenant, request: PatternRequest): Promise<readonly PatternSeries[]> {
    const matchers = request.matchers.map(compileMatcher);
    const stepMs = Math.max(BUCKET_MS, Math.floor(request.stepMs / BUCKET_MS) * BUCKET_MS);
    return mergePatterns(this.#matching(tenant, matchers), { ...request, stepMs });
  }

  *#matching(tenant: Tenant, matchers: readonly CompiledMatcher[]): Generator<LevelCluster> {
    for (const { stream, byLevel } of this.#tenants.get(tenant)?.values() ?? []) {
      if (!matchesAll(matchers, stream.labels)) continue;
      for (const [level, drain] of byLevel) {
        for (const cluster of drain.clusters()) yield { level, cluster };
      }
    }
  }

  get #bucketsMax(): number {
    return Math.max(1, Math.ceil(this.#settings.retainMs / BUCKET_MS));
  }

  #streamOf(tenant: Tenant, stream: StreamId): StreamPatterns {
    let streams = this.#tenants.get(tenant);
    if (streams === undefined) this.#tenants.set(tenant, (streams = new Map()));
    let own = streams.get(stream);
    if (own === undefined) {
      streams.set(stream, (own = { stream, byLevel: new Map(), clusters: 0 }));
      this.#bytes += STREAM_BYTES;
    }
    return own;
  }

  /** Lets go of what is too old, now and then, and of what came longest ago when there is too much. */
  #makeRoom(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sweptMs > this.#settings.retainMs / 16) {
      this.#sweptMs = nowMs;
      const oldest = Math.floor((nowMs - this.#settings.retainMs) / BUCKET_MS);
      this.#remove(this.#all(), ({ counts }) => counts.last < oldest);
      this.#dropEmpty();
    }
    if (this.#bytes <= this.#settings.bytesMax) return;
    const all = [...this.#all()];
    const clusters = all.reduce((sum, each) => sum + each.clusters, 0);
    this.#shrink(all, clusters * KEPT);
    this.#dropEmpty();
  }

  *#all(): Generator<StreamPatterns> {
    for (const streams of this.#tenants.values()) yield* streams.values();
  }

  /** Keeps about so many clusters, those that saw a line last. */
  #shrink(streams: readonly StreamPatterns[], wanted: number): void {
    const lasts: number[] = [];
    for (const { byLevel } of streams) {
      for (const drain of byLevel.values()) {
        for (const { counts } of drain.clusters()) lasts.push(counts.last);
      }
    }
    lasts.sort((a, b) => b - a);
    let room = Math.floor(wanted);
    const edge = lasts[room] ?? 0;
    room -= lasts.indexOf(edge);
    // Of those that were seen in the same ten seconds as the last that fits, as many as fit.
    this.#remove(
      streams,
      ({ counts }) => counts.last < edge || (counts.last === edge && room-- <= 0),
    );
  }

  #remove(streams: Iterable<StreamPatterns>, isGone: (cluster: Cluster) => boolean): void {
    for (const own of streams) {
      own.clusters = 0;
      for (const [level, drain] of own.byLevel) {
        drain.remove((cluster) => {
          const gone = isGone(cluster);
          if (gone) this.#bytes -= cluster.size + cluster.counts.bytes;
          return gone;
        });
        own.clusters += drain.count;
        if (drain.count === 0) own.byLevel.delete(level);
      }
    }
  }

  #dropEmpty(): void {
    for (const [tenant, known] of this.#tenants) {
      for (const [stream, { clusters }] of known) {
        if (clusters > 0) continue;
        known.delete(stream);
        this.#bytes -= STREAM_BYTES;
      }
      if (known.size === 0) this.#tenants.delete(tenant);
    }
  }
}

function drainOf({ byLevel }: StreamPatterns, level: string, bucketsMax: number): Drain {
  let drain = byLevel.get(level);
  if (drain === undefined) byLevel.set(level, (drain = new Drain({ bucketsMax })));
  return drain;
}

/** Ten seconds of Unix time; doubles are exact enough for that. */
function bucketAt(lanes: Uint32Array, row: number): number {
  const ns = (lanes[2 * row + 1]! | 0) * 2 ** 32 + lanes[2 * row]!;
  return Math.floor(ns / (BUCKET_MS * 1e6));
}
