/** Retention and deletes on a whole bucket: what goes, what stays, what is said of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Journal } from "../ports/journal.ts";
import { type PassOptions, runRetention, runSweep } from "./pass.ts";
import { DAY_0, HOUR_MS, type Line, World } from "./testing/world.ts";

const NOW = DAY_0 + 40 * DAY_MS + 12 * HOUR_MS;

/** Lines one minute apart from a moment on, numbered. */
function lines(fromMs: number, count: number, text = "line"): Line[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ timeMs: fromMs + index * 60_000, line: `${text} ${index}` },
  }));
}

async function sweepAll(world: World, delayMs = 0) {
  return await runSweep(world.options({}, { sweeping: { delayMs, workers: 4 } }));
}

async function applyRetention(options: PassOptions) {
  return (await runRetention(options))!;
}

test("chunks go when their last line is older than the period of their stream", async () => {
  const world = new World({ nowMs: NOW });
  world.limit("t", {
    retentionPeriodMs: 20 * DAY_MS,
    retentionStream: [
      { selector: [{ name: "app", op: "=", value: "debug" }], priority: 1, periodMs: DAY_MS },
      { selector: [{ name: "app", op: "=~", value: "d.*" }], priority: 1, periodMs: 3 * DAY_MS },
      { selector: [{ name: "env", op: "=", value: "prod" }], priority: 2, periodMs: 0 },
    ],
  });
  const one = (day: number, labels: Record<string, string>) => ({
    ...{ tenant: "t", labels, lines: lines(DAY_0 + day * DAY_MS, 3, `day ${day}`) },
  });
  await world.store([
    ...[one(19, { app: "x" }), one(21, { app: "x" })],
    ...[one(38, { app: "debug" }), one(39, { app: "debug" }), one(40, { app: "debug" })],
    ...[one(36, { app: "dull" }), one(38, { app: "dull" })],
    ...[one(1, { app: "debug", env: "prod" })],
    { tenant: "u", labels: { app: "x" }, lines: lines(DAY_0, 3, "kept for ever") },
  ]);
  const report = await applyRetention(world.options());
  const kept = new Set((await world.lines()).map((line) => line.replace(/ \d+ (.*) \d+$/, " $1")));
  assert.deepEqual([...kept].sort(), [
    't {app="debug", env="prod"} day 1',
    't {app="debug"} day 40',
    't {app="dull"} day 38',
    't {app="x"} day 21',
    'u {app="x"} kept for ever',
  ]);
  assert.deepEqual(report.failures, []);
  assert.equal(report.oldestMs.get("t" as Tenant), DAY_0 + DAY_MS);
  assert.equal(report.oldestMs.get("u" as Tenant), DAY_0);
  const { total, days, streams } = report.losses.report({ streams: 1 });
  assert.deepEqual([total.chunks, total.lines], [4, 12]);
  assert.deepEqual(
    days.map(({ day }) => day),
    ["2023-11-16", "2023-12-03", "2023-12-05", "2023-12-06"],
  );
  assert.equal(streams.length, 1);
});

test("a chunk is deleted after the delay and no sooner", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: DAY_MS });
  await world.store([
    { tenant: "t", labels: { app: "x" }, lines: lines(DAY_0, 3) },
    { tenant: "t", labels: { app: "x" }, lines: lines(NOW - HOUR_MS, 3) },
  ]);
  await applyRetention(world.options());
  assert.equal((await world.chunkKeys()).length, 2);
  assert.equal((await sweepAll(world, 2 * HOUR_MS)).chunksDeleted, 0);
  await world.clock.advance(2 * HOUR_MS + 1);
  const { chunksDeleted, left } = await sweepAll(world, 2 * HOUR_MS);
  assert.deepEqual({ chunksDeleted, left }, { chunksDeleted: 1, left: 0 });
  assert.equal((await world.chunkKeys()).length, 1);
  assert.equal((await world.lines()).length, 3);
});

