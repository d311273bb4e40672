/** `limits_config` as the limits of tenants, with the overrides of single tenants over it. */
import { sha256 } from "../../core/auth/digest.ts";
import { toHex } from "../../core/bytes/text.ts";
import type { Config } from "../../core/config/config.ts";
import type { LoadedConfig } from "../../core/config/load.ts";
import { NO_OVERRIDES, type Overrides } from "../../core/config/override-values.ts";
import type { Item } from "../../core/config/value.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { BlockedQuery, Limits, LimitsOf, RetentionRule } from "../../core/model/limits.ts";
import type { Tenant } from "../../core/model/tenant.ts";
import { otlpConfigOf } from "./otlp-config.ts";
import { discoveredFieldsOf, momentOf, policiesOf, selectorOf } from "./policies.ts";

const MB = 2 ** 20;

/** Limits of every tenant. The file of overrides may be read again at any time. */
export class TenantLimits implements LimitsOf {
  readonly #loaded: LoadedConfig;
  readonly #readFile: (path: string) => Promise<string>;
  readonly #base: Limits;
  #overrides: Overrides = NO_OVERRIDES;
  #sha256: string | undefined;
  #own: ReadonlyMap<string, Limits> = new Map();

  /** Throws BadRequest when a selector of `retention_stream` is none. */
  constructor(loaded: LoadedConfig, readFile: (path: string) => Promise<string>) {
    this.#loaded = loaded;
    this.#readFile = readFile;
    this.#base = limitsFrom(loaded.config);
  }

  of(tenant: Tenant): Limits {
    return this.#own.get(tenant) ?? this.#base;
  }

