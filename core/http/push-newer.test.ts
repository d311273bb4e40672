/**
 * Limits of taking lines in that only Loki 3.x has: policies of streams, labels that are enforced, fields that are
 * looked for, streams by time; the words are 3.x's (spec config §6.7, http-api §3.3, logql §15).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND, START, serve, stream } from "../../fixtures/http/pushed.ts";
import { givenRows, pushStream } from "../../fixtures/push/rows.ts";
import { withLevels } from "../distributor/detect-level.ts";
import { withFields } from "../distributor/discover-fields.ts";
import { divideByTime } from "../distributor/time-shards.ts";
import type { Limits, StreamPolicies, StreamPolicy } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";

const now = String(START);
const MINUTE_MS = 60_000;

const policy = (name: string, priority: number, matcher: Partial<Matcher>): StreamPolicy => ({
  ...{ name, priority },
  selector: [{ name: "team", op: "=", value: "", ...matcher }],
});
const MAPPING = [
  policy("finance", 1, { value: "money" }),
  policy("audit", 2, { name: "audit", value: "yes" }),
  policy("beta", 1, { op: "=~", value: "mon.*" }),
];
const policies = (own: Partial<StreamPolicies>): Partial<Limits> => ({
  policies: { mapping: MAPPING, enforcedLabels: new Map(), blockedUntilMs: new Map(), ...own },
});

test("block_ingestion_policy_until: streams of the policy are refused until then, others stored", async () => {
  const until = Number(START / 1_000_000n) + MINUTE_MS;
  const served = serve(policies({ blockedUntilMs: new Map([["audit", until]]) }));
  const streams = [
    stream({ team: "money" }, [now, "ok"]),
    // In both: the higher priority wins.
    stream({ team: "money", audit: "yes" }, [now, "1234"], [now, "56"]),
    stream({ team: "other" }, [now, "ok"]),
  ];
  const blocked =
    "ingestion blocked for user 't' until '2023-11-14T22:14:20Z' with status code '260' (policy: 'audit')\n";
  assert.deepEqual(await served.push(...streams), { status: 260, text: blocked });
  assert.deepEqual(served.stored(), { '{team="money"}': 1, '{team="other"}': 1 });
  assert.deepEqual(served.samples(/^loki_discarded/), [
    'loki_discarded_bytes_total{reason="blocked_ingestion_policy",tenant="t"} 6',
    'loki_discarded_samples_total{reason="blocked_ingestion_policy",tenant="t"} 2',
  ]);
  // With what is wrong by itself the answer is that of what is wrong.
  const { status, text } = await served.push(...streams, stream({}, [now, "none"]));
  assert.equal(status, 400);
  assert.match(
    text,
    /^1 errors like: ingestion blocked .*; 1 errors like: error at least one label/,
  );
  await served.clock.advance(MINUTE_MS - 1);
  assert.equal((await served.push(streams[1]!)).status, 260);
  await served.clock.advance(1);
  assert.equal((await served.push(streams[1]!)).status, 204);
});

test("block_ingestion_policy_until with a status of 200: thrown away, and nobody is told", async () => {
  const blockedUntilMs = new Map([["*", Date.UTC(9999, 11, 31)]]);
  const served = serve({ ...policies({ blockedUntilMs }), blockIngestionStatusCode: 200 });
  const answer = await served.push(
    stream({ team: "other" }, [now, "gone"]),
    stream({ team: "money" }, [now, "kept"]),
  );
  assert.deepEqual(answer, { status: 204, text: "" });
  assert.deepEqual(served.stored(), { '{team="money"}': 1 });
  assert.equal(served.samples(/^loki_discarded_samples/).length, 1);
});

test("policy_enforced_labels: those of all streams, and those of the policy", async () => {
  const enforcedLabels = new Map([
    ["*", ["team"]],
    ["beta", ["zone"]],
  ]);
  const served = serve({ ...policies({ enforcedLabels }), enforcedLabels: ["app"] });
  const refused = async (labels: Record<string, string>) =>
    (await served.push(stream(labels, [now, "l"]))).text;
  const missing = (names: string, of: string, name: string) =>
    `missing required labels '${names}' for user 't' for stream '${of}' (policy: '${name}')\n`;
  assert.equal(await refused({ a: "1" }), missing("app,team", '{a="1"}', ""));
  assert.equal(await refused({ app: "1", team: "x" }), "");
  // Of equal priorities the first name: beta, not finance.
  const money = '{app="1", team="money"}';
  assert.equal(await refused({ app: "1", team: "money" }), missing("zone", money, "beta"));
  assert.equal(await refused({ app: "1", team: "money", zone: "z" }), "");
});

test("shard_streams.time_sharding_enabled: old lines and new ones come in any order", async () => {
  const shardStreams = {
    ...{ enabled: false, loggingEnabled: false, desiredRate: 0 },
    timeShardsAfterMs: 40 * MINUTE_MS,
  };
  const at = (minutes: number) => String(START - BigInt(minutes) * 60n * SECOND);
  const order = [0, 300, 40, 41, 100, 5];
  const push = async (limits: Partial<Limits>) => {
    const served = serve(limits);
    const statuses: number[] = [];
    for (const minutes of order) {
      statuses.push((await served.push(stream({ app: "x" }, [at(minutes), "line"]))).status);
    }
    return { statuses, stored: served.stored() };
  };
  assert.deepEqual((await push({})).statuses, [204, 400, 204, 204, 400, 204]);
  const { statuses, stored } = await push({ shardStreams });
  assert.deepEqual(statuses, Array(6).fill(204));
  // The hour of 22:13:20 begins 800 s before START.
  const hour = Number(START / SECOND) - 800;
  const shard = (first: number) => `{__time_shard__="${first}_${first + 3600}", app="x"}`;
  assert.deepEqual(stored, {
    '{app="x"}': 3,
    [shard(hour - 5 * 3600)]: 1,
    [shard(hour - 3600)]: 1,
    [shard(hour - 2 * 3600)]: 1,
  });
});

test("divideByTime() keeps every line once, and a stream that has nothing old as it is", () => {
  const times = [
    0n,
    3_599_999_999_000n,
    3_600_000_000_000n,
    7_200_000_000_000n,
    9_000_000_000_000n,
  ];
  const given = pushStream(
    { app: "x" },
    times.map((time, row) => [time, `l${row}`]),
  );
  const bounds = { recentMs: 9_000_000, lengthMs: 3_600_000 };
  const divided = divideByTime(given, bounds);
  assert.deepEqual(
    divided.map((each) => [each.labelText, givenRows(each).map(([, line]) => line)]),
    [
      ['{__time_shard__="0_3600", app="x"}', ["l0", "l1"]],
      ['{__time_shard__="3600_7200", app="x"}', ["l2"]],
      ['{__time_shard__="7200_10800", app="x"}', ["l3"]],
      ['{app="x"}', ["l4"]],
    ],
  );
  assert.deepEqual(divideByTime(given, { ...bounds, recentMs: 0 }), [given]);
  const centuries = pushStream(
    { app: "x" },
    Array.from({ length: 3000 }, (_, row) => [BigInt(row) * 3_600_000_000_000n, "l"]),
  );
  const many = divideByTime(centuries, { recentMs: Infinity, lengthMs: 3_600_000 });
  assert.equal(many.length, 1025);
  assert.equal(
    many.reduce((sum, { rows }) => sum + rows.rows, 0),
    3000,
  );
});

test("discover_generic_fields: from labels, metadata, JSON or logfmt, under one name", () => {
  const wanted = [
    { name: "org", names: ["org_id", "orgId"] },
    { name: "trace", names: ["trace_id"] },
  ];
  const given = (
    labels: Record<string, string>,
    line: string,
    metadata: Record<string, string>,
    want: Record<string, string> | undefined,
  ) => {
    const pushed = pushStream(labels, [[1n, line, metadata]]);
    const rows = withFields(pushed.rows, pushed.labels, wanted);
    const [[, , found] = []] = givenRows({ ...pushed, rows });
    assert.deepEqual(found, want, line);
  };
  given({ a: "b" }, "nothing here", {}, undefined);
  given({ orgId: "7" }, "org_id=8", {}, { org: "7" });
  given({ a: "b" }, "org_id=8", { orgId: "9" }, { orgId: "9", org: "9" });
  given({ a: "b" }, 'level=info orgId=8 trace_id="a b"', {}, { org: "8", trace: "a b" });
  given({ a: "b" }, '{"orgId":8,"trace_id":"t","org_id":null}', {}, { org: "8", trace: "t" });
  given({ a: "b" }, '{"in":{"orgId":8}}', {}, undefined);
  given({ a: "b" }, '{"__proto__":{"org_id":1}}', {}, undefined);
  given({ a: "b" }, "org_id=8", { org: "own" }, { org: "own" });
});

test("discover_generic_fields wants metadata to be allowed", async () => {
  const discoverFields = [{ name: "org", names: ["org_id"] }];
  assert.equal(
    (await serve({ discoverFields }).push(stream({ a: "b" }, [now, "org_id=1"]))).status,
    204,
  );
});

test("a level is known from OpenTelemetry's number, before the line is looked into", () => {
  const names = { logLevelFields: ["level"], logLevelFromJsonMaxDepth: 2 };
  const given = (number: string, want: string) => {
    const pushed = pushStream({ a: "b" }, [[1n, "info", { severity_number: number }]]);
    const rows = withLevels(pushed.rows, pushed.labels, names);
    const [[, , found] = []] = givenRows({ ...pushed, rows });
    assert.equal(found?.["detected_level"], want, number);
  };
  for (const [number, want] of [
    ...[
      ["0", "unknown"],
      ["1", "trace"],
      ["4", "trace"],
      ["5", "debug"],
      ["8", "debug"],
    ],
    ...[
      ["9", "info"],
      ["13", "warn"],
      ["17", "error"],
      ["20", "error"],
      ["21", "fatal"],
    ],
    ...[
      ["24", "fatal"],
      ["25", "info"],
      ["x", "info"],
    ],
  ] as [string, string][]) {
    given(number, want);
  }
});

test("logs of OpenTelemetry are held against the same limits, and told in their own form", async () => {
  const until = Number(START / 1_000_000n) + MINUTE_MS;
  const send = async (limits: Partial<Limits>, body: string) => {
    const served = serve({ allowStructuredMetadata: true, ...limits });
    const record = { timeUnixNano: now, body: { stringValue: body } };
    const attributes = [{ key: "service.name", value: { stringValue: "shop" } }];
    const response = await served.request("/otlp/v1/logs", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Scope-OrgID": "t" },
      body: JSON.stringify({
        resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords: [record] }] }],
      }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Field 2 of a status is its message; below 128 bytes its size is one byte.
    const text = new TextDecoder().decode(bytes.subarray(bytes[1]! < 128 ? 2 : 3));
    const discarded = served.samples(/^loki_discarded_samples/).join();
    return { status: response.status, text, discarded };
  };
  const counted = (reason: string) =>
    `loki_discarded_samples_total{reason="${reason}",tenant="t"} 1`;
  assert.equal((await send({ maxLineSize: 4 }, "four")).status, 204);
  assert.deepEqual(await send({ maxLineSize: 4 }, "fives"), {
    status: 400,
    text: `Max entry size '4' bytes exceeded for stream '{service_name="shop"}' while adding an entry with length '5' bytes`,
    discarded: counted("line_too_long"),
  });
  assert.deepEqual(await send({ blockIngestionUntilMs: until }, "line"), {
    status: 260,
    text: "ingestion blocked for user 't' until '2023-11-14T22:14:20Z' with status code '260'",
    discarded: counted("blocked_ingestion"),
  });
  assert.deepEqual(await send(policies({ blockedUntilMs: new Map([["*", until]]) }), "line"), {
    status: 260,
    text: "ingestion blocked for user 't' until '2023-11-14T22:14:20Z' with status code '260' (policy: '')",
    discarded: counted("blocked_ingestion_policy"),
  });
  const rate = { ingestionRateBytes: 1, ingestionBurstBytes: 1 };
  assert.deepEqual([(await send(rate, "line")).status, (await send(rate, "")).status], [429, 204]);
});
