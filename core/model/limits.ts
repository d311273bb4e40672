/**
 * The limits of a tenant: what `limits_config` sets. Names follow the YAML keys; durations are
 * milliseconds, sizes bytes, rates bytes a second; 0 means no limit unless said. Defaults are Loki
 * 2.9.1's, for keys that only 3.x has those of 3.7.6 (spec config §6.7).
 */
import type { Matcher } from "./matcher.ts";
import type { Tenant } from "./tenant.ts";

export interface Limits {
  // Taking lines in.
  readonly ingestionRateBytes: number;
  readonly ingestionBurstBytes: number;
  readonly ingestionRateStrategy: "global" | "local";
  readonly maxLabelNameLength: number;
  readonly maxLabelValueLength: number;
  readonly maxLabelNamesPerSeries: number;
  readonly rejectOldSamples: boolean;
  readonly rejectOldSamplesMaxAgeMs: number;
  readonly creationGracePeriodMs: number;
  readonly maxLineSize: number;
  readonly maxLineSizeTruncate: boolean;
  readonly maxLineSizeTruncateIdentifier: string;
  readonly incrementDuplicateTimestamp: boolean;
  readonly allowStructuredMetadata: boolean;
  readonly maxStructuredMetadataSize: number;
  readonly maxStructuredMetadataEntriesCount: number;
  readonly discoverServiceName: readonly string[];
  readonly discoverLogLevels: boolean;
  readonly logLevelFields: readonly string[];
  readonly discoverFields: readonly DiscoveredField[];
  readonly maxStreamsPerUser: number;
  readonly maxGlobalStreamsPerUser: number;
  readonly unorderedWrites: boolean;
  readonly perStreamRateLimit: number;
  readonly perStreamRateLimitBurst: number;
  readonly otlp: OtlpConfig;
  /** How deep in a line of JSON its level is looked for. */
  readonly logLevelFromJsonMaxDepth: number;
  /** Labels that each stream must have. */
  readonly enforcedLabels: readonly string[];
  readonly policies: StreamPolicies;
  /** Until then pushes are refused with this status, Unix milliseconds; 0 is never. */
  readonly blockIngestionUntilMs: number;
  readonly blockIngestionStatusCode: number;
  /** For tests of agents: how long each push takes at least. */
  readonly simulatedPushLatencyMs: number;
  readonly shardStreams: ShardStreams;
  // Asking.
  readonly maxQuerySeries: number;
  readonly maxQueryLookbackMs: number;
  readonly maxQueryLengthMs: number;
  readonly maxQueryRangeMs: number;
  readonly maxQueryParallelism: number;
  readonly tsdbMaxQueryParallelism: number;
  readonly maxStreamsMatchersPerQuery: number;
  readonly maxConcurrentTailRequests: number;
  readonly maxEntriesLimitPerQuery: number;
  readonly maxChunksPerQuery: number;
  /** Days before today whose index is at hand before anybody asks; 0 is none. */
  readonly queryReadyIndexDays: number;
  readonly queryTimeoutMs: number;
  readonly splitQueriesByIntervalMs: number;
  readonly maxQueryBytesRead: number;
  /** Of what one querier reads at once: a piece of time of `splitQueriesByIntervalMs`. */
  readonly maxQuerierBytesRead: number;
  readonly volumeEnabled: boolean;
  readonly volumeMaxSeries: number;
  readonly requiredLabels: readonly string[];
  readonly minimumLabelsNumber: number;
  readonly blockedQueries: readonly BlockedQuery[];
  readonly enableMultiVariantQueries: boolean;
  readonly shardAggregations: readonly string[];
  /** Ours: bytes of memory that one query may hold. */
  readonly maxQueryMemoryBytes: number;
  // Keeping.
  readonly retentionPeriodMs: number;
  readonly retentionStream: readonly RetentionRule[];
  readonly deletionMode: "disabled" | "filter-only" | "filter-and-delete";
}

/** Structured metadata to look for, and the names by which applications know it. */
export interface DiscoveredField {
  readonly name: string;
  readonly names: readonly string[];
}

/**
 * Groups of a tenant's streams, by their names. Where a name is a key, `*` is for every stream (of labels) or for
 * those that are in no group (of blocking).
 */
export interface StreamPolicies {
  readonly mapping: readonly StreamPolicy[];
  readonly enforcedLabels: ReadonlyMap<string, readonly string[]>;
  /** Unix milliseconds. */
  readonly blockedUntilMs: ReadonlyMap<string, number>;
}

/** Of the groups that a stream matches it is in that with the highest priority. */
export interface StreamPolicy {
  readonly name: string;
  readonly selector: readonly Matcher[];
  readonly priority: number;
}

