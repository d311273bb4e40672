/** Every key of `limits_config` is held against something, or says in a warning that it is not. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { Config } from "../../core/config/config.ts";
import { keysBelow } from "../../core/config/keys.ts";
import { loadConfig } from "../../core/config/load.ts";
import { DEFAULT_LIMITS } from "../../core/model/limits.ts";
import { checkTenant } from "../../core/model/tenant.ts";
import { limitsFrom, TenantLimits } from "./limits.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Keys that are no limits of a tenant, by the file that reads them. */
const READ_ELSEWHERE: Readonly<Record<string, string>> = {
  per_tenant_override_config: "core/config/load.ts",
  per_tenant_override_period: "cmd/wire/config.ts",
};

/** Remembers what it was asked for. */
class Recording extends Config {
  readonly asked = new Set<string>();

  override value(path: string) {
    this.asked.add(path);
    return super.value(path);
  }
}

test("each key is read, or setting it gives a warning that says why not", async () => {
  const config = new Recording([]);
  limitsFrom(config);
  const problems: string[] = [];
  for (const { path, note } of keysBelow("limits_config")) {
    const key = path.slice("limits_config.".length);
    const file = READ_ELSEWHERE[key];
    const isRead =
      file === undefined
        ? config.asked.has(path)
        : (await readFile(join(ROOT, file), "utf8")).includes(path);
    if (isRead === (note.ignored !== undefined)) {
      problems.push(`${path} is ${isRead ? "read and noted as without effect" : "not read"}`);
    }
  }
  assert.deepEqual(problems, []);
});

test("each limit that is read is used", async () => {
  let sources = await readFile(join(ROOT, "cmd/wire/served-store.ts"), "utf8");
  for (const name of await readdir(join(ROOT, "core"), { recursive: true })) {
    if (!/\.ts$/.test(name) || /\.test\.ts$|model\/limits\.ts$/.test(name)) continue;
    sources += await readFile(join(ROOT, "core", name), "utf8");
  }
  const unused = Object.keys(DEFAULT_LIMITS).filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(sources),
  );
  assert.deepEqual(unused, []);
});

test("a key without effect gives one warning when it is set", async () => {
  const text = `${BASE}limits_config: {ruler_max_rules_per_rule_group: 5, cardinality_limit: 7}\n`;
  const { warnings } = await load(text);
  assert.deepEqual(
    warnings.filter((warning) => /limits_config\.(ruler|card)/.test(warning)),
    [
      "limits_config.cardinality_limit has no effect: it is a limit of Loki's indexes before tsdb; see max_query_series",
      "limits_config.ruler_max_rules_per_rule_group has no effect: the ruler is not part of lokits yet",
    ],
  );
});

test("a tenant's overrides are its own, one key at a time, and are read again while we run", async () => {
  const loaded = await load(`${BASE}limits_config: {max_line_size: 1KB, ingestion_rate_mb: 2}
runtime_config: {file: overrides.yaml}
`);
  let overrides = `overrides:
  a:
    ingestion_rate_mb: 1.5
    shard_streams: {enabled: true, desired_rate: 1MB}
    block_ingestion_until: 2026-11-23T10:00
    enforced_labels: [team]
    query_ready_index_num_days: 3
`;
  const limits = new TenantLimits(loaded, async () => overrides);
  await limits.reload();
  const [a, b] = [limits.of(checkTenant("a")), limits.of(checkTenant("b"))];
  assert.deepEqual([a.ingestionRateBytes, a.maxLineSize], [1.5 * 2 ** 20, 1024]);
  assert.deepEqual([b.ingestionRateBytes, b.maxLineSize], [2 * 2 ** 20, 1024]);
  assert.deepEqual(a.shardStreams, { enabled: true, loggingEnabled: false, desiredRate: 2 ** 20 });
  assert.equal(a.blockIngestionUntilMs, Date.UTC(2026, 10, 23, 10));
  assert.deepEqual([a.enforcedLabels, b.enforcedLabels], [["team"], []]);
  assert.equal(limits.queryReadyIndexDaysMax, 3);
  overrides = "overrides: {a: {block_ingestion_until: soon}}\n";
  await assert.rejects(limits.reload(), /override for tenant a: block_ingestion_until is "soon"/);
  assert.equal(limits.of(checkTenant("a")), a, "a file that is wrong changes nothing");
});

test("rules for attributes of OpenTelemetry are checked", async () => {
  const otlp = (text: string) => `${BASE}limits_config: {otlp_config: ${text}}\n`;
  const refused = (text: string, want: RegExp) => assert.rejects(load(otlp(text)), want);
  await refused(
    "{log_attributes: [{action: index_label, attributes: [a]}]}",
    /otlp_config.log_attributes has the action "index_label", want structured_metadata, drop/,
  );
  await refused("{scope_attributes: [{action: drop}]}", /neither attributes nor a regex/);
  await refused("{scope_attributes: [{actoin: drop}]}", /actoin/);
  const loaded = await load(otlp('{scope_attributes: [{action: drop, regex: "("}]}'));
  assert.throws(
    () => limitsFrom(loaded.config),
    /otlp_config.scope_attributes has a regex that is none/,
  );
  const own = limitsFrom(
    (
      await load(
        otlp("{resource_attributes: {attributes_config: [{action: drop, attributes: [x]}]}}"),
      )
    ).config,
  );
  assert.deepEqual(own.otlp.resource, [
    { action: "drop", attributes: ["x"], regex: "" },
    ...DEFAULT_LIMITS.otlp.resource,
  ]);
});

const BASE = `storage_config: {filesystem: {directory: ./data}}
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: loki_index_, period: 24h}}
`;

async function load(text: string) {
  const args = ["-config.file=config.yaml"];
  return await loadConfig({ args, readFile: async () => text, env: {}, nowMs: 1_700_000_000_000 });
}
