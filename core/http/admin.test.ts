/** What operators ask of a process: its state, its ingester, its rings, its metrics (spec http-api §6, §8). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, ask, TEXT } from "../../fixtures/http/asking.ts";
import { TEST_ADMIN } from "../../fixtures/http/fakes.ts";

test("operators' pages", async () => {
  let level = "info";
  const admin = {
    ...TEST_ADMIN,
    logLevel: () => level as "info",
    setLogLevel: (to: string) => void (level = to),
  };
  const app = appOf({ admin });
  assert.deepEqual(await ask(app, "/ready"), [200, TEXT, "ready\n"]);
  assert.deepEqual(await ask(app, "/services"), [200, TEXT, "querier => Running\n"]);
  assert.deepEqual(await ask(app, "/config?mode=diff"), [200, TEXT, "mode: diff\n"]);
  assert.equal(
    (await ask(app, "/loki/api/v1/status/buildinfo"))[2],
    '{"version":"2.9.1","revision":"r","branch":"b","buildUser":"u","buildDate":"d","goVersion":"g"}',
  );
  assert.equal((await ask(app, "/log_level"))[2], '{"message":"Current log level is info"}\n');
  const set = (name: string) => ask(app, `/log_level?log_level=${name}`, { method: "POST" });
  assert.deepEqual(await set("x"), [
    400,
    "application/json",
    '{"status":"failed","message":"unrecognized log level \\"x\\""}\n',
  ]);
  assert.equal(
    (await set("debug"))[2],
    '{"status":"success","message":"Log level set to debug"}\n',
  );
  assert.equal(level, "debug");
  assert.equal((await ask(app, "/memberlist"))[2], "This instance doesn't use memberlist.");
  const stopping = { ...TEST_ADMIN, ready: () => ({ ok: false, text: "Application is stopping" }) };
  assert.deepEqual(await ask(appOf({ admin: stopping }), "/ready"), [
    503,
    TEXT,
    "Application is stopping\n",
  ]);
});

test("an ingester is flushed and stopped by hand", async () => {
  const calls: unknown[] = [];
  let stopped = false;
  const ingester = {
    flush: () => void calls.push("flush"),
    shutdown: async (options: object) => {
      calls.push(options);
      return stopped ? false : (stopped = true);
    },
  };
  const app = appOf({ ingester });
  assert.equal((await ask(app, "/flush", { method: "POST" }))[0], 204);
  assert.equal((await ask(app, "/ingester/shutdown?terminate=false", { method: "POST" }))[0], 204);
  assert.deepEqual(calls, ["flush", { flush: true, deleteRingTokens: false, terminate: false }]);
  const again = await ask(app, "/ingester/shutdown", { method: "POST" });
  assert.deepEqual(again, [503, TEXT, "Ingester is stopping or already stopped.\n"]);
  assert.deepEqual(await ask(app, "/ingester/prepare_shutdown"), [500, null, ""]);
  let set = false;
  const shutdownMarker = {
    isSet: async () => set,
    set: async () => void (set = true),
    clear: async () => void (set = false),
  };
  const marked = appOf({ ingester: { ...ingester, shutdownMarker } });
  const path = "/ingester/prepare_shutdown";
  assert.equal((await ask(marked, path))[2], "unset");
  assert.equal((await ask(marked, path, { method: "POST" }))[0], 204);
  assert.equal((await ask(marked, path))[2], "set");
  assert.equal((await ask(marked, path, { method: "DELETE" }))[0], 204);
});

test("rings show their members and forget them", async () => {
  const forgotten: string[] = [];
  const member = {
    id: "a<",
    state: "ACTIVE",
    address: "127.0.0.1:9095",
    zone: "",
    registeredMs: 0,
    heartbeatMs: 1000,
    tokens: [2 ** 31, 0],
  };
  const ring = { members: () => [member], forget: async (id: string) => void forgotten.push(id) };
  const app = appOf({ rings: { "/ring": ring } });
  const headers = { Accept: "application/json" };
  const [, , text] = await ask(app, "/ring", { headers });
  assert.deepEqual(JSON.parse(text).shards, [
    {
      id: "a<",
      state: "ACTIVE",
      address: "127.0.0.1:9095",
      timestamp: "1970-01-01T00:00:01.000Z",
      registered_timestamp: "1970-01-01T00:00:00.000Z",
      zone: "",
      tokens: [2 ** 31, 0],
    },
  ]);
  const page = (await ask(app, "/ring"))[2];
  assert.match(page, /<title>Ring Status<\/title>.*<td>a&lt;<\/td>.*<td>100\.0%<\/td>.*Forget/);
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  assert.equal(
    (await ask(app, "/ring", { method: "POST", headers: form, body: "forget=a%3C" }))[0],
    302,
  );
  assert.deepEqual(forgotten, ["a<"]);
});

test("a ring that is not used says why, and nobody is forgotten in it", async () => {
  const app = appOf({ rings: { "/distributor/ring": "Not <used>." } });
  assert.match((await ask(app, "/distributor/ring"))[2], /<p>Not &lt;used&gt;\.<\/p>/);
  const post = { method: "POST", body: "forget=a" };
  assert.equal((await ask(app, "/distributor/ring", post))[0], 200);
});

test("requests are measured by route", async () => {
  const app = appOf();
  await ask(app, "/loki/api/v1/label/app/values");
  await ask(app, "/nowhere");
  const text = (await ask(app, "/metrics"))[2];
  const count = (labels: string) => `loki_request_duration_seconds_count{${labels}} 1\n`;
  assert.ok(
    text.includes(
      count('method="GET",route="loki_api_v1_label_name_values",status_code="200",ws="false"'),
    ),
  );
  assert.ok(text.includes(count('method="GET",route="other",status_code="404",ws="false"')));
  assert.ok(text.includes('loki_inflight_requests{method="GET",route="metrics"} 1\n'));
});
