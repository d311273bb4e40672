/**
 * What the HTTP API serves. A target gives what it has: a route whose service is absent does not
 * exist. The interfaces of the data path are ports, so that the layers below can implement them.
 */

import type { LimitsOf } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { Journal, Level } from "../ports/journal.ts";
import type { PatternSource } from "../ports/patterns.ts";
import type { Profiler } from "../ports/profiler.ts";
import type { Pusher } from "../ports/pusher.ts";
import type { QueryService } from "../ports/query-service.ts";
import type { StreamRateBook } from "../ports/stream-rates.ts";
import type { Tracer } from "../ports/tracer.ts";
import type { Gate } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import type { Upgrade } from "./tail-socket.ts";

export interface Services {
  readonly pusher?: Pusher;
  /** How many distributors share a tenant's rate; one when left out. */
  readonly distributors?: () => number;
  /** How fast streams come; without it none is divided into shards. */
  readonly streamRates?: StreamRateBook;
  /** `ingester.max_chunk_age`, for streams that are divided by time; Loki's default when left out. */
  readonly chunkAgeMaxMs?: number;
  readonly query?: QueryService;
  readonly ingester?: IngesterAdmin;
  /** Rings by the path that shows them, such as `/ring`; a text says why one is not used. */
  readonly rings?: Readonly<Record<string, RingView | string>>;
  readonly admin: Admin;
  readonly limits: LimitsOf;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly journal: Journal;
  readonly metrics: Metrics;
  /** How this runtime turns a request into a WebSocket; without it there is no tail. */
  readonly upgrade?: Upgrade;
  /** Decides who may ask for what; without one everybody may ask for everything. */
  readonly gate?: Gate;
  readonly tracer?: Tracer;
  /** Without one nothing is below `/debug`. */
  readonly profiler?: Profiler;
  /** As it may be shown, without secrets. */
  readonly commandLine?: readonly string[];
  /** What tenants may see of their limits; without it there is no page of them. */
  readonly limitsPage?: LimitsPage;
  /** Patterns of the lines that came in; without it nobody looks for them. */
  readonly patterns?: PatternSource;
}

/** A tenant's limits as they stand in a configuration: keys of `limits_config`, secrets masked. */
export interface LimitsPage {
  of(tenant: Tenant): Readonly<Record<string, unknown>>;
}

/** The process as operators see it. */
export interface Admin {
  /** Whether traffic may come, and if not, Loki's text for why. */
  ready(): Readiness;
  /** The configuration as YAML: all of it, what differs from the defaults, or the defaults. Secrets are masked. */
  config(mode: "all" | "diff" | "defaults"): string;
  /** Modules in the order they were started. */
  services(): readonly ServiceState[];
  logLevel(): Level;
  setLogLevel(level: Level): void;
  readonly build: BuildInfo;
}

export interface Readiness {
  readonly ok: boolean;
  /** `ready` or why not, without a newline. */
  readonly text: string;
}

export interface ServiceState {
  readonly name: string;
  readonly state: "New" | "Starting" | "Running" | "Stopping" | "Terminated" | "Failed";
}

export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
  readonly branch: string;
  readonly buildUser: string;
  readonly buildDate: string;
  readonly goVersion: string;
}

export interface IngesterAdmin {
  /** Starts to write every chunk in memory to the store and does not wait for it. */
  flush(): void;
  /** Stops taking lines and, as asked, flushes and leaves the ring. False when it is stopping already. */
  shutdown(options: ShutdownOptions): Promise<boolean>;
  /** The marker that makes the next stop flush; undefined when no path for it is configured. */
  readonly shutdownMarker?: ShutdownMarker;
}

export interface ShutdownOptions {
  readonly flush: boolean;
  readonly deleteRingTokens: boolean;
  readonly terminate: boolean;
}

export interface ShutdownMarker {
  isSet(): Promise<boolean>;
  set(): Promise<void>;
  clear(): Promise<void>;
}

export interface RingView {
  members(): readonly RingMember[];
  /** Removes a member that will not come back. */
  forget?(id: string): Promise<void>;
}

export interface RingMember {
  readonly id: string;
  /** PENDING, JOINING, ACTIVE, LEAVING or UNHEALTHY. */
  readonly state: string;
  readonly address: string;
  readonly zone: string;
  readonly registeredMs: number;
  readonly heartbeatMs: number;
  readonly tokens: readonly number[];
}

export interface HttpSettings {
  readonly authEnabled: boolean;
  /** `querier.multi_tenant_queries_enabled`: `a|b` in the header asks several tenants at once. */
  readonly multiTenantQueries: boolean;
  /** `server.http_path_prefix`. */
  readonly pathPrefix: string;
  /** Bytes of a push as it comes over the wire, and after decompression. */
  readonly pushBytesMax: number;
  readonly pushDecompressedBytesMax: number;
  /** Ours: pushes under way at once, and bytes of their bodies. */
  readonly pushesInflightMax: number;
  readonly pushBytesInflightMax: number;
  /** `server.http_server_read_timeout`: how long the body of a push may take to come; 0 is for ever. */
  readonly readTimeoutMs: number;
  /** `frontend.max_body_size`. */
  readonly queryBytesMax: number;
  readonly tailDurationMaxMs: number;
  /** `server.log_request_at_info_level_enabled`. */
  readonly logRequestsAtInfo: boolean;
  /** `frontend.compress_responses`. */
  readonly compressResponses: boolean;
}

export const DEFAULT_HTTP_SETTINGS: HttpSettings = {
  authEnabled: true,
  multiTenantQueries: false,
  pathPrefix: "",
  pushBytesMax: 100 * 1024 * 1024,
  pushDecompressedBytesMax: 256 * 1024 * 1024,
  pushesInflightMax: 10_000,
  pushBytesInflightMax: 512 * 1024 * 1024,
  readTimeoutMs: 30_000,
  queryBytesMax: 10 * 1024 * 1024,
  tailDurationMaxMs: 3_600_000,
  logRequestsAtInfo: false,
  compressResponses: false,
};
