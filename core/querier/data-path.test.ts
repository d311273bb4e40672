/**
 * The walk of a line through one process, on simulated disk and store: pushed, found, flushed, found,
 * crashed, found again. The layers below have their own tests; here they are put together.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../bytes/search.ts";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { Ingester } from "../ingester/ingester.ts";
import { IngesterLife } from "../ingester/lifecycle.ts";
import { DEFAULT_INGESTER, type IngesterSettings } from "../ingester/settings.ts";
import { IngesterSource } from "../ingester/source.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import { BadRequest, Unavailable } from "../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { Querier } from "./service.ts";

const START = 1_700_000_000_000_000_000n;
const SCHEMA: Schema = [
  {
    fromMs: 0,
    schema: "v13",
    store: "tsdb",
    objectStore: "memory",
    indexPrefix: "index_",
    tableMs: DAY_MS,
  },
];
const SETTINGS: IngesterSettings = {
  ...DEFAULT_INGESTER,
  chunkEncoding: "snappy",
  chunkBlockSize: 300,
  chunkTargetSize: 900,
};

/** A machine: what survives a crash, and the process that runs on it. */
class Machine {
  readonly disk: SimDisk;
  readonly objects = new MemoryObjectStore();
  readonly clock = new SimClock(START);
  readonly limits: Limits;
  process!: { ingester: Ingester; life: IngesterLife; bucket: Bucket; querier: Querier };

  readonly settings: IngesterSettings;

  constructor(limits: Partial<Limits> = {}, seed = 1, settings: Partial<IngesterSettings> = {}) {
    this.disk = new SimDisk({ seed });
    this.settings = { ...SETTINGS, ...settings };
    this.limits = { ...DEFAULT_LIMITS, maxEntriesLimitPerQuery: 0, ...limits };
  }

  async boot(): Promise<this> {
    const { clock, objects } = this;
    const limits = { of: () => this.limits };
    const parts = { schema: SCHEMA, limits, codecs: portableCodecs, clock, journal: SILENT };
    const bucket = new Bucket({
      ...parts,
      objects,
      form: "plain",
      indexPrefix: "index/",
      uploader: `m-${clock.now()}`,
    });
    const ingester = new Ingester({ ...parts, settings: this.settings, meter: UNMETERED });
    const life = new IngesterLife(ingester, bucket, this.disk);
    await life.start();
    const sources = [new IngesterSource(ingester), bucket.source];
    this.process = {
      ingester,
      life,
      bucket,
      querier: new Querier({ sources, limits, clock, search: portableSearch }),
    };
    return this;
  }

  async crash(kind: "process" | "power"): Promise<void> {
    this.disk.crash(kind);
    await this.clock.advance(1000);
    await this.boot();
  }

  async push(
    labels: Record<string, string>,
    lines: readonly (readonly [second: number, line: string])[],
  ): Promise<void> {
    const set = labelsOf(labels);
    await this.process.ingester.push(SINGLE_TENANT, [
      { labels: set, labelText: printLabels(set), rows: rowsOf(lines) },
    ]);
  }

  async lines(query: string): Promise<string[]> {
    const { lines, warnings } = await this.answer(query);
    assert.deepEqual(warnings, []);
    return lines;
  }

  async answer(query: string): Promise<{ lines: string[]; warnings: readonly string[] }> {
    const prepared = this.process.querier.prepare([SINGLE_TENANT], {
      ...{
        kind: "range",
        query,
        start: START - 10n ** 13n,
        end: START + 10n ** 13n,
        stepMs: 10_000,
      },
      ...{ interval: 0n, limit: 100_000, direction: "forward" },
    });
    const { result, warnings } = await prepared.run(new AbortController().signal);
    assert.equal(result.kind, "streams");
    if (result.kind !== "streams") return { lines: [], warnings };
    const lines = result.streams.flatMap(({ entries }) => entries.map(({ line }) => line)).sort();
    return { lines, warnings };
  }
}

function rowsOf(lines: readonly (readonly [number, string])[]): Block {
  const texts = lines.map(([, line]) => utf8(line));
  const text = utf8(lines.map(([, line]) => line).join(""));
  const ends = new Uint32Array(lines.length);
  texts.reduce((end, { length }, row) => (ends[row] = end + length), 0);
  return {
    rows: lines.length,
    times: BigInt64Array.from(lines, ([second]) => START + BigInt(Math.round(second * 1e9))),
    text,
    starts: ends.map((end, row) => end - texts[row]!.length),
    ends,
  };
}

