/** Limits of tenants from a file that is read again while we run: what holds, what is said, what is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../core/auth/digest.ts";
import { toHex } from "../../core/bytes/text.ts";
import { loadConfig } from "../../core/config/load.ts";
import { makeApp } from "../../core/http/app.ts";
import { Metrics } from "../../core/http/metrics.ts";
import type { Journal } from "../../core/ports/journal.ts";
import { SimClock, settle } from "../../core/sim/clock.ts";
import { testServices } from "../../fixtures/http/fakes.ts";
import { TenantLimits } from "./limits.ts";
import { reloadLimits } from "./reload-limits.ts";

const CONFIG = `storage_config: {filesystem: {directory: ./data}}
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: loki_index_, period: 24h}}
limits_config: {max_line_size: 8, discover_log_levels: false, shard_streams: {enabled: true}}
`;

async function loaded(more = "") {
  const readFile = async () => CONFIG + more;
  return await loadConfig({ args: ["-config.file=c.yaml"], readFile, env: {}, nowMs: 1.7e12 });
}

/** Runs with a file that a test writes to. */
async function given(first: string, more = "runtime_config: {file: o.yaml}\n") {
  const file = { text: first };
  const limits = new TenantLimits(await loaded(more), async () => file.text);
  await limits.reload();
  const [clock, meter] = [new SimClock(), new Metrics()];
  const said: string[] = [];
  const journal: Journal = {
    log: (level, text, fields) =>
      void said.push(
        `${level} ${text}${fields?.["err"] === undefined ? "" : `: ${fields["err"]}`}`,
      ),
  };
  const over = new AbortController();
  void reloadLimits(limits, { everyMs: 10_000, clock, journal, meter, signal: over.signal });
  await settle();
  const pushed: string[] = [];
  const pusher = {
    push: async (_: unknown, streams: readonly { labelText: string }[]) =>
      void pushed.push(...streams.map(({ labelText }) => labelText)),
  };
  const app = makeApp(testServices({ limits, clock, pusher, metrics: new Metrics() }));
  const push = async (
    tenant: string,
    line: string,
    labels: Record<string, string> = { app: "x" },
  ) => {
    const values = [[String(clock.now()), line]];
    const response = await app.request("/loki/api/v1/push", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
      body: JSON.stringify({ streams: [{ stream: labels, values }] }),
    });
    return [response.status, await response.text()] as const;
  };
  const metrics = () =>
    meter
      .print()
      .split("\n")
      .filter((line) => line.startsWith("loki_runtime"));
  return { file, clock, limits, said, push, metrics, stop: () => over.abort() };
}

