/**
 * The life of index files on this machine, over a store that counts what is asked of it: each file is
 * fetched once, survives the process, is fetched again when it is torn, and goes when it is not wanted.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import { portableCodecs } from "../compress/table.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import type { Journal } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import type { GetOptions } from "../ports/object-store.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "./bucket.ts";
import { IndexCache } from "./index-cache.ts";
import { IndexSync } from "./index-sync.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A bucket somewhere, that notes every key that is read. */
class CountingStore extends MemoryObjectStore {
  readonly gets: string[] = [];

  override get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    this.gets.push(key);
    return super.get(key, options);
  }

  indexGets(): string[] {
    return this.gets.splice(0).filter((key) => key.startsWith("index/"));
  }
}

interface Machine {
  readonly bucket: Bucket;
  readonly cache: IndexCache;
  readonly sync: IndexSync;
  readonly lines: string[];
}

class World {
  readonly remote = new CountingStore();
  readonly disk = new MemoryObjectStore();
  readonly clock = new SimClock(START);

  /** `days` tables of a file each; the last one is today's. */
  async fill(days: number): Promise<this> {
    for (let day = 1 - days; day <= 0; day++) {
      const served = await new Served({ limits: { rejectOldSamples: false } }).start();
      await served.push({ app: "a" }, [[day * 86_400, `day ${day}`]]);
      await served.flush();
      for await (const { key } of served.objects.list("")) {
        const name = key.startsWith("index/") ? key.replace("-u.tsdb", `-u${-day}.tsdb`) : key;
        await this.remote.put(name, (await served.objects.get(key))!);
      }
    }
    return this;
  }

  /** A process that starts here. */
  boot({ readyDays = 0, tenants = {}, readersBytes = 1 << 20 }: BootOptions = {}): Machine {
    const { clock } = this;
    const lines: string[] = [];
    const journal: Journal = { log: (_, message) => lines.push(message) };
    const cache = new IndexCache({ folder: this.disk, clock, journal, ttlMs: DAY });
    const bucket = new Bucket({
      ...{ objects: this.remote, codecs: portableCodecs, clock, journal },
      ...{ limits: { of: () => DEFAULT_LIMITS }, form: "plain", indexPrefix: "index/" },
      ...{ uploader: "u", keeping: { cache, readersBytes } },
    });
    const sync = new IndexSync({
      ...{ files: bucket.files, cache, clock, journal, meter: UNMETERED },
      resyncMs: 300_000,
      ready: {
        of: (tenant) => tenants[tenant] ?? readyDays,
        most: () => Math.max(readyDays, ...Object.values(tenants)),
      },
    });
    return { bucket, cache, sync, lines };
  }

  async diskKeys(): Promise<string[]> {
    return (await Array.fromAsync(this.disk.list(""))).map(({ key }) => key);
  }
}

interface BootOptions {
  readonly readyDays?: number;
  /** Days of single tenants. */
  readonly tenants?: Readonly<Record<string, number>>;
  readonly readersBytes?: number;
}

/** How many streams there are, by the index. */
async function ask(
  { bucket }: Machine,
  warnings: string[] = [],
  from = START - BigInt(40 * DAY) * 1_000_000n,
): Promise<number> {
  const stats = { warnings } as never;
  const through = START + BigInt(DAY) * 1_000_000n;
  const select = { tenant: SINGLE_TENANT, matchers: [], from, through, stats };
  return (await bucket.source.streams(select)).reduce((sum, { spans }) => sum + spans.length, 0);
}

test("a file is fetched once, by however many questions and processes", async () => {
  const world = await new World().fill(3);
  const first = world.boot();
  assert.deepEqual(await Promise.all([ask(first), ask(first), ask(first)]), [3, 3, 3]);
  assert.equal(world.remote.indexGets().length, 3);
  assert.equal(await ask(world.boot()), 3);
  assert.deepEqual(world.remote.indexGets(), []);
  for (const key of await world.diskKeys()) {
    assert.match(key, /^index_\d{5}\/\d+-u\d\.tsdb\.[0-9a-f]{8}$/);
  }
});

for (const [harm, change] of [
  ["cut", (bytes: Uint8Array) => bytes.slice(0, 100)],
  ["empty", () => new Uint8Array(0)],
  [
    "with a bit flipped",
    (bytes: Uint8Array) => bytes.map((byte, at) => (at === 80 ? byte ^ 1 : byte)),
  ],
] as const) {
  test(`a cached file that is ${harm} is fetched again, and the answer is whole`, async () => {
    const world = await new World().fill(2);
    await ask(world.boot());
    world.remote.indexGets();
    const [key] = await world.diskKeys();
    await world.disk.put(key!, change((await world.disk.get(key!))!));
    const warnings: string[] = [];
    assert.equal(await ask(world.boot(), warnings), 2);
    assert.deepEqual(warnings, []);
    assert.equal(world.remote.indexGets().length, 1);
    assert.equal(await ask(world.boot()), 2);
    assert.deepEqual(world.remote.indexGets(), []);
  });
}

test("a file that is damaged in the bucket is not cached, and asked for when it may be whole again", async () => {
  const world = await new World().fill(1);
  const { key } = (await Array.fromAsync(world.remote.list("index/")))[0]!;
  const bytes = (await world.remote.get(key))!;
  await world.remote.put(key, bytes.slice(0, 50));
  const machine = world.boot();
  const warnings: string[] = [];
  assert.equal(await ask(machine, warnings), 0);
  assert.equal(warnings.length, 1);
  assert.deepEqual(await world.diskKeys(), []);
  await world.remote.put(key, bytes);
  assert.equal(await ask(machine), 1);
});

