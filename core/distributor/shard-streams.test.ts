/** Streams that come too fast become several: how many, in which order, by which rates (spec http-api §3.5). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_CODECS } from "../../fixtures/http/fakes.ts";
import { givenRows, pushStream } from "../../fixtures/push/rows.ts";
import { Ingester } from "../ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../ingester/settings.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf } from "../labels/labels.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import { checkTenant } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import type { StreamRate } from "../ports/stream-rates.ts";
import { SimClock } from "../sim/clock.ts";
import { Distributor } from "./distributor.ts";
import { RateStore } from "./rate-store.ts";
import { StreamSharder, shardsFor } from "./shard-streams.ts";

const TENANT = checkTenant("t");
const APP = fingerprint(labelsOf({ app: "x" }));
const KB = 1024;

/** What the meter was told, by metric. */
function recorder(): { meter: Meter; values: Map<string, number> } {
  const values = new Map<string, number>();
  const add = (name: string, value: number) => values.set(name, (values.get(name) ?? 0) + value);
  const set = (name: string, value: number) => values.set(name, value);
  return { meter: { count: add, gauge: set, observe: () => {} }, values };
}

test("shards are the rate and what the push adds, over the rate that one may have", () => {
  const shards = (push: number, bytesPerSecond: number, pushesPerSecond: number) =>
    shardsFor(push, { bytesPerSecond, pushesPerSecond }, 100);
  assert.equal(shards(1_000_000, 0, 0), 1, "a first push is never divided");
  assert.equal(shards(0, 100, 1), 1);
  assert.equal(shards(0, 101, 1), 2);
  assert.equal(shards(50, 200, 1), 3);
  // A stream that is pushed more than once a second has the push in its rate once only.
  assert.equal(shards(50, 200, 20), 3);
  // One that is pushed each tenth second gets a tenth of the push.
  assert.equal(shards(1000, 90, 0.1), 2);
  assert.equal(shardsFor(1, { bytesPerSecond: 1e9, pushesPerSecond: 1 }, 0), 1);
  assert.equal(shardsFor(1, { bytesPerSecond: 1e12, pushesPerSecond: 1 }, 1), 1024);
});

test("rows are dealt in turn, and the next push goes on with the next shard", () => {
  const { meter, values } = recorder();
  const rateOf = () => ({ bytesPerSecond: 250, pushesPerSecond: 0 });
  const sharder = new StreamSharder({ rateOf, meter, journal: SILENT });
  const settings = { enabled: true, loggingEnabled: false, desiredRate: 100 };
  const divide = (...lines: string[]) =>
    sharder
      .divide(
        TENANT,
        [
          pushStream(
            { app: "x" },
            lines.map((line) => [1n, line]),
          ),
        ],
        settings,
      )
      .map((stream) => [stream.labelText, ...givenRows(stream).map(([, line]) => line)]);
  const shard = (number: number) => `{__stream_shard__="${number}", app="x"}`;
  assert.deepEqual(divide("a", "b", "c", "d", "e"), [
    [shard(0), "a", "d"],
    [shard(1), "b", "e"],
    [shard(2), "c"],
  ]);
  assert.deepEqual(divide("a"), [[shard(0), "a"]]);
  assert.deepEqual(divide("b", "c"), [
    [shard(1), "b"],
    [shard(2), "c"],
  ]);
  assert.deepEqual(divide("d"), [[shard(0), "d"]]);
  assert.equal(values.get("loki_stream_sharding_count"), 4);
});

test("averages count the newest 0.4; who stops is forgotten", async () => {
  const { meter, values } = recorder();
  const told: StreamRate[][] = [];
  const store = new RateStore({
    sources: () => [{ streamRates: async () => told.shift() ?? [] }],
    ...{ clock: new SimClock(), meter, journal: SILENT, intervalMs: 1000 },
  });
  const rate = (bytesPerSecond: number, shards = 1): StreamRate[] => [
    { tenant: TENANT, stream: APP, shards, bytesPerSecond, pushesPerSecond: 1 },
  ];
  const average = async () => {
    await store.refresh();
    return store.rateOf(TENANT, APP).bytesPerSecond;
  };
  told.push(rate(1000), rate(2000), [], rate(400, 4));
  assert.equal(await average(), 1000);
  assert.equal(await average(), 1400);
  assert.equal(await average(), 840);
  assert.equal(await average(), 664);
  assert.equal(values.get("loki_rate_store_streams"), 1);
  assert.equal(values.get("loki_rate_store_max_stream_shards"), 4);
  assert.equal(values.get("loki_rate_store_max_stream_rate_bytes"), 100);
  assert.equal(values.get("loki_rate_store_max_unique_stream_rate_bytes"), 400);
  for (let second = 0; second < 13; second++) await store.refresh();
  assert.equal(store.rateOf(TENANT, APP).bytesPerSecond, 0);
  assert.equal(values.get("loki_rate_store_expired_streams_total"), 1);
  assert.equal(values.get("loki_rate_store_streams"), 0);
});

