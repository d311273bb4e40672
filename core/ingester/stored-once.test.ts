/** What is in the store's index is in memory no more, also after a restart: statistics count it once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { Ingester } from "./ingester.ts";
import { IngesterLife } from "./lifecycle.ts";
import { DEFAULT_INGESTER } from "./settings.ts";
import { IngesterSource } from "./source.ts";

const START = 1_700_000_000_000_000_000n;

interface World {
  readonly disk: SimDisk;
  readonly objects: MemoryObjectStore;
  readonly clock: SimClock;
}

async function boot({ disk, objects, clock }: World) {
  const schema = [
    {
      ...{ fromMs: 0, schema: "v13" as const, store: "tsdb" as const, objectStore: "memory" },
      ...{ indexPrefix: "index_", tableMs: DAY_MS },
    },
  ];
  const limits = { of: () => DEFAULT_LIMITS };
  const parts = { schema, limits, codecs: portableCodecs, clock, journal: SILENT };
  const bucket = new Bucket({
    ...{ ...parts, objects, form: "plain", indexPrefix: "index/" },
    uploader: `u-${clock.now()}`,
  });
  const ingester = new Ingester({ ...parts, settings: DEFAULT_INGESTER, meter: UNMETERED });
  const life = new IngesterLife(ingester, bucket, disk);
  await life.start();
  return { ingester, life, sources: [new IngesterSource(ingester), bucket.source] };
}

type Booted = Awaited<ReturnType<typeof boot>>;

async function push({ ingester }: Booted, second: number): Promise<void> {
  const [labels, text] = [labelsOf({ app: "x" }), utf8("a line")];
  const rows = {
    ...{ rows: 1, times: BigInt64Array.of(START + BigInt(second) * 1_000_000_000n), text },
    ...{ starts: Uint32Array.of(0), ends: Uint32Array.of(text.length) },
  };
  await ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
}

/** Entries that statistics count, and chunks. */
async function counted({ sources }: Booted): Promise<readonly [entries: number, chunks: number]> {
  let [entries, chunks] = [0, 0];
  const select = { tenant: SINGLE_TENANT, matchers: [], from: START, through: START + 10n ** 13n };
  for (const source of sources) {
    for (const volume of await source.volume(select)) {
      entries += volume.entries;
      chunks += volume.chunks;
    }
  }
  return [entries, chunks];
}

async function given(run: (world: World) => Promise<Booted>): Promise<void> {
  const world = {
    disk: new SimDisk({ seed: 1 }),
    objects: new MemoryObjectStore(),
    clock: new SimClock(START),
  };
  const before = await run(world);
  const had = await counted(before);
  world.disk.crash("process");
  await world.clock.advance(1);
  const after = await boot(world);
  assert.deepEqual(await counted(after), had);
  // Nor is it stored a second time.
  await after.life.flusher.sweep({ force: true });
  assert.deepEqual(await counted(after), had);
}

test("after a flush by hand and a crash", async () => {
  await given(async (world) => {
    const server = await boot(world);
    await push(server, 1);
    await server.life.flusher.sweep({ force: true });
    assert.deepEqual(await counted(server), [1, 1]);
    return server;
  });
});

test("after a flush by hand, more pushes and a crash", async () => {
  await given(async (world) => {
    const server = await boot(world);
    await push(server, 1);
    await server.life.flusher.sweep({ force: true });
    await push(server, 2);
    await push(server, 3);
    assert.deepEqual(await counted(server), [3, 2]);
    return server;
  });
});

test("after an idle stream was flushed on its own and its index uploaded", async () => {
  await given(async (world) => {
    const server = await boot(world);
    await push(server, 1);
    await world.clock.advance(DEFAULT_INGESTER.chunkIdlePeriodMs + 60_000);
    // One sweep at a time: the one under way has ended when this one has.
    await server.life.flusher.sweep();
    const index = await Array.fromAsync(world.objects.list("index/"));
    assert.equal(index.length, 1);
    assert.deepEqual(await counted(server), [1, 1]);
    return server;
  });
});

test("after a stop that uploaded the index of what was flushed", async () => {
  await given(async (world) => {
    const server = await boot(world);
    await push(server, 1);
    await world.clock.advance(DEFAULT_INGESTER.chunkIdlePeriodMs + 60_000);
    await server.life.flusher.sweep();
    await push(server, 2_000);
    await server.life.stop({ flush: false });
    assert.deepEqual(await counted(server), [2, 2]);
    return server;
  });
});