test("a chunk that crosses midnight lives as long as its last line, in the later table alone", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 10 * DAY_MS });
  const midnight = DAY_0 + 31 * DAY_MS;
  await world.store([
    { tenant: "t", labels: { app: "x" }, lines: lines(midnight - 5 * 60_000, 10) },
  ]);
  const tables = async () => (await world.objects.folders("index/")).folders;
  await applyRetention(world.options());
  assert.deepEqual(await tables(), ["index_19688", "index_19689"]);
  await world.clock.advance(-12 * HOUR_MS + DAY_MS + 60_000);
  await applyRetention(world.options());
  assert.deepEqual(await tables(), ["index_19689"]);
  assert.equal((await sweepAll(world)).chunksDeleted, 0);
  assert.equal((await world.lines()).length, 10);
  await world.clock.advance(DAY_MS);
  await applyRetention(world.options());
  assert.deepEqual(await tables(), []);
  assert.equal((await sweepAll(world)).chunksDeleted, 1);
  assert.deepEqual(await world.chunkKeys(), []);
});

test("a chunk whose oldest table is gone already is counted when the rest of it goes, once", async () => {
  for (const shorter of [false, true]) {
    const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 9.5 * DAY_MS });
    const midnight = DAY_0 + 31 * DAY_MS;
    await world.store([
      { tenant: "t", labels: { app: "x" }, lines: lines(midnight - 5 * 60_000, 10) },
      // Of four tables, the first of which goes first.
      {
        ...{ tenant: "t", labels: { app: "y" } },
        lines: [-1, 0, 1, 2].map((day) => ({ timeMs: midnight + day * DAY_MS, line: `${day}` })),
      },
    ]);
    const trimmed = await applyRetention(world.options());
    assert.deepEqual(trimmed.losses.total, { chunks: 0, lines: 0, bytes: 0 });
    assert.deepEqual((await world.objects.folders("index/")).folders.length, 3);
    if (shorter) {
      world.limit("t", { retentionPeriodMs: DAY_MS });
      const asked = await applyRetention(world.options());
      assert.deepEqual(asked.withheld.total, { chunks: 2, lines: 14, bytes: 2048 });
      assert.deepEqual(asked.losses.total.chunks, 0);
    } else await world.clock.advance(8 * DAY_MS);
    const options = world.options({ confirmed: true });
    const would = await applyRetention({ ...options, dryRun: true });
    const went = await applyRetention(options);
    for (const { losses } of [would, went]) {
      const { total, days } = losses.report({ streams: 0 });
      assert.deepEqual(total, { chunks: 2, lines: 14, bytes: 2048 });
      assert.deepEqual(
        days.map(({ day, lines }) => [day, lines]),
        [["2023-11-27", 14]],
      );
    }
    assert.equal((await sweepAll(world)).chunksDeleted, 2);
    assert.deepEqual(await world.lines(), []);
    assert.equal((await applyRetention(options)).losses.total.lines, 0);
  }
});

