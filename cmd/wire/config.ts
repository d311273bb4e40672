/** A loaded configuration as the settings of this program's parts. */
import type { Config } from "../../core/config/config.ts";
import { type LoadedConfig, loadConfig } from "../../core/config/load.ts";
import type { PrintMode } from "../../core/config/print.ts";
import { flagsPage } from "../../core/config/reference.ts";
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from "../../core/http/services.ts";
import { DEFAULT_INGESTER, type IngesterSettings } from "../../core/ingester/settings.ts";
import type { Schema } from "../../core/model/schema.ts";
import { ENCODINGS, type EncodingName } from "../../core/ports/codecs.ts";
import type { Level } from "../../core/ports/journal.ts";
import { BUILD, versionPage } from "../version.ts";
import { stderrJournal } from "./journal.ts";
import { limitsFrom, TenantLimits } from "./limits.ts";
import { memoryLimit } from "./memory.ts";
import { naming } from "./start-problem.ts";
import { type ConfiguredStore, openConfigured, schemaOf } from "./store-config.ts";
import { readTextFile } from "./text-file.ts";

/** Everything but the store, which is opened only when the program is to run. */
export interface CheckedSettings {
  readonly loaded: LoadedConfig;
  readonly warnings: readonly string[];
  readonly target: readonly string[];
  /** True when no configuration file was named. */
  readonly zeroConfig: boolean;
  /** The folder that holds everything, for messages; "" when the file names none. */
  readonly dataDir: string;
  readonly walDir: string;
  readonly http: HttpSettings & { readonly address: string; readonly port: number };
  readonly ingester: IngesterSettings;
  readonly schema: Schema;
  readonly limits: TenantLimits;
  /** How often the overrides of tenants are to be read again. */
  readonly limitsReloadMs: number;
  readonly logLevel: Level;
  readonly logFormat: "logfmt" | "json";
  /** This member's name when the configuration gives it one. */
  readonly instanceId: string | undefined;
  /** Time between SIGTERM and the stop, in which /ready says no. */
  readonly shutdownDelayMs: number;
  /** How long requests under way may take at the stop. */
  readonly gracefulStopMs: number;
  readonly printConfig: (mode: PrintMode) => string;
}

/** Of a run that ends after the check: `-verify-config` and `-list-targets`. */
export interface VerifiedSettings extends CheckedSettings {
  readonly verifyOnly: true;
}

export interface AppSettings extends CheckedSettings {
  readonly verifyOnly: false;
  readonly storage: ConfiguredStore;
}

/** From the command line of `lokits serve`. Throws ConfigError. */
export async function loadSettings(
  args: readonly string[],
): Promise<AppSettings | VerifiedSettings> {
  answerAtOnce(args);
  const loaded = await loadConfig({
    args,
    readFile: readTextFile,
    env: process.env,
    nowMs: Date.now(),
    check: limitProblems,
  });
  const settings = checkedSettings(loaded);
  if (loaded.print) process.stderr.write(`${heading()}${loaded.text("all")}`);
  if (loaded.logReversed) logReversed(loaded.text("all"));
  if (loaded.verify || loaded.listTargets) return { ...settings, verifyOnly: true };
  await readOverrides(settings);
  return await appSettings(settings);
}

/** The limits of single tenants, for the first time. */
export async function readOverrides({ limits, loaded }: CheckedSettings): Promise<void> {
  const file = loaded.config.text("runtime_config.file");
  const key = file === "" ? "limits_config.per_tenant_override_config" : "runtime_config.file";
  await naming(key, () => limits.reload());
}

/** Opens the store. */
export async function appSettings(settings: CheckedSettings): Promise<AppSettings> {
  return { ...settings, verifyOnly: false, storage: await openConfigured(settings.loaded.config) };
}

export function checkedSettings(loaded: LoadedConfig): CheckedSettings {
  const { config } = loaded;
  const id = config.text("ingester.lifecycler.id");
  return {
    loaded,
    warnings: loaded.warnings,
    target: loaded.target.split(",").map((name) => name.trim()),
    zeroConfig: loaded.file === undefined,
    dataDir: config.text("common.path_prefix"),
    walDir: config.text("ingester.wal.dir"),
    http: httpSettings(config),
    ingester: ingesterSettings(loaded),
    schema: schemaOf(config),
    limits: new TenantLimits(loaded, readTextFile),
    limitsReloadMs: config.ms(
      config.text("runtime_config.file") === ""
        ? "limits_config.per_tenant_override_period"
        : "runtime_config.period",
    ),
    logLevel: config.text("server.log_level") as Level,
    logFormat: config.text("server.log_format") as "logfmt" | "json",
    instanceId: id === "" ? undefined : id,
    shutdownDelayMs: config.ms("shutdown_delay"),
    gracefulStopMs: config.ms("server.graceful_shutdown_timeout"),
    printConfig: loaded.text,
  };
}

