/** What must hold between values. Texts are Loki's where it has them (spec config §6 and §8). */

import { quote } from "../golang/quote.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { Config } from "./config.ts";
import { KEYS } from "./keys.ts";
import { authProblems } from "./validate-auth.ts";
import { limitsProblems } from "./validate-limits.ts";
import { numberProblems } from "./validate-numbers.ts";
import { schemaProblems } from "./validate-schema.ts";
import { storageProblems } from "./validate-storage.ts";

/** Every problem, in the order of Loki's checks, each with the name of its block in front. */
export function configProblems(config: Config, nowMs: number | undefined): readonly string[] {
  const blocks: [string, readonly string[]][] = [
    ["invalid schema config: ", schemaProblems(config, nowMs)],
    ["invalid storage config: ", storageProblems(config)],
    ["invalid queryrange config: ", queryRangeProblems(config)],
    ["invalid querier config: ", querierProblems(config)],
    ["invalid ruler config: ", rulerProblems(config)],
    ["invalid ingester config: ", ingesterProblems(config)],
    ["invalid limits config: ", limitsProblems(config)],
    ["invalid frontend-worker config: ", workerProblems(config)],
    ["invalid compactor config: ", compactorProblems(config)],
    ["invalid auth config: ", authProblems(config)],
    ["", generalProblems(config)],
    ["", numberProblems(config)],
  ];
  const texts = blocks.flatMap(([prefix, problems]) => problems.map((text) => prefix + text));
  // What `common` says wrong is wrong in every block that it reaches.
  return [...new Set(texts)];
}

function queryRangeProblems(config: Config): string[] {
  const problems: string[] = [];
  if (config.value("query_range.split_queries_by_interval") !== undefined) {
    problems.push(
      "the yaml flag `split_queries_by_interval` must now be set in the `limits_config` section instead of the `query_range` config section",
    );
  }
  for (const path of KEYS.keys()) {
    if (!/^query_range\.\w+\.compression$/.test(path)) continue;
    const compression = config.text(path);
    if (compression !== "" && compression !== "snappy") {
      problems.push(`unsupported compression type: ${compression}`);
    }
  }
  return problems;
}

function querierProblems(config: Config): string[] {
  return config.bool("querier.query_store_only") && config.bool("querier.query_ingester_only")
    ? ["querier.query_store_only and querier.query_ingester_only cannot both be true"]
    : [];
}

function rulerProblems(config: Config): string[] {
  const problems: string[] = [];
  const [strategy, algorithm, mode] = ["sharding_strategy", "sharding_algo", "evaluation.mode"].map(
    (key) => config.text(`ruler.${key}`),
  );
  if (strategy !== "default" && strategy !== "shuffle-sharding") {
    problems.push(
      `invalid sharding strategy ${quote(strategy!)}, supported strategies are [default shuffle-sharding]`,
    );
  }
  if (algorithm !== "by-group" && algorithm !== "by-rule") {
    problems.push(
      `invalid sharding algorithm ${quote(algorithm!)}, supported algorithms are [by-group by-rule]`,
    );
  }
  if (mode !== "local" && mode !== "remote") {
    problems.push(`invalid evaluation mode: ${mode}. Acceptable modes are: local, remote`);
  }
  const clients = ["client", "clients"].map((key) => config.value(`ruler.remote_write.${key}`));
  if (
    config.bool("ruler.remote_write.enabled") &&
    clients.every((client) => client === undefined)
  ) {
    problems.push(
      "invalid ruler remote-write config: remote-write enabled but no clients URL are configured",
    );
  }
  return problems;
}