test("delete requests take whole chunks, and lines out of chunks, with exact receipts", async () => {
  const world = new World({ nowMs: NOW });
  const day = DAY_0 + 38 * DAY_MS;
  await world.store([
    { tenant: "t", labels: { app: "x" }, lines: lines(day, 20, "a") },
    { tenant: "t", labels: { app: "x" }, lines: lines(day + HOUR_MS, 20, "b") },
    // Named by two tables.
    { tenant: "t", labels: { app: "y" }, lines: lines(day + DAY_MS - 10 * 60_000, 20, "c") },
    { tenant: "u", labels: { app: "y" }, lines: lines(day, 20, "d") },
  ]);
  await world.delete({
    ...{
      tenant: "t",
      id: "00000001",
      query: '{app="x"}',
      startMs: day + 30_000,
      endMs: day + 90 * 60_000,
    },
  });
  await world.delete({
    ...{
      tenant: "t",
      id: "00000002",
      query: '{app=~".+"} |~ "[0-9]5$"',
      startMs: day,
      endMs: day + 2 * DAY_MS,
    },
  });
  assert.deepEqual((await applyRetention(world.options())).finished, [], "not yet");
  await world.clock.advance(24 * HOUR_MS + 60_000);
  const { finished } = await applyRetention(world.options());
  assert.deepEqual(
    finished.map(({ request, receipt }) => [
      ...[request.id, receipt.linesMatched, receipt.linesRemoved],
      ...[receipt.chunksRemoved, receipt.chunksRewritten],
    ]),
    // The second finds a line 15 of the chunk of two tables; those of the others the first one took.
    [
      ["00000002", 2, 2, 0, 2],
      ["00000001", 38, 38, 1, 1],
    ],
  );
  const rest = await world.lines();
  assert.equal(rest.length, 80 - 40);
  assert.ok(rest.includes(`t {app="x"} ${day} a 0`));
  assert.deepEqual(await applyRetention(world.options()).then((again) => again.finished), []);
  await sweepAll(world);
  assert.deepEqual(await world.lines(), rest);
  assert.deepEqual(await world.orphans(), []);
  assert.equal((await world.chunkKeys()).length, 3);
  const [first] = await world.requests.list("t" as Tenant);
  assert.equal(first!.status, "processed");
});

test("a bucket over retention_size loses its oldest days until it is within", async () => {
  const world = new World({ nowMs: NOW });
  for (let day = 30; day <= 40; day++) {
    await world.store([
      {
        tenant: day % 2 === 0 ? "t" : "u",
        labels: { app: "x" },
        lines: lines(DAY_0 + day * DAY_MS, 50),
      },
    ]);
  }
  const sizes = async () => {
    let total = 0;
    for await (const { size, key } of world.objects.list(""))
      if (!key.startsWith("lokits/")) total += size;
    return total;
  };
  const before = await sizes();
  const sizeBytes = Math.floor(before * 0.6);
  await applyRetention(world.options({ enabled: false, sizeBytes }));
  // Marked chunks do not count again while they wait.
  await applyRetention(world.options({ enabled: false, sizeBytes }));
  await sweepAll(world);
  const after = await sizes();
  assert.ok(after <= sizeBytes && after > sizeBytes - before / 5, `${before} → ${after}`);
  const days = [
    ...new Set(
      (await world.lines()).map((line) =>
        Math.floor((Number(line.split(" ")[2]) - DAY_0) / DAY_MS),
      ),
    ),
  ];
  assert.deepEqual(
    days.sort((a, b) => a - b),
    Array.from({ length: days.length }, (_, index) => 41 - days.length + index),
  );
});

test("rules that keep less wait to be confirmed, and what they would take is said", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 30 * DAY_MS });
  for (const day of [5, 20, 35]) {
    await world.store([
      { tenant: "t", labels: { app: "x" }, lines: lines(DAY_0 + day * DAY_MS, 10) },
    ]);
  }
  assert.deepEqual((await applyRetention(world.options())).shrinkages, []);
  assert.equal((await world.lines()).length, 20);
  world.limit("t", { retentionPeriodMs: 10 * DAY_MS });
  const report = await applyRetention(world.options());
  assert.deepEqual(report.shrinkages, ["tenant t: 720h becomes 240h"]);
  assert.equal(report.withheld.total.lines, 10);
  assert.equal((await world.lines()).length, 20);
  await applyRetention(world.options({ confirmed: true }));
  assert.equal((await world.lines()).length, 10);
  const sized = await applyRetention(world.options({ sizeBytes: 100 }));
  assert.deepEqual(sized.shrinkages, ["retention_size: no limit becomes 100 bytes"]);
  assert.equal(sized.withheld.total.lines, 10);
  assert.equal((await world.lines()).length, 10);
  assert.deepEqual((await applyRetention(world.options())).shrinkages, []);
});