/** Reading a file again waits for the world outside, not for the clock. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !isSo(); turn++) await new Promise(setImmediate);
  assert.ok(isSo());
}

test("a limit that is read again holds for the next push, of its tenant alone", async () => {
  const { file, clock, limits, push, said, metrics, stop } = await given(
    "overrides: {a: {max_line_size: 9}}",
  );
  const status = async (tenant: string) => (await push(tenant, "123456789"))[0];
  assert.deepEqual([await status("a"), await status("b")], [204, 400]);
  file.text = "overrides: {b: {max_line_size: 9}}";
  await clock.advance(9999);
  assert.deepEqual([await status("a"), await status("b")], [204, 400]);
  await clock.advance(1);
  await until(() => limits.of("b" as never).maxLineSize === 9);
  assert.deepEqual([await status("a"), await status("b")], [400, 204]);
  assert.deepEqual(said, []);
  const texts = ["overrides: {a: {max_line_size: 9}}", file.text];
  const [old, now] = await Promise.all(texts.map(async (text) => toHex(await sha256(text))));
  assert.deepEqual(metrics().toSorted(), [
    ...[
      `loki_runtime_config_hash{sha256="${old}"} 0`,
      `loki_runtime_config_hash{sha256="${now}"} 1`,
    ].sort(),
    "loki_runtime_config_last_reload_successful 1",
  ]);
  stop();
});

test("a file that is wrong changes nothing and is told of; one that is right again makes it good", async () => {
  const { file, clock, limits, push, said, metrics, stop } = await given(
    "overrides: {a: {max_line_size: 9}}",
  );
  file.text = "overrides: {a: {max_line_size: many}}";
  await clock.advance(10_000);
  await until(() => said.length > 0);
  assert.equal((await push("a", "123456789"))[0], 204);
  assert.match(said.join("\n"), /^warn overrides not reloaded: .*o\.yaml: yaml: unmarshal errors/s);
  assert.ok(metrics().includes("loki_runtime_config_last_reload_successful 0"));
  file.text = "overrides: {a: {max_line_size: 7}}";
  await clock.advance(10_000);
  await until(() => limits.of("a" as never).maxLineSize === 7);
  assert.equal((await push("a", "12345678"))[0], 400);
  assert.ok(metrics().includes("loki_runtime_config_last_reload_successful 1"));
  stop();
});

test("what has no effect for a tenant is said once", async () => {
  const text = "overrides: {a: {ingestion_rate_strategy: local}, b: }";
  const { clock, limits, said, stop } = await given(text);
  const want = [
    "warn limits_config.ingestion_rate_strategy of tenant a has no effect: all tenants share their rates in the same way",
    "warn the overrides of tenant b are empty and skipped",
  ];
  assert.deepEqual(said.toSorted(), want);
  assert.equal(limits.of("a" as never).ingestionRateStrategy, "global");
  await clock.advance(60_000);
  assert.equal(said.length, want.length);
  stop();
});

test("per_tenant_override_config is the older name of the file", async () => {
  const text = "overrides: {a: {max_line_size: 9}}";
  const { push, stop } = await given(text, "");
  // Without either key there is no file.
  assert.equal((await push("a", "123456789"))[0], 400);
  stop();
  const args = ["-config.file=c.yaml", "-limits.per-user-override-config=o.yaml"];
  const config = await loadConfig({ args, readFile: async () => CONFIG, env: {}, nowMs: 1.7e12 });
  const older = new TenantLimits(config, async () => text);
  await older.reload();
  assert.equal(older.of("a" as never).maxLineSize, 9);
});

test("policies, fields and streams by time, as they are written", async () => {
  const { push, limits, stop } = await given(`overrides:
  a:
    policy_stream_mapping:
      finance: [{selector: '{team="money"}', priority: 2}, {selector: '{team=~"m.*", app="x"}'}]
    policy_enforced_labels: {finance: [zone], "*": [team]}
    block_ingestion_policy_until: {finance: 2023-11-15}
    discover_generic_fields: {fields: {org: [org_id, orgId]}}
    shard_streams: {time_sharding_enabled: true, time_sharding_ignore_recent: 1h}
`);
  const own = limits.of("a" as never);
  assert.deepEqual(own.discoverFields, [{ name: "org", names: ["org_id", "orgId"] }]);
  assert.equal(own.shardStreams.timeShardsAfterMs, 3_600_000);
  assert.deepEqual(await push("a", "l", { team: "money" }), [
    400,
    "missing required labels 'zone' for user 'a' for stream '{team=\"money\"}' (policy: 'finance')\n",
  ]);
  assert.equal((await push("a", "l", { team: "many", app: "x", zone: "z" }))[0], 260);
  assert.equal((await push("a", "l", { team: "other" }))[0], 204);
  assert.match((await push("a", "l"))[1], /'team' .*\(policy: ''\)/);
  stop();
});

test("policies and fields that are none are refused by the name of their key", async () => {
  const refused = async (text: string, want: RegExp) => {
    const { limits, file, stop } = await given("");
    file.text = `overrides: {a: {${text}}}`;
    await assert.rejects(limits.reload(), want);
    stop();
  };
  await refused(
    "policy_stream_mapping: [a]",
    /tenant a: limits_config.policy_stream_mapping is \["a"\], want a block of names/,
  );
  await refused(
    "policy_stream_mapping: {p: x}",
    /policy_stream_mapping.p is "x", want a list of selectors/,
  );
  await refused("policy_stream_mapping: {p: [{selector: '{'}]}", /invalid labels matchers: /);
  await refused("policy_stream_mapping: {p: [{priority: 1}]}", /want a selector and a priority/);
  await refused(
    "policy_stream_mapping: {p: [{selector: '{a=\"b\"}', priority: high}]}",
    /priority is "high", want a number/,
  );
  await refused(
    "policy_enforced_labels: {p: zone}",
    /policy_enforced_labels.p is "zone", want a list of names/,
  );
  await refused(
    "block_ingestion_policy_until: {p: soon}",
    /block_ingestion_policy_until of p is "soon", want a time in RFC 3339/,
  );
  await refused(
    "discover_generic_fields: {fields: {f: 3}}",
    /discover_generic_fields.fields.f is 3, want a list of names/,
  );
});
