/**
 * The compactor is killed at every call to the store in turn, with compaction, retention and deletes
 * under way. Nothing that is to be kept is ever missing, no index names what is not there, nothing is
 * left that nobody would delete, and the next run ends the work with the receipts of an unbroken one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import { Faults } from "../sim/faults.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { runPass } from "./pass.ts";
import { DAY_0, HOUR_MS, type Line, World } from "./testing/world.ts";

const NOW = DAY_0 + 20 * DAY_MS + HOUR_MS;
const DELAY_MS = 2 * HOUR_MS;
const LIMITS = { retentionPeriodMs: 10 * DAY_MS };

function lines(fromMs: number, count: number, text: string): Line[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ timeMs: fromMs + index * 60_000, line: `${text} ${index}` },
  }));
}

/** A bucket in which every kind of thing is to be done. */
async function given(): Promise<World> {
  const world = new World({ nowMs: NOW });
  const day = (number: number) => DAY_0 + number * DAY_MS;
  const x = { tenant: "t", labels: { app: "x" } };
  await world.store([
    { ...x, lines: lines(day(3), 5, "old") },
    { ...x, lines: lines(day(15), 10, "some") },
    { tenant: "u", labels: { app: "x" }, lines: lines(day(3), 5, "kept") },
  ]);
  await world.store([
    { ...x, lines: lines(day(15) + HOUR_MS, 10, "whole") },
    // Crosses midnight: two tables name it.
    { ...x, lines: lines(day(16) - 5 * 60_000, 10, "night") },
    { tenant: "t", labels: { app: "y" }, lines: lines(day(11) - 5 * 60_000, 10, "edge") },
  ]);
  await world.delete({
    ...{ tenant: "t", id: "00000001", query: '{app="x"} |= "3"', startMs: 0, endMs: NOW },
  });
  await world.delete({
    ...{ tenant: "t", id: "00000002", query: '{app="x"}' },
    ...{ startMs: day(15) + 30 * 60_000, endMs: day(15) + 2 * HOUR_MS },
  });
  await world.clock.advance(25 * HOUR_MS);
  return world;
}

async function copyOf(world: World, faults = new Faults()): Promise<World> {
  const objects = new MemoryObjectStore({ faults });
  for await (const { key } of world.objects.list("")) {
    await objects.put(key, (await world.objects.get(key))!);
  }
  return new World({ nowMs: world.clock.nowMs(), objects }).limit("t", LIMITS);
}

/** The same bucket as a process finds it that has just been started. */
function restarted(world: World): World {
  world.objects.faults.clear();
  world.objects.restart();
  const { objects, clock } = world;
  return new World({ nowMs: clock.nowMs(), objects }).limit("t", LIMITS);
}

function pass(world: World) {
  return runPass(world.options({}, { sweeping: { delayMs: DELAY_MS, workers: 3 } }));
}

async function receipts(world: World): Promise<unknown> {
  const requests = await world.requests.list();
  return requests.map(({ id, status, receipt }) => [
    ...[id, status, receipt?.linesMatched, receipt?.linesRemoved],
    ...[receipt?.chunksRemoved, receipt?.chunksRewritten],
  ]);
}

test("a kill at any call of the first run or the sweep after it loses nothing and leaves nothing", async () => {
  const origin = await given();
  const whole = await copyOf(origin);
  const before = new Set(await whole.lines());
  await pass(whole);
  const rest = await whole.lines();
  const wanted = await receipts(whole);
  assert.ok(rest.length < before.size);
  assert.deepEqual(wanted, [
    ["00000001", "processed", 2, 2, 0, 2],
    ["00000002", "processed", 10, 10, 1, 0],
  ]);
  await whole.clock.advance(DELAY_MS + HOUR_MS);
  await pass(whole);
  const objectsLeft = (await whole.chunkKeys()).length;
  assert.equal(objectsLeft, (await whole.named()).length);

  const calls = await callsOf(origin);
  assert.ok(calls.length > 100, `only ${calls.length} calls`);
  const kills = calls.flatMap((op, index) => {
    // What a put carries arrives at one kill and not at another.
    const parts = op === "put" ? [0, 1] : [0];
    return parts.map((part) => ({ nth: index + 1, part }));
  });
  for (const { nth, part } of kills) {
    const faults = new Faults();
    const world = await copyOf(origin, faults);
    faults.add({ op: "*", nth, part, stop: true });
    await assert.rejects(runTwice(world), Unavailable);
    const later = restarted(world);
    const seen = new Set(await later.lines());
    for (const line of rest) assert.ok(seen.has(line), `killed at ${nth}: lost ${line}`);
    for (const line of seen) assert.ok(before.has(line), `killed at ${nth}: made up ${line}`);
    assert.deepEqual(await later.orphans(), [], `killed at ${nth}: chunks nobody knows of`);

    await later.clock.advance(60_000);
    await pass(later);
    assert.deepEqual(await later.lines(), rest, `killed at ${nth}: after the next run`);
    assert.deepEqual(await receipts(later), wanted, `killed at ${nth}: receipts`);
    // One delay and one run later nothing is left that no index names.
    await later.clock.advance(DELAY_MS + 60_000);
    await pass(later);
    assert.deepEqual(await later.lines(), rest, `killed at ${nth}: after the sweep`);
    assert.equal((await later.chunkKeys()).length, objectsLeft, `killed at ${nth}: objects left`);
  }
});

/** The calls to the store that two whole runs make. */
async function callsOf(origin: World): Promise<string[]> {
  const calls: string[] = [];
  const faults = new (class extends Faults {
    override strike(op: string, path: string) {
      calls.push(op);
      return super.strike(op, path);
    }
  })();
  const world = await copyOf(origin, faults);
  calls.length = 0;
  await runTwice(world);
  return calls;
}

/** A run, and after the delay another that sweeps. */
async function runTwice(world: World): Promise<void> {
  // A failure of a table is reported; a store that stopped fails what comes after it.
  const report = await pass(world);
  if (report.retention!.failures.length + report.compaction.failures.length > 0) {
    throw new Unavailable("stopped in a table");
  }
  await world.clock.advance(DELAY_MS + 1000);
  await pass(world);
}