test("the oldest line kept is known before index files are merged, in a dry run too", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 5 * DAY_MS });
  const keptMs = DAY_0 + 38 * DAY_MS + 3 * HOUR_MS;
  for (const [tenant, fromMs] of [
    ...[["t", DAY_0] as const, ["t", keptMs + DAY_MS] as const, ["t", keptMs] as const],
    ...[["u", keptMs + HOUR_MS] as const, ["u", keptMs + 2 * HOUR_MS] as const],
  ]) {
    await world.store([{ tenant, labels: { app: "x" }, lines: lines(fromMs, 10) }]);
  }
  for (const dryRun of [true, false]) {
    const { oldestMs } = await applyRetention({ ...world.options(), dryRun });
    assert.deepEqual([...oldestMs].sort(), [
      ["t", keptMs],
      ["u", keptMs + HOUR_MS],
    ]);
  }
});

test("the first time that rules are applied is said with what goes", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 5 * DAY_MS });
  await world.store([{ tenant: "t", labels: { app: "x" }, lines: lines(DAY_0, 10) }]);
  const said: unknown[] = [];
  const journal: Journal = {
    log: (level, message, fields) => {
      if (message.includes("first time")) said.push([level, message, fields]);
    },
  };
  const amount = { chunks: 1, lines: 10, bytes: 1024 };
  const options = world.options({}, { journal });
  assert.equal((await applyRetention({ ...options, dryRun: true })).isFirst, true);
  assert.equal((await applyRetention(options)).isFirst, true);
  assert.equal((await applyRetention(options)).isFirst, false);
  assert.deepEqual(said, [
    ["warn", "retention would be applied to this bucket for the first time", amount],
    ["warn", "retention is applied to this bucket for the first time", amount],
  ]);
});

test("a dry run says what would go and writes nothing", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 5 * DAY_MS });
  await world.store([
    { tenant: "t", labels: { app: "x" }, lines: lines(DAY_0, 10) },
    { tenant: "t", labels: { app: "y" }, lines: lines(DAY_0 + 38 * DAY_MS, 10) },
  ]);
  await world.delete({
    tenant: "t",
    id: "00000001",
    query: '{app="y"} |= "line 3"',
    startMs: 0,
    endMs: NOW,
  });
  await world.clock.advance(25 * HOUR_MS);
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of world.objects.list("")) found.push(key);
    return found;
  };
  const before = await keys();
  const { losses } = await applyRetention({ ...world.options(), dryRun: true });
  assert.deepEqual(await keys(), before);
  assert.equal(losses.total.lines, 11);
});

test("a damaged index file leaves its table alone, and deletes are not done yet", async () => {
  const world = new World({ nowMs: NOW }).limit("t", { retentionPeriodMs: 5 * DAY_MS });
  await world.store([{ tenant: "t", labels: { app: "x" }, lines: lines(DAY_0, 10) }]);
  await world.store([{ tenant: "t", labels: { app: "x" }, lines: lines(DAY_0 + 38 * DAY_MS, 10) }]);
  await world.delete({ tenant: "t", id: "00000001", query: '{app="x"}', startMs: 0, endMs: NOW });
  await world.clock.advance(25 * HOUR_MS);
  const bad = "index/index_19658/1-a.tsdb.gz";
  await world.objects.put(bad, new Uint8Array([1, 2, 3]));
  const { failures, finished } = await applyRetention(world.options());
  assert.deepEqual(
    failures.map(({ table }) => table),
    ["index_19658"],
  );
  assert.deepEqual(finished, []);
  await world.objects.delete(bad);
  const again = await applyRetention(world.options());
  assert.deepEqual(
    again.finished.map(({ receipt }) => receipt.linesRemoved),
    [10],
  );
  assert.deepEqual(await world.lines(), []);
});