  /** Of all tenants the most. */
  get queryReadyIndexDaysMax(): number {
    const all = [this.#base, ...this.#own.values()];
    return all.reduce((most, { queryReadyIndexDays: days }) => Math.max(most, days), 0);
  }

  /** What was said of the overrides when they were read last. */
  get overrides(): Overrides {
    return this.#overrides;
  }

  /** Of the files that the overrides came from; undefined when there are none. */
  get sha256(): string | undefined {
    return this.#sha256;
  }

  /** Reads the files of overrides again. On any error the limits stay as they were. */
  async reload(): Promise<void> {
    const files: { name: string; text: string }[] = [];
    for (const name of this.#loaded.overrideFiles) {
      files.push({ name, text: await this.#readFile(name) });
    }
    if (files.length === 0) return;
    const digest = toHex(await sha256(files.map(({ text }) => text).join("\n")));
    // Reading the YAML of thousands of tenants takes its time.
    if (digest === this.#sha256) return;
    const { readOverrides } = await import("../../core/config/overrides.ts");
    const overrides = readOverrides(files);
    const own = new Map<string, Limits>();
    for (const [tenant, layer] of overrides.limits) {
      try {
        // How a rate is shared is a matter of all distributors, not of a tenant.
        const { ingestionRateStrategy } = this.#base;
        const limits = limitsFrom(this.#loaded.withOverrides(layer));
        own.set(tenant, { ...limits, ingestionRateStrategy });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new BadRequest(`invalid override for tenant ${tenant}: ${reason}`, { cause: error });
      }
    }
    [this.#overrides, this.#own, this.#sha256] = [overrides, own, digest];
  }
}

export function limitsFrom(config: Config): Limits {
  const at = (key: string) => `limits_config.${key}`;
  const number = (key: string) => config.number(at(key));
  const ms = (key: string) => config.ms(at(key));
  const on = (key: string) => config.bool(at(key));
  const timeSharded = on("shard_streams.time_sharding_enabled");
  const timeShardsAfterMs = ms("shard_streams.time_sharding_ignore_recent");
  return {
    ingestionRateBytes: number("ingestion_rate_mb") * MB,
    ingestionBurstBytes: number("ingestion_burst_size_mb") * MB,
    ingestionRateStrategy: config.text(
      at("ingestion_rate_strategy"),
    ) as Limits["ingestionRateStrategy"],
    maxLabelNameLength: number("max_label_name_length"),
    maxLabelValueLength: number("max_label_value_length"),
    maxLabelNamesPerSeries: number("max_label_names_per_series"),
    rejectOldSamples: on("reject_old_samples"),
    rejectOldSamplesMaxAgeMs: ms("reject_old_samples_max_age"),
    creationGracePeriodMs: ms("creation_grace_period"),
    maxLineSize: number("max_line_size"),
    maxLineSizeTruncate: on("max_line_size_truncate"),
    maxLineSizeTruncateIdentifier: config.text(at("max_line_size_truncate_identifier")),
    incrementDuplicateTimestamp: on("increment_duplicate_timestamp"),
    allowStructuredMetadata: on("allow_structured_metadata"),
    maxStructuredMetadataSize: number("max_structured_metadata_size"),
    maxStructuredMetadataEntriesCount: number("max_structured_metadata_entries_count"),
    discoverServiceName: config.list(at("discover_service_name")),
    discoverLogLevels: on("discover_log_levels"),
    logLevelFields: config.list(at("log_level_fields")),
    discoverFields: discoveredFieldsOf(config),
    maxStreamsPerUser: number("max_streams_per_user"),
    maxGlobalStreamsPerUser: number("max_global_streams_per_user"),
    unorderedWrites: on("unordered_writes"),
    perStreamRateLimit: number("per_stream_rate_limit"),
    perStreamRateLimitBurst: number("per_stream_rate_limit_burst"),
    otlp: otlpConfigOf(config),
    logLevelFromJsonMaxDepth: number("log_level_from_json_max_depth"),
    enforcedLabels: config.list(at("enforced_labels")),
    policies: policiesOf(config),
    blockIngestionUntilMs: momentOf(
      "block_ingestion_until",
      config.text(at("block_ingestion_until")),
    ),
    blockIngestionStatusCode: number("block_ingestion_status_code"),
    simulatedPushLatencyMs: ms("simulated_push_latency"),
    shardStreams: {
      enabled: on("shard_streams.enabled"),
      loggingEnabled: on("shard_streams.logging_enabled"),
      desiredRate: number("shard_streams.desired_rate"),
      ...(timeSharded && { timeShardsAfterMs }),
    },
    maxQuerySeries: number("max_query_series"),
    maxQueryLookbackMs: ms("max_query_lookback"),
    maxQueryLengthMs: ms("max_query_length"),
    maxQueryRangeMs: ms("max_query_range"),
    maxQueryParallelism: number("max_query_parallelism"),
    tsdbMaxQueryParallelism: number("tsdb_max_query_parallelism"),
    maxStreamsMatchersPerQuery: number("max_streams_matchers_per_query"),
    maxConcurrentTailRequests: number("max_concurrent_tail_requests"),
    maxEntriesLimitPerQuery: number("max_entries_limit_per_query"),
    maxChunksPerQuery: number("max_chunks_per_query"),
    queryReadyIndexDays: number("query_ready_index_num_days"),
    queryTimeoutMs: ms("query_timeout"),
    splitQueriesByIntervalMs: ms("split_queries_by_interval"),
    maxQueryBytesRead: number("max_query_bytes_read"),
    maxQuerierBytesRead: number("max_querier_bytes_read"),
    volumeEnabled: on("volume_enabled"),
    volumeMaxSeries: number("volume_max_series"),
    requiredLabels: config.list(at("required_labels")),
    minimumLabelsNumber: number("minimum_labels_number"),
    blockedQueries: config.items(at("blocked_queries")).map(blockedQuery),
    enableMultiVariantQueries: on("enable_multi_variant_queries"),
    shardAggregations: config.list(at("shard_aggregations")),
    maxQueryMemoryBytes: number("max_query_memory_bytes"),
    retentionPeriodMs: ms("retention_period"),
    retentionStream: config.items(at("retention_stream")).map(retentionRule),
    deletionMode: config.text(at("deletion_mode")) as Limits["deletionMode"],
  };
}

function blockedQuery({ pattern, regex, types, hash }: Item): BlockedQuery {
  return {
    // A rule that says nothing about the text is about every query.
    pattern: pattern === "" && regex !== true ? ".*" : String(pattern),
    regex: regex === true || pattern === "",
    types: types as BlockedQuery["types"],
    hash: Number(hash),
  };
}

function retentionRule({ selector, priority, period }: Item): RetentionRule {
  return {
    selector: selectorOf(String(selector)),
    priority: Number(priority),
    periodMs: Number(period) / 1e6,
  };
}