/** Streams that bring more than a rate are stored as several. */
export interface ShardStreams {
  readonly enabled: boolean;
  readonly loggingEnabled: boolean;
  /** Bytes a second of one shard. */
  readonly desiredRate: number;
  /** Lines that are older than this are stored in streams by their time; undefined is never. */
  readonly timeShardsAfterMs?: number;
}

/** Where attributes of OpenTelemetry go. */
export interface OtlpConfig {
  /** The defaults come after the tenant's own. */
  readonly resource: readonly OtlpRule[];
  readonly scope: readonly OtlpRule[];
  readonly log: readonly OtlpRule[];
  readonly severityTextAsLabel: boolean;
}

/** A label only for attributes of resources. */
export type OtlpAction = "index_label" | "structured_metadata" | "drop";

/** Attributes by their names, and by a pattern of the whole name, "" for none. */
export interface OtlpRule {
  readonly action: OtlpAction;
  readonly attributes: readonly string[];
  readonly regex: string;
}

export interface BlockedQuery {
  readonly pattern: string;
  readonly regex: boolean;
  readonly types: readonly ("metric" | "filter" | "limited")[];
  readonly hash: number;
}

export interface RetentionRule {
  readonly selector: readonly Matcher[];
  readonly priority: number;
  readonly periodMs: number;
}

/** Asks for the limits of a tenant each time anew: they are reloaded while we run, so nobody keeps the answer. */
export interface LimitsOf {
  of(tenant: Tenant): Limits;
}

/** Attributes of resources that are labels when nobody says otherwise. */
export const OTLP_INDEX_LABELS: readonly string[] = [
  "service.name",
  "service.namespace",
  "service.instance.id",
  "deployment.environment",
  "deployment.environment.name",
  "cloud.region",
  "cloud.availability_zone",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.container.name",
  "container.name",
  "k8s.replicaset.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.cronjob.name",
  "k8s.job.name",
];

const KB = 1024;
const MB = 1024 * KB;
const SECOND = 1000;
const HOUR = 3600 * SECOND;

export const DEFAULT_LIMITS: Limits = {
  ingestionRateBytes: 4 * MB,
  ingestionBurstBytes: 6 * MB,
  ingestionRateStrategy: "global",
  maxLabelNameLength: 1024,
  maxLabelValueLength: 2048,
  maxLabelNamesPerSeries: 30,
  rejectOldSamples: true,
  rejectOldSamplesMaxAgeMs: 168 * HOUR,
  creationGracePeriodMs: 600 * SECOND,
  maxLineSize: 0,
  maxLineSizeTruncate: false,
  maxLineSizeTruncateIdentifier: "",
  incrementDuplicateTimestamp: false,
  allowStructuredMetadata: false,
  maxStructuredMetadataSize: 64 * KB,
  maxStructuredMetadataEntriesCount: 128,
  discoverServiceName: [],
  discoverLogLevels: false,
  logLevelFields: [],
  discoverFields: [],
  maxStreamsPerUser: 0,
  maxGlobalStreamsPerUser: 5000,
  unorderedWrites: true,
  perStreamRateLimit: 3 * MB,
  perStreamRateLimitBurst: 15 * MB,
  otlp: {
    resource: [{ action: "index_label", attributes: OTLP_INDEX_LABELS, regex: "" }],
    scope: [],
    log: [],
    severityTextAsLabel: false,
  },
  logLevelFromJsonMaxDepth: 2,
  enforcedLabels: [],
  policies: { mapping: [], enforcedLabels: new Map(), blockedUntilMs: new Map() },
  blockIngestionUntilMs: 0,
  blockIngestionStatusCode: 260,
  simulatedPushLatencyMs: 0,
  shardStreams: { enabled: false, loggingEnabled: false, desiredRate: 3 * MB },
  maxQuerySeries: 500,
  maxQueryLookbackMs: 0,
  maxQueryLengthMs: 721 * HOUR,
  maxQueryRangeMs: 0,
  maxQueryParallelism: 32,
  tsdbMaxQueryParallelism: 512,
  maxStreamsMatchersPerQuery: 1000,
  maxConcurrentTailRequests: 10,
  maxEntriesLimitPerQuery: 5000,
  maxChunksPerQuery: 2_000_000,
  queryReadyIndexDays: 0,
  queryTimeoutMs: 300 * SECOND,
  splitQueriesByIntervalMs: 1800 * SECOND,
  maxQueryBytesRead: 0,
  maxQuerierBytesRead: 0,
  volumeEnabled: false,
  volumeMaxSeries: 1000,
  requiredLabels: [],
  minimumLabelsNumber: 0,
  blockedQueries: [],
  enableMultiVariantQueries: false,
  shardAggregations: [],
  maxQueryMemoryBytes: 512 * MB,
  retentionPeriodMs: 0,
  retentionStream: [],
  deletionMode: "filter-and-delete",
};