function numbered(from: number, to: number): [number, string][] {
  return Array.from({ length: to - from }, (_, index) => [
    from + index,
    `line ${String(from + index).padStart(4, "0")} ${"x".repeat(20)}`,
  ]);
}

const textOf = (lines: readonly (readonly [number, string])[]) =>
  lines.map(([, line]) => line).sort();

test("a line is found from the moment it is answered, before and after it is flushed", async () => {
  const machine = await new Machine().boot();
  const lines = numbered(0, 100);
  await machine.push({ app: "a" }, lines);
  await machine.push({ app: "b" }, [[5, "other"]]);
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
  await machine.process.life.flusher.sweep({ force: true });
  assert.equal([...machine.process.ingester.instances()][0]!.streamCount, 0);
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
  assert.deepEqual(await machine.lines('{app=~".+"} |= "other"'), ["other"]);
});

test("what was answered is there after a crash, whatever had been flushed", async () => {
  for (const kind of ["process", "power"] as const) {
    for (const flush of ["nothing", "all", "some"]) {
      const machine = await new Machine().boot();
      const lines = numbered(0, 120);
      await machine.push({ app: "a" }, lines.slice(0, 60));
      if (flush === "all") await machine.process.life.flusher.sweep({ force: true });
      if (flush === "some") await machine.process.life.flusher.sweep();
      await machine.push({ app: "a" }, lines.slice(60));
      await machine.crash(kind);
      assert.deepEqual(
        await machine.lines('{app="a"}'),
        textOf(lines),
        `${kind}, flushed ${flush}`,
      );
      await machine.crash(kind);
      await machine.process.life.flusher.sweep({ force: true });
      assert.deepEqual(
        await machine.lines('{app="a"}'),
        textOf(lines),
        `${kind} twice, flushed ${flush}`,
      );
    }
  }
});

test("a stream that leaves memory and comes back survives a crash", async () => {
  const machine = await new Machine().boot();
  const lines = numbered(0, 40);
  await machine.push({ app: "a" }, lines.slice(0, 30));
  await machine.process.life.flusher.sweep({ force: true });
  // Its entry counter must not begin anew: replay would take these for lines that it has seen.
  await machine.push({ app: "a" }, lines.slice(30));
  await machine.crash("power");
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
});

test("a checkpoint takes the place of the segments before it", async () => {
  const machine = await new Machine().boot();
  const lines = numbered(0, 90);
  await machine.push({ app: "a" }, lines.slice(0, 50));
  await machine.clock.advance(DEFAULT_INGESTER.wal.checkpointDurationMs);
  await settle();
  assert.ok(
    (await machine.disk.list("")).some((name) => name.startsWith("checkpoint.")),
    "no checkpoint",
  );
  await machine.push({ app: "a" }, lines.slice(50));
  await machine.crash("power");
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
});

test("a store that fails keeps the lines in memory, and they go at the next sweep", async () => {
  const machine = await new Machine().boot();
  const lines = numbered(0, 100);
  await machine.push({ app: "a" }, lines);
  machine.objects.faults.add({ op: "put", path: "index/*", nth: 1 });
  await assert.rejects(machine.process.life.flusher.sweep({ force: true }), Unavailable);
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
  await machine.process.life.flusher.sweep({ force: true });
  assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines));
  assert.equal([...machine.process.ingester.instances()][0]!.streamCount, 0);
});

test("lines out of order are taken within the window and refused beyond it, in Loki's words", async () => {
  const machine = await new Machine().boot();
  await machine.push({ app: "a" }, [
    [7200, "new"],
    [3601, "old but fine"],
  ]);
  await assert.rejects(
    machine.push({ app: "a" }, [
      [7201, "good"],
      [3599, "too old"],
    ]),
    (error) => {
      assert.ok(error instanceof BadRequest);
      assert.equal(error.status, 400);
      assert.match(
        error.message,
        /^entry with timestamp 2023-11-14 23:13:19 \+0000 UTC ignored, reason: 'entry too far behind, oldest acceptable timestamp is: 2023-11-14T23:13:21Z',\nuser 'fake', total ignored: 1 out of 2 for stream: \{app="a"\}$/,
      );
      return true;
    },
  );
  assert.deepEqual(await machine.lines('{app="a"}'), ["good", "new", "old but fine"]);
});