/** Selectors and times in limits: the parts that read them lie above core/config. */
function limitProblems(config: Config): readonly string[] {
  try {
    limitsFrom(config);
    return [];
  } catch (error) {
    return [`invalid limits config: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** `-version` and `-help` go before everything, as in Loki: what else the line says is not looked at. */
function answerAtOnce(args: readonly string[]): void {
  const asked = (...names: string[]) => names.some((name) => args.includes(name));
  if (asked("-version", "--version")) {
    console.log(versionPage());
    process.exit(0);
  }
  if (asked("-help", "--help", "-h")) {
    console.log(flagsPage());
    process.exit(2);
  }
}

/** Last line first, so that a viewer that shows the newest line on top shows the file as it reads. */
function logReversed(text: string): void {
  const journal = stderrJournal();
  for (const line of text.trimEnd().split("\n").reverse()) journal.log("info", line);
}

function heading(): string {
  return `---\n# Loki Config\n# (version=${BUILD.version}, branch=${BUILD.branch}, revision=${BUILD.revision})\n`;
}

function httpSettings(config: Config): CheckedSettings["http"] {
  return {
    ...DEFAULT_HTTP_SETTINGS,
    authEnabled: config.bool("auth_enabled"),
    multiTenantQueries: config.bool("querier.multi_tenant_queries_enabled"),
    pathPrefix: config.text("server.http_path_prefix"),
    pushBytesMax: config.number("distributor.max_recv_msg_size"),
    pushDecompressedBytesMax: config.number("distributor.max_decompressed_size"),
    pushesInflightMax: config.number("distributor.max_inflight_pushes"),
    pushBytesInflightMax: config.number("distributor.max_inflight_push_bytes"),
    readTimeoutMs: config.ms("server.http_server_read_timeout"),
    queryBytesMax: config.number("frontend.max_body_size"),
    tailDurationMaxMs: config.ms("querier.tail_max_duration"),
    logRequestsAtInfo: config.bool("server.log_request_at_info_level_enabled"),
    compressResponses: config.bool("frontend.compress_responses"),
    address: config.text("server.http_listen_address"),
    port: config.number("server.http_listen_port"),
  };
}

function ingesterSettings(loaded: LoadedConfig): IngesterSettings {
  const { config } = loaded;
  const ms = (key: string) => config.ms(`ingester.${key}`);
  const number = (key: string) => config.number(`ingester.${key}`);
  return {
    ...DEFAULT_INGESTER,
    chunkIdlePeriodMs: ms("chunk_idle_period"),
    maxChunkAgeMs: ms("max_chunk_age"),
    chunkTargetSize: number("chunk_target_size"),
    chunkBlockSize: number("chunk_block_size"),
    chunkRetainPeriodMs: ms("chunk_retain_period"),
    chunkEncoding: encodingOf(config.text("ingester.chunk_encoding")),
    flushCheckPeriodMs: ms("flush_check_period"),
    concurrentFlushes: number("concurrent_flushes"),
    maxReturnedStreamErrors: number("max_returned_stream_errors"),
    maxDroppedStreams: number("max_dropped_streams"),
    wal: {
      enabled: config.bool("ingester.wal.enabled"),
      checkpointDurationMs: ms("wal.checkpoint_duration"),
      flushOnShutdown: config.bool("ingester.wal.flush_on_shutdown"),
      replayMemoryCeiling: loaded.isSet("ingester.wal.replay_memory_ceiling")
        ? number("wal.replay_memory_ceiling")
        : defaultCeiling(config),
      sync: config.text("ingester.wal.sync") as IngesterSettings["wal"]["sync"],
    },
  };
}

/** Loki's 4 GB, or what leaves a smaller machine room for the work beside the replay. */
function defaultCeiling(config: Config): number {
  const most = config.bytes("ingester.wal.replay_memory_ceiling");
  return Math.min(most, Math.floor((memoryLimit() * 3) / 8));
}

/** Loki takes the names in any letter case. */
function encodingOf(name: string): EncodingName {
  const names = Object.keys(ENCODINGS) as EncodingName[];
  return names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? "gzip";
}
