/** The compactor of a server: when it works, that several take turns, that it stops. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS } from "../model/schema.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { Compactor, type CompactorOptions } from "./service.ts";
import { DAY_0, HOUR_MS, World } from "./testing/world.ts";

const MINUTE_MS = 60_000;

function given() {
  const world = new World({ nowMs: DAY_0 + 20 * DAY_MS }).limit("t", { retentionPeriodMs: DAY_MS });
  const said: string[] = [];
  const gauges = new Map<string, number>();
  const journal: Journal = { log: (level, message) => void said.push(`${level} ${message}`) };
  const meter: Meter = {
    count: () => {},
    observe: () => {},
    gauge: (name, value) => void gauges.set(name, value),
  };
  const make = (holder: string, more: Partial<CompactorOptions> = {}) =>
    new Compactor({
      ...world.options({}, { journal, meter, sweeping: { delayMs: 2 * HOUR_MS, workers: 2 } }),
      ...{ holder, compactionIntervalMs: 10 * MINUTE_MS, retentionIntervalMs: 0, ...more },
    });
  const line = (day: number, text: string) => ({
    ...{ tenant: "t", labels: { app: "x" } },
    lines: [{ timeMs: DAY_0 + day * DAY_MS - HOUR_MS, line: text }],
  });
  return { world, said, gauges, make, line };
}

test("the first pass is after one interval, then retention has its own, and the sweep its delay", async () => {
  const { world, make, line, gauges } = given();
  await world.store([line(20, "kept"), line(5, "old")]);
  const compactor = make("a", { retentionIntervalMs: 20 * MINUTE_MS });
  compactor.start();
  await world.clock.advance(9 * MINUTE_MS);
  assert.equal((await world.lines()).length, 2);
  await world.clock.advance(2 * MINUTE_MS);
  assert.equal((await world.lines()).length, 1);
  assert.equal(gauges.get("loki_boltdb_shipper_compactor_running"), 1);

  await world.store([line(6, "late")]);
  await world.clock.advance(10 * MINUTE_MS);
  assert.equal((await world.lines()).length, 2, "compacted, retention not due");
  await world.clock.advance(10 * MINUTE_MS);
  assert.equal((await world.lines()).length, 1);

  assert.equal((await world.chunkKeys()).length, 3);
  await world.clock.advance(2 * HOUR_MS + 2 * MINUTE_MS);
  assert.equal((await world.chunkKeys()).length, 1);
  await compactor.stop();
  assert.equal(gauges.get("loki_boltdb_shipper_compactor_running"), 0);
  await world.clock.advance(DAY_MS);
  assert.equal(world.clock.sleepers, 0);
});

test("of two servers one works, and the other when that one is gone", async () => {
  const { world, make, line, said } = given();
  const [a, b] = [make("a"), make("b")];
  a.start();
  b.start();
  for (let round = 0; round < 4; round++) {
    await world.store([line(20, `kept ${round}`), line(5, `old ${round}`)]);
    await world.clock.advance(10 * MINUTE_MS);
  }
  const waited = said.filter((text) => text === "info another compactor is at work").length;
  assert.equal(waited, 4);
  assert.equal((await world.lines()).length, 4);
  await a.stop();
  await world.store([line(20, "kept"), line(5, "old")]);
  await world.clock.advance(31 * MINUTE_MS);
  assert.equal((await world.lines()).length, 5);
  assert.deepEqual(
    said.filter((text) => text.startsWith("error")),
    [],
  );
  await b.stop();
});

test("a store that fails is tried again with the next pass", async () => {
  const { world, make, line, said } = given();
  await world.store([line(20, "kept"), line(5, "old")]);
  const compactor = make("a");
  compactor.start();
  world.objects.faults.add({ op: "list" });
  await world.clock.advance(11 * MINUTE_MS);
  assert.ok(said.includes("error failed to run compaction"));
  world.objects.faults.clear();
  await world.clock.advance(10 * MINUTE_MS);
  assert.equal((await world.lines()).length, 1);
  await compactor.stop();
});