test("a repeated line counts once, in one push, in two, and after a flush between them", async () => {
  const machine = await new Machine().boot();
  await machine.push({ app: "a" }, [
    [1, "one"],
    [1, "one"],
    [2, "two"],
  ]);
  await machine.push({ app: "a" }, [
    [2, "two"],
    [1, "one"],
  ]);
  await machine.process.life.flusher.sweep({ force: true });
  await machine.push({ app: "a" }, [
    [1, "one"],
    [2, "two"],
    [3, "three"],
  ]);
  assert.deepEqual(await machine.lines('{app="a"}'), ["one", "three", "two"]);
});

test("a push that was sent twice counts once, wherever blocks end", async () => {
  const lines = numbered(0, 500);
  for (const first of [500, 499, 496, 333]) {
    const machine = await new Machine({}, 1, { chunkTargetSize: 1 << 20 }).boot();
    // The end of each block of the repetition lies elsewhere.
    await machine.push({ app: "a" }, lines.slice(0, first));
    await machine.push({ app: "a" }, lines);
    assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines), `${first}, in memory`);
    await machine.process.life.flusher.sweep({ force: true });
    assert.deepEqual(await machine.lines('{app="a"}'), textOf(lines), `${first}, stored`);
  }
});

test("damaged, cut and missing objects cost their own lines, and the answer names them", async () => {
  const machine = await new Machine().boot();
  for (const app of ["whole", "flipped", "cut", "empty", "gone"])
    await machine.push({ app }, [[1, app]]);
  await machine.process.life.flusher.sweep({ force: true });
  const { objects } = machine;
  const keys: Record<string, string> = {};
  for await (const { key } of objects.list("fake/")) {
    const text = new TextDecoder().decode(await objects.get(key));
    for (const app of ["whole", "flipped", "cut", "empty", "gone"])
      if (text.includes(`"${app}"`)) keys[app] = key;
  }
  const bytes = (await objects.get(keys["flipped"]!))!;
  bytes[bytes.length - 40]! ^= 1;
  await objects.put(keys["flipped"]!, bytes);
  await objects.put(keys["cut"]!, (await objects.get(keys["cut"]!))!.subarray(0, 60));
  await objects.put(keys["empty"]!, new Uint8Array(0));
  await objects.delete(keys["gone"]!);

  const { lines, warnings } = await machine.answer('{app=~".+"}');
  assert.deepEqual(lines, ["whole"]);
  assert.equal(warnings.length, 4);
  for (const app of ["flipped", "cut", "empty", "gone"]) {
    assert.ok(
      warnings.some((warning) => warning.includes(keys[app]!)),
      `${app}: ${warnings.join("; ")}`,
    );
  }

  for await (const { key } of objects.list("index/"))
    await objects.put(key, Uint8Array.of(31, 139, 8, 0));
  machine.process.bucket.files.forget();
  const broken = await machine.answer('{app=~".+"}');
  assert.deepEqual(broken.lines, []);
  assert.match(broken.warnings.join(), /^index index\/index_\d+\/.*: /);
});

test("limits: streams and the rate of one stream", async () => {
  const machine = await new Machine({
    maxGlobalStreamsPerUser: 1,
    perStreamRateLimit: 10,
    perStreamRateLimitBurst: 20,
  }).boot();
  await machine.push({ app: "a" }, [[1, "0123456789"]]);
  await assert.rejects(
    machine.push({ app: "b" }, [[1, "x"]]),
    /^LimitExceeded: Maximum active stream limit exceeded/,
  );
  await assert.rejects(
    machine.push({ app: "a" }, [
      [2, "0123456789"],
      [3, "0123456789"],
    ]),
    /Per stream rate limit exceeded \(limit: 10B\/sec\)/,
  );
  await machine.clock.advance(1000);
  await machine.push({ app: "a" }, [[4, "0123456789"]]);
  assert.equal((await machine.lines('{app="a"}')).length, 3);
});