test("more tables than memory has room for are read from the disk, not from the bucket", async () => {
  const world = await new World().fill(4);
  const machine = world.boot({ readersBytes: 1 });
  for (let round = 0; round < 3; round++) assert.equal(await ask(machine), 4);
  assert.equal(world.remote.indexGets().length, 4);
});

test("a disk that refuses costs the cache and not the query", async () => {
  const world = await new World().fill(2);
  world.disk.faults.add({ op: "put", error: "ENOSPC" });
  const machine = world.boot();
  assert.equal(await ask(machine), 2);
  assert.deepEqual(await world.diskKeys(), []);
  assert.ok(machine.lines.includes("index cache"));
  world.disk.faults.add({ op: "list" });
  world.disk.faults.add({ op: "get" });
  assert.equal(await ask(world.boot()), 2);
});

test("tables of the last days are fetched before anybody asks", async () => {
  const world = await new World().fill(4);
  const machine = world.boot({ readyDays: 2 });
  await machine.sync.sync();
  assert.equal(world.remote.indexGets().length, 3);
  assert.equal(machine.lines.filter((line) => line === "downloaded file").length, 3);
  assert.equal(await ask(machine, [], START - BigInt(2 * DAY) * 1_000_000n), 3);
  assert.deepEqual(world.remote.indexGets(), []);
});

test("a tenant's own files are fetched for as many days as the tenant has", async () => {
  const world = await new World().fill(4);
  const keys = (await Array.fromAsync(world.remote.list("index/"))).map(({ key }) => key);
  const owned = (tenant: string) =>
    keys.map((key) => key.replace(/[^/]+$/, `${tenant}/1-compactor-2-3.tsdb.gz`));
  for (const tenant of ["a", "b"]) {
    for (const [at, key] of owned(tenant).entries()) {
      await world.remote.put(key, (await world.remote.get(keys[at]!))!);
    }
  }
  for (const key of keys) await world.remote.delete(key);
  const fetched = async (options: BootOptions) => {
    await Promise.all((await world.diskKeys()).map((key) => world.disk.delete(key)));
    const machine = world.boot(options);
    world.remote.indexGets();
    await machine.sync.sync();
    const tenants = world.remote.indexGets().map((key) => key.split("/")[2]!);
    return tenants.sort().join("");
  };
  assert.equal(await fetched({}), "");
  assert.equal(await fetched({ readyDays: 1 }), "aabb");
  assert.equal(await fetched({ tenants: { a: 1 } }), "aa");
  assert.equal(await fetched({ readyDays: 1, tenants: { a: 2, b: 0 } }), "aaa");
});

test("a round fetches what is new in the tables that are here, and drops what the bucket dropped", async () => {
  const world = await new World().fill(2);
  const machine = world.boot();
  await ask(machine);
  world.remote.indexGets();
  const keys = (await Array.fromAsync(world.remote.list("index/"))).map(({ key }) => key);
  const tenantKey = keys[0]!.replace(/[^/]+$/, "fake/1-compactor-2-3.tsdb.gz");
  const newer = keys[1]!.replace(/[^/]+$/, "9-new.tsdb.gz");
  await world.remote.put(newer, (await world.remote.get(keys[1]!))!);
  await world.remote.put(tenantKey, (await world.remote.get(keys[0]!))!);
  await world.remote.delete(keys[0]!);
  await world.remote.put("index/index_10000/x.tsdb.gz", new Uint8Array(9));
  world.remote.indexGets();
  await machine.sync.sync();
  // Nobody asked for the tenant's own file nor for the old table.
  assert.deepEqual(world.remote.indexGets(), [newer]);
  const disk = await world.diskKeys();
  assert.equal(disk.length, 2);
  assert.ok(disk.some((key) => key.includes("9-new.tsdb.")));
  for (const { key } of await Array.fromAsync(world.remote.list("index/"))) {
    await world.remote.delete(key);
  }
  await machine.sync.sync();
  assert.deepEqual(await world.diskKeys(), []);
});

test("tables that nobody asks for leave the disk after their time", async () => {
  const world = await new World().fill(2);
  const machine = world.boot();
  const ending = new AbortController();
  const running = machine.sync.run(ending.signal);
  await ask(machine);
  for (let hour = 0; hour < 20; hour++) await world.clock.advance(HOUR);
  assert.equal((await world.diskKeys()).length, 2);
  await ask(machine, [], START - 1000n);
  for (let hour = 0; hour < 10; hour++) await world.clock.advance(HOUR);
  const left = await world.diskKeys();
  assert.equal(left.length, 1);
  assert.ok(left[0]!.startsWith(`index_${Math.floor(Number(START / 10n ** 9n) / 86_400)}/`));
  ending.abort();
  await running;
});

test("names that are more than names are not written to the disk", async () => {
  const { cache } = new World().boot();
  const bytes = new Uint8Array(3);
  for (const place of [
    "../x.tsdb",
    "index_1/../x.tsdb",
    "index_1/.tsdb",
    "index_1/a\\b.tsdb",
    `t/${"x".repeat(300)}.tsdb`,
  ]) {
    await cache.put(place, bytes);
    assert.equal(await cache.has(place), false, place);
  }
  await cache.put("index_1/tenant!-_.*'()/f.tsdb", bytes);
  assert.deepEqual(await cache.get("index_1/tenant!-_.*'()/f.tsdb"), bytes);
});
