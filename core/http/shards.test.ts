/** The plan of shards and the pages of limits (spec http-api §2, §4.7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, ask, TEXT } from "../../fixtures/http/asking.ts";
import { Served } from "../../fixtures/http/served.ts";
import { cut } from "./shards-routes.ts";

const stats = (bytes: number) => ({ streams: 8, chunks: 16, bytes, entries: 100 });

test("cut() makes pieces of at most the wanted weight that cover every fingerprint", () => {
  for (const [bytes, target, count] of [
    [0, 100, 1],
    [100, 100, 1],
    [101, 100, 2],
    [1000, 100, 16],
  ] as const) {
    const shards = cut(stats(bytes), target);
    assert.equal(shards.length, count);
    assert.equal(shards[0]!.min, 0n);
    assert.equal(shards.at(-1)!.max, 2n ** 64n - 1n);
    for (const [index, { min }] of shards.entries()) {
      if (index > 0) assert.equal(min, shards[index - 1]!.max + 1n);
    }
    assert.ok(shards.every(({ stats }) => stats.bytes <= target));
  }
});

test("cut() has an end", () => {
  assert.equal(cut(stats(2 ** 50), 1).length, 65_536);
});

test("index/shards answers with bounds and weights", async () => {
  const served = await new Served().start();
  await served.push({ app: "x" }, [[1, "a".repeat(1000)]]);
  const asked = async (params: Record<string, string>) => {
    const response = await served.get("index/shards", params);
    return [response.status, await response.text()];
  };
  const [status, text] = await asked({ query: '{app="x"}' });
  assert.equal(status, 200);
  assert.match(
    text as string,
    /^\{"shards":\[\{"bounds":\{"min":0,"max":18446744073709551615\},"stats":\{"streams":1,"chunks":1,"bytes":\d+,"entries":1\}\}\]\}\n$/,
  );
  const [, two] = await asked({ query: '{app="x"}', targetBytesPerShard: "600" });
  assert.match(two as string, /"max":9223372036854775807\}.*"min":9223372036854775808,/);
  assert.deepEqual(await asked({ query: '{app="x"}', targetBytesPerShard: "none" }), [
    400,
    'targetBytesPerShard must be a positive size, got "none"',
  ]);
  assert.equal((await asked({ query: "" }))[0], 400);
});

test("a tenant sees its limits, as JSON and as YAML", async () => {
  const limitsPage = {
    of: (tenant: string) => ({ volume_enabled: tenant === "a", retention_period: "0s" }),
  };
  const app = appOf({ limitsPage }, { authEnabled: true });
  const headers = { "X-Scope-OrgID": "a" };
  const [status, type, text] = await ask(app, "/loki/api/v1/drilldown-limits", { headers });
  assert.deepEqual([status, type], [200, "application/json"]);
  assert.deepEqual(JSON.parse(text), {
    limits: { volume_enabled: true, retention_period: "0s" },
    pattern_ingester_enabled: false,
    version: "2.9.1",
  });
  assert.deepEqual(await ask(app, "/config/tenant/v1/limits", { headers }), [
    200,
    TEXT,
    "volume_enabled: true\nretention_period: 0s\n",
  ]);
  assert.deepEqual(await ask(app, "/config/tenant/v1/limits"), [401, TEXT, "no org id\n"]);
  assert.equal((await ask(appOf(), "/loki/api/v1/drilldown-limits"))[0], 404);
});
