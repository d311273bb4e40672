/** A store without room for another object: what is marked goes, and then there is room for the pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { isFull } from "./full-store.ts";
import { runPass, runRetention } from "./pass.ts";
import { LEASES, MARKS } from "./places.ts";
import { underLease } from "./service.ts";
import { DAY_0, HOUR_MS, World } from "./testing/world.ts";

const NOW = DAY_0 + 40 * DAY_MS;
const DELAY_MS = 2 * HOUR_MS;

/** Another way to a store that holds so many objects and no more. */
class SmallStore implements ObjectStore {
  readonly #store: World["objects"];
  countMax = Infinity;
  readonly get: ObjectStore["get"];
  readonly list: ObjectStore["list"];
  readonly folders: ObjectStore["folders"];
  readonly delete: ObjectStore["delete"];

  constructor(store: World["objects"]) {
    this.#store = store;
    this.get = store.get.bind(store);
    this.list = store.list.bind(store);
    this.folders = store.folders.bind(store);
    this.delete = store.delete.bind(store);
  }

  async put(...args: Parameters<ObjectStore["put"]>): Promise<boolean> {
    if ((await this.count("")) >= this.countMax) {
      throw new Unavailable(`disk says ENOSPC for ${args[0]}: no space left on device`);
    }
    return await this.#store.put(...args);
  }

  async count(prefix: string): Promise<number> {
    return (await Array.fromAsync(this.#store.list(prefix))).length;
  }
}

/** Three chunks: one that was marked `agoMs` ago, two that an index names. Nothing more fits in. */
async function given({ agoMs }: { agoMs: number }) {
  const world = new World({ nowMs: NOW - agoMs }).limit("t", { retentionPeriodMs: 5 * DAY_MS });
  const chunk = (day: number) => ({
    ...{ tenant: "t", labels: { app: "x" } },
    lines: [{ timeMs: DAY_0 + day * DAY_MS, line: `day ${day}` }],
  });
  await world.store([chunk(1), chunk(38), chunk(39)]);
  await runRetention(world.options());
  await world.clock.advance(agoMs);
  const store = new SmallStore(world.objects);
  const said: string[] = [];
  const journal: Journal = { log: (level, message) => void said.push(`${level} ${message}`) };
  const options = world.options(
    {},
    { store, journal, sweeping: { delayMs: DELAY_MS, workers: 1 } },
  );
  const fill = async () => void (store.countMax = await store.count(""));
  const pass = () =>
    underLease({ ...options, holder: "a" }, async (own) => void (await runPass(own)));
  return { world, store, said, fill, pass };
}

test("a chunk that is marked and due makes room for the lease, and the pass goes on", async () => {
  const { world, store, said, fill, pass } = await given({ agoMs: 3 * HOUR_MS });
  await fill();
  assert.equal(await pass(), undefined);
  assert.equal((await world.chunkKeys()).length, 2);
  assert.equal((await world.lines()).length, 2);
  assert.equal(await store.count(MARKS), 0);
  assert.ok(said.includes("warn store is full: deleted to have room for the lease, then swept"));
});

test("old terms of the lease make room before chunks do", async () => {
  const { world, store, fill, pass } = await given({ agoMs: 3 * HOUR_MS });
  for (const number of [7, 8]) {
    const key = `${LEASES}${String(number).padStart(12, "0")}`;
    await store.put(key, new TextEncoder().encode(`{"holder":"b","atMs":1,"endMs":2}`));
  }
  await fill();
  await pass();
  const terms = (await Array.fromAsync(world.objects.list(LEASES))).map(({ key }) => key.slice(-2));
  assert.deepEqual(terms, ["08", "09", "10"]);
});

test("the lease is given back on a store that has no room for that", async () => {
  const { world, store, fill, pass } = await given({ agoMs: HOUR_MS });
  for (let round = 0; round < 3; round++) await pass();
  await fill();
  store.countMax++;
  const start = { ...world.options({}, { store }), holder: "b" };
  const held = await underLease(start, async () => void (await fill()));
  assert.equal(held, undefined);
  const next = await underLease({ ...start, holder: "c" }, async () => {});
  assert.equal(next, undefined);
});

test("nothing goes when no mark is due, when another has the lease, or for a failure of another kind", async () => {
  const young = await given({ agoMs: HOUR_MS });
  await young.fill();
  await assert.rejects(young.pass(), (error) => {
    return error instanceof Unavailable && /^store is full, and nothing in it/.test(error.message);
  });
  assert.equal((await young.world.chunkKeys()).length, 3);

  const held = await given({ agoMs: 3 * HOUR_MS });
  const term = { holder: "b", atMs: NOW, endMs: NOW + 60_000 };
  await held.store.put(`${LEASES}000000000001`, new TextEncoder().encode(JSON.stringify(term)));
  await held.fill();
  assert.equal((await held.pass())?.holder, "b");
  assert.equal((await held.world.chunkKeys()).length, 3);

  const failing = await given({ agoMs: 3 * HOUR_MS });
  failing.world.objects.faults.add({ op: "put", error: "EIO" });
  await assert.rejects(failing.pass(), /EIO/);
  assert.equal((await failing.world.chunkKeys()).length, 3);
});

test("a store that gets full under the lease is swept all the same", async () => {
  const { world, said, pass } = await given({ agoMs: 3 * HOUR_MS });
  world.limit("t", { retentionPeriodMs: 6 * DAY_MS });
  world.objects.faults.add({ op: "put", path: "lokits/retention.json", error: "ENOSPC" });
  await assert.rejects(pass(), isFull);
  assert.equal((await world.chunkKeys()).length, 2);
  assert.ok(said.includes("warn store is full, only the sweep was done"));
});