test("an ingester that does not answer leaves the others' rates", async () => {
  const { meter, values } = recorder();
  const one = [{ tenant: TENANT, stream: APP, shards: 1, bytesPerSecond: 7, pushesPerSecond: 1 }];
  const store = new RateStore({
    sources: () => [
      { streamRates: () => Promise.reject(new Error("gone")) },
      { streamRates: async () => one },
      { streamRates: async () => one },
    ],
    ...{ clock: new SimClock(), meter, journal: SILENT, intervalMs: 1000 },
  });
  await store.refresh();
  assert.equal(store.rateOf(TENANT, APP).bytesPerSecond, 14);
  assert.equal(values.get("loki_rate_store_refresh_failures_total"), 1);
});

interface Served {
  readonly clock: SimClock;
  readonly ingester: Ingester;
  push(lines: readonly string[], labels?: Record<string, string>): Promise<void>;
  streams(): Record<string, number>;
}

/** A distributor, the ingester behind it, and the book of rates between them. */
function serve(own: Partial<Limits>): Served {
  const clock = new SimClock();
  const limits = { of: (): Limits => ({ ...DEFAULT_LIMITS, ...own }) };
  const common = { limits, clock, codecs: TEST_CODECS, journal: SILENT, meter: UNMETERED };
  const ingester = new Ingester({
    settings: DEFAULT_INGESTER,
    schema: [
      {
        ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "x" },
        ...{ indexPrefix: "i", tableMs: 86_400_000 },
      },
    ],
    ...common,
  });
  const rates = new RateStore({ ...common, sources: () => [ingester.rates], intervalMs: 1000 });
  void rates.run(new AbortController().signal);
  const distributor = new Distributor({
    ...common,
    ...{ pusher: ingester, bodyBytesMax: 1 << 30, streamRates: rates },
  });
  return {
    clock,
    ingester,
    async push(lines, labels = { app: "x" }) {
      const values = lines.map((line, row) => [String(clock.now() + BigInt(row)), line]);
      const body = JSON.stringify({ streams: [{ stream: labels, values }] });
      const bytes = new TextEncoder().encode(body);
      await distributor.push(TENANT, {
        ...{ bytes, contentType: "application/json", contentEncoding: "" },
      });
    },
    streams: () =>
      Object.fromEntries(
        Array.from(ingester.instance(TENANT).streams(), ({ labelText, entryCount }) => [
          labelText,
          entryCount,
        ]),
      ),
  };
}

const lines = (count: number, size = KB) =>
  Array.from({ length: count }, (_, index) => String(index).padEnd(size, "x"));
const SHARDED = { shardStreams: { enabled: true, loggingEnabled: false, desiredRate: 10 * KB } };

test("a stream that grows fast is divided from its second second on, its shards counting as one", async () => {
  const { push, streams, clock } = serve(SHARDED);
  await push(lines(30));
  assert.deepEqual(streams(), { '{app="x"}': 30 });
  await clock.advance(1000);
  // 30 KB a second and 30 KB more, of 10 KB each: six shards.
  await push(lines(30));
  const six = (each: number) =>
    Object.fromEntries(
      Array.from({ length: 6 }, (_, shard) => [`{__stream_shard__="${shard}", app="x"}`, each]),
    );
  assert.deepEqual(streams(), { '{app="x"}': 30, ...six(5) });
  // The rate stays that of the whole stream: 30 KB, whether it comes in one stream or in six.
  await clock.advance(1000);
  await push(lines(30));
  assert.deepEqual(streams(), { '{app="x"}': 30, ...six(10) });
  // After a while without a line it is one again.
  await clock.advance(60_000);
  await push(lines(1));
  assert.deepEqual(streams(), { '{app="x"}': 31, ...six(10) });
});

test("slow streams, and tenants without the setting, are never divided", async () => {
  for (const own of [SHARDED, {}]) {
    const { push, streams, clock } = serve(own);
    for (let second = 0; second < 5; second++) {
      await push(lines(own === SHARDED ? 4 : 30));
      await clock.advance(1000);
    }
    assert.deepEqual(Object.keys(streams()), ['{app="x"}']);
  }
});

test("with streams divided, a push over the rate of a stream is taken whole or not at all", async () => {
  const limit = { perStreamRateLimit: 1, perStreamRateLimitBurst: 3 * KB };
  const apart = serve(limit);
  await assert.rejects(apart.push(lines(5)), /total ignored: 2 out of 5 for stream/);
  assert.deepEqual(apart.streams(), { '{app="x"}': 3 });
  const whole = serve({ ...limit, ...SHARDED });
  await assert.rejects(
    whole.push(lines(5)),
    /for stream '\{app="x"\}' totaling 5KB, consider[\s\S]*total ignored: 5 out of 5 for stream: \{app="x"\}/,
  );
  assert.deepEqual(whole.streams(), { '{app="x"}': 0 });
  await whole.push(lines(3));
  assert.deepEqual(whole.streams(), { '{app="x"}': 3 });
});