function ingesterProblems(config: Config): string[] {
  const problems: string[] = [];
  const encoding = config.text("ingester.chunk_encoding");
  const names = Object.keys(ENCODINGS);
  if (!names.some((name) => name.toLowerCase() === encoding.toLowerCase())) {
    problems.push(`invalid encoding: ${encoding}, supported: ${names.join(", ")}`);
  }
  if (config.bool("ingester.wal.enabled")) {
    if (config.number("ingester.max_transfer_retries") > 0) {
      problems.push(
        "the use of the write ahead log (WAL) is incompatible with chunk transfers. It's suggested to use the WAL. Please try setting ingester.max-transfer-retries to 0 to disable transfers",
      );
    }
    if (config.ms("ingester.wal.checkpoint_duration") <= 0) {
      problems.push("invalid checkpoint duration: 0s");
    }
  }
  const sync = config.text("ingester.wal.sync");
  if (!["commit", "interval", "never"].includes(sync)) {
    problems.push(`wal.sync is ${quote(sync)}, want commit, interval or never`);
  }
  const shards = config.number("ingester.index_shards");
  if (shards <= 0) problems.push(`invalid ingester index shard factor: ${shards}`);
  return problems;
}

function workerProblems(config: Config): string[] {
  const both = ["frontend_address", "scheduler_address"].every(
    (key) => config.text(`frontend_worker.${key}`) !== "",
  );
  return both
    ? ["frontend address and scheduler address are mutually exclusive, please use only one"]
    : [];
}

function compactorProblems(config: Config): string[] {
  const problems: string[] = [];
  if (config.number("compactor.max_compaction_parallelism") < 1) {
    problems.push("max compaction parallelism must be >= 1");
  }
  const [every, retention] = ["compaction_interval", "apply_retention_interval"].map((key) =>
    config.ms(`compactor.${key}`),
  );
  if (config.bool("compactor.retention_enabled") && retention !== 0 && retention! % every! !== 0) {
    problems.push(
      "interval for applying retention should either be set to a 0 or a multiple of compaction interval",
    );
  }
  return problems;
}

const KV_STORES = ["consul", "etcd", "inmemory", "memberlist", "multi"];

function generalProblems(config: Config): string[] {
  const problems: string[] = [];
  const shards = config.number("ingester.index_shards");
  const stores = config.items("schema_config.configs").map(({ store }) => store);
  if (stores.includes("tsdb") && shards > 0 && !Number.isInteger(Math.log2(shards))) {
    problems.push(
      `Incompatible inverted index shard factor on ingester: It must be a power of two, got ${shards}`,
    );
  }
  config.items("schema_config.configs").forEach(({ store, row_shards: rows }, index) => {
    if (store === "tsdb" || typeof rows !== "number" || rows === 0 || shards % rows === 0) return;
    problems.push(
      `incompatible ingester index shards (${shards}) and period config row shard factor (${rows}) for period config at index (${index}). The ingester factor must be evenly divisible by all period config factors`,
    );
  });
  const [level, format] = [config.text("server.log_level"), config.text("server.log_format")];
  if (!["debug", "info", "warn", "error"].includes(level)) {
    problems.push(`unrecognized log level ${quote(level)}`);
  }
  if (!["logfmt", "json"].includes(format))
    problems.push(`unrecognized log format ${quote(format)}`);
  for (const path of KEYS.keys()) {
    if (!path.endsWith("kvstore.store")) continue;
    const store = config.text(path);
    if (!KV_STORES.includes(store)) problems.push(`invalid KV store type: ${store}`);
  }
  const mode = config.text("index_gateway.mode");
  if (mode !== "simple" && mode !== "ring") {
    problems.push(`mode ${mode} not supported. list of supported modes: simple (default), ring`);
  }
  const targets = config
    .text("target")
    .split(",")
    .map((name) => name.trim());
  if (targets.includes("backend") && config.bool("legacy_read_target")) {
    problems.push("invalid target, cannot run backend target with legacy read mode");
  }
  if (targets.includes("overrides-exporter") && config.text("runtime_config.file") === "") {
    problems.push(
      "overrides-exporter has been enabled, but no runtime configuration file was configured",
    );
  }
  return problems;
}
