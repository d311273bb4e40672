/** A schema that moves from one store to another: lines, chunks and tables are where their period is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../bytes/search.ts";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { Flusher } from "../ingester/flush.ts";
import { Ingester } from "../ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../ingester/settings.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { nsOf } from "../model/time.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { Querier } from "../querier/service.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "./bucket.ts";
import { Buckets } from "./buckets.ts";

/** Days since the epoch. The second period begins here. */
const BORDER = 19_660;
const MINUTE = 60_000;

const PERIOD = { store: "tsdb", tableMs: DAY_MS, indexPrefix: "index_" } as const;
const SCHEMA: Schema = [
  { ...PERIOD, fromMs: 0, schema: "v12", objectStore: "filesystem" },
  { ...PERIOD, fromMs: BORDER * DAY_MS, schema: "v13", objectStore: "s3" },
];

interface World {
  readonly old: MemoryObjectStore;
  readonly new: MemoryObjectStore;
}

const LIMITS = {
  of: () => ({ ...DEFAULT_LIMITS, rejectOldSamples: false, maxEntriesLimitPerQuery: 0 }),
};
const clock = new SimClock(nsOf((BORDER + 2) * DAY_MS));

function bucketsOf(world: World): Buckets {
  const shared = { codecs: portableCodecs, clock, limits: LIMITS, journal: SILENT, schema: SCHEMA };
  const make = (name: string, objects: MemoryObjectStore, form: "filesystem" | "plain") =>
    new Bucket({
      ...shared,
      ...{ objects, form, indexPrefix: "index/", uploader: "u" },
      periods: new Set(SCHEMA.filter(({ objectStore }) => objectStore === name)),
    });
  return new Buckets([make("filesystem", world.old, "filesystem"), make("s3", world.new, "plain")]);
}

/** Stores a line of stream `{app}` at each moment, counted in minutes from the border, in one chunk. */
async function store(world: World, app: string, minutes: readonly number[]): Promise<void> {
  const settings = { ...DEFAULT_INGESTER, maxChunkAgeMs: 10 * DAY_MS };
  const parts = { limits: LIMITS, codecs: portableCodecs, clock, journal: SILENT };
  const ingester = new Ingester({ ...parts, settings, schema: SCHEMA, meter: UNMETERED });
  const labels = labelsOf({ app });
  const texts = minutes.map((minute) => `${app} ${minute}`);
  const ends = new Uint32Array(texts.length);
  texts.reduce((end, text, row) => (ends[row] = end + text.length), 0);
  const rows = {
    rows: texts.length,
    times: BigInt64Array.from(minutes, (minute) => nsOf(BORDER * DAY_MS + minute * MINUTE)),
    text: utf8(texts.join("")),
    starts: ends.map((end, row) => end - texts[row]!.length),
    ends,
  };
  await ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
  await new Flusher(ingester, bucketsOf(world)).sweep({ force: true });
}

async function lines(world: World, query = '{app=~".+"}'): Promise<string[]> {
  const sources = [bucketsOf(world).source];
  const querier = new Querier({ sources, limits: LIMITS, clock, search: portableSearch });
  const range = { start: nsOf((BORDER - 9) * DAY_MS), end: nsOf((BORDER + 9) * DAY_MS) };
  const answer = querier.lines(
    [SINGLE_TENANT],
    {
      ...{ kind: "range", query, ...range, stepMs: 10 ** 7, interval: 0n },
      ...{ limit: Number.POSITIVE_INFINITY, direction: "forward" },
    },
    new AbortController().signal,
  );
  const found: string[] = [];
  for await (const batch of answer.batches) found.push(...batch.map(({ line }) => line));
  assert.deepEqual(answer.scan.warnings, []);
  return found;
}

async function keys(objects: MemoryObjectStore): Promise<{ chunks: string[]; tables: string[] }> {
  const all = (await Array.fromAsync(objects.list(""))).map(({ key }) => key);
  const tables = all.filter((key) => key.startsWith("index/")).map((key) => key.split("/")[1]!);
  return { chunks: all.filter((key) => !key.startsWith("index/")), tables: [...new Set(tables)] };
}

const given = (): World => ({ old: new MemoryObjectStore(), new: new MemoryObjectStore() });

test("chunks and tables are in the store of their period, under its names", async () => {
  const world = given();
  await store(world, "a", [-30, -20]);
  await store(world, "b", [20, 30]);
  const [old, now] = [await keys(world.old), await keys(world.new)];
  assert.deepEqual(old.tables, [`index_${BORDER - 1}`]);
  assert.deepEqual(now.tables, [`index_${BORDER}`]);
  // v12 on a disk: the last name in base64. v12 and v13 in S3: as the key is.
  assert.match(old.chunks.join(" "), /^fake\/[0-9a-f]+\/[A-Za-z0-9+_-]+=*$/);
  assert.match(now.chunks.join(" "), /^fake\/[0-9a-f]+\/[0-9a-f]+:[0-9a-f]+:[0-9a-f]+$/);
  assert.deepEqual(await lines(world), ["a -30", "a -20", "b 20", "b 30"]);
  assert.deepEqual(await lines(world, '{app="b"}'), ["b 20", "b 30"]);
});

test("a chunk across the border is in both stores and its lines are in an answer once", async () => {
  const world = given();
  await store(world, "a", [-30, -1, 0, 1, 30]);
  const [old, now] = [await keys(world.old), await keys(world.new)];
  assert.deepEqual([old.chunks.length, old.tables], [1, [`index_${BORDER - 1}`]]);
  assert.deepEqual([now.chunks.length, now.tables], [1, [`index_${BORDER}`]]);
  assert.deepEqual(await lines(world), ["a -30", "a -1", "a 0", "a 1", "a 30"]);
});

test("a put that one store refuses is whole when it comes again", async () => {
  const world = given();
  world.new.faults.add({ op: "put", nth: 1 });
  await store(world, "a", [-1, 1]).catch(() => {});
  await store(world, "a", [-1, 1]);
  assert.deepEqual(await lines(world), ["a -1", "a 1"]);
});

test("tables of a period that is in another store are not looked at", async () => {
  const world = given();
  await store(world, "a", [-30, 30]);
  // What somebody copied over before the move: the same table, beside chunks that are not there.
  for await (const { key } of world.old.list("index/")) {
    await world.new.put(key, (await world.old.get(key))!);
  }
  for await (const { key } of world.new.list("fake/")) await world.new.delete(key);
  const sources = bucketsOf(world).all[1]!.source;
  const found = await sources.streams({
    ...{ tenant: SINGLE_TENANT, matchers: [] },
    ...{ from: nsOf((BORDER - 5) * DAY_MS), through: nsOf(BORDER * DAY_MS - 1) },
  });
  assert.deepEqual(found, []);
});

test("tenants and bounds are those of all stores", async () => {
  const world = given();
  assert.deepEqual(await bucketsOf(world).bounds(SINGLE_TENANT), { fromMs: 0, throughMs: 0 });
  await store(world, "a", [-30]);
  await store(world, "b", [30]);
  const buckets = bucketsOf(world);
  assert.deepEqual(await buckets.tenants(), [SINGLE_TENANT]);
  assert.deepEqual(await buckets.bounds(SINGLE_TENANT), {
    fromMs: BORDER * DAY_MS - 30 * MINUTE,
    throughMs: BORDER * DAY_MS + 30 * MINUTE,
  });
});
