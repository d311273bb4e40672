/** The small parts of the tools: columns of references, estimates, work in flight, stats and inspection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { smallBucket, WRITTEN_MS } from "../../fixtures/repair/small-bucket.ts";
import { portableCodecs } from "../compress/table.ts";
import { DAY_MS } from "../model/schema.ts";
import { DistinctCount } from "./distinct.ts";
import { inFlight } from "./in-flight.ts";
import { inspectChunk } from "./inspect-chunk.ts";
import { inspectIndex } from "./inspect-index.ts";
import { type ChunkId, RefTable } from "./ref-table.ts";
import { bucketStats } from "./stats.ts";

test("RefTable finds what was added and nothing else, past its first size", () => {
  const table = new RefTable();
  const id = (index: number): ChunkId => ({
    tenant: `t${index % 3}`,
    // Most references differ in one part only.
    fingerprint: BigInt(index % 7) << 40n,
    fromMs: WRITTEN_MS + (index % 11),
    throughMs: WRITTEN_MS + 100 + (index % 13),
    checksum: index % 17,
  });
  const distinct = 3 * 7 * 11 * 13 * 17;
  for (let index = 0; index < 6000; index++) {
    assert.equal(table.add(id(index), { kb: index, entries: 2 * index }), index);
  }
  assert.ok(6000 < distinct);
  for (let index = 0; index < 6000; index++) {
    assert.equal(table.find(id(index)), index);
    assert.equal(table.add(id(index), { kb: 0, entries: 0 }), index);
    assert.deepEqual(table.idAt(index), id(index));
    assert.deepEqual(table.weightAt(index), { kb: index, entries: 2 * index });
  }
  for (let index = 6000; index < 12_000; index++) assert.equal(table.find(id(index)), undefined);
  table.mark(17);
  assert.deepEqual([table.isMarked(17), table.isMarked(18)], [true, false]);
});

test("DistinctCount is exact for few and within 3 % for many", () => {
  for (const many of [0, 1, 4096, 4097, 50_000, 300_000]) {
    const count = new DistinctCount();
    for (let index = 0; index < many; index++) count.add(`value-${index}`);
    for (let index = 0; index < Math.min(many, 5000); index++) count.add(`value-${index}`);
    assert.equal(count.isExact, many <= 4096);
    const error = Math.abs(count.count() - many) / Math.max(1, many);
    assert.ok(error <= (many <= 4096 ? 0 : 0.03), `${count.count()} of ${many}`);
  }
});

test("inFlight() keeps to its bounds, tells what is passed in order, and stops at a failure", async () => {
  const sizes = Array.from({ length: 50 }, (_, index) => ({ index, size: 1 + (index % 9) }));
  let [active, bytes, widest, most] = [0, 0, 0, 0];
  const passed: number[] = [];
  const options = {
    width: 4,
    bytesMax: 20,
    sizeOf: ({ size }: { size: number }) => size,
    passed: ({ index }: { index: number }) => {
      passed.push(index);
    },
  };
  const work = async ({ size, index }: { size: number; index: number }) => {
    active++;
    bytes += size;
    widest = Math.max(widest, active);
    most = Math.max(most, bytes);
    for (let turn = 0; turn < (index * 7) % 5; turn++) await Promise.resolve();
    active--;
    bytes -= size;
  };
  assert.equal(await inFlight(sizes, work, options), true);
  assert.deepEqual(
    passed,
    sizes.map(({ index }) => index),
  );
  assert.ok(widest > 1 && widest <= 4 && most <= 20, `${widest} and ${most}`);

  const begun: number[] = [];
  const failing = inFlight(
    sizes,
    async ({ index }) => {
      begun.push(index);
      await Promise.resolve();
      if (index === 5) throw new Error("no");
    },
    { width: 2, bytesMax: 1000, sizeOf: () => 1 },
  );
  await assert.rejects(failing, /no/);
  assert.ok(begun.length < 10, `${begun.length} begun`);

  const controller = new AbortController();
  const stopped = inFlight(sizes, async ({ index }) => void (index === 3 && controller.abort()), {
    width: 1,
    bytesMax: 1000,
    sizeOf: () => 1,
    signal: controller.signal,
  });
  assert.equal(await stopped, false);
});

test("bucketStats() counts each chunk once, though two tables and two files name it", async () => {
  const { objects } = await smallBucket();
  const [first] = await keys(objects.list("index/"));
  await objects.put(first!.replace("index_19658/", "index_19658/9-"), (await objects.get(first!))!);
  const { tenants, tables, problems } = await bucketStats({
    store: objects,
    codecs: portableCodecs,
    indexPrefix: "index/",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    tenants.map(({ tenant, chunks, lines, streams, exact }) => [
      tenant,
      chunks,
      lines,
      streams,
      exact,
    ]),
    [
      ["team-a", 3, 120, 2, true],
      ["team-b", 2, 60, 2, true],
    ],
  );
  const labels = (index: number) =>
    tenants[index]!.labels.map(({ name, values }) => [name, values]);
  assert.deepEqual(labels(0), [
    ["pod", 2],
    ["app", 1],
  ]);
  assert.deepEqual(labels(1), [
    ["app", 2],
    ["pod", 1],
    ["unit", 1],
  ]);
  assert.deepEqual(
    tables.map(({ table, dayMs, chunks, lines, streams, files }) => [
      table,
      dayMs / DAY_MS,
      chunks,
      lines,
      streams,
      files,
    ]),
    [
      ["index_19658", 19_658, 4, 160, 3, 2],
      ["index_19659", 19_659, 1, 20, 2, 1],
    ],
  );
  await objects.put(first!, new Uint8Array(4));
  const damaged = await bucketStats({
    store: objects,
    codecs: portableCodecs,
    indexPrefix: "index/",
    tenants: ["team-b"],
  });
  assert.deepEqual(
    damaged.problems.map(({ key }) => key),
    [first],
  );
  assert.deepEqual(
    damaged.tenants.map(({ tenant, lines }) => [tenant, lines]),
    [["team-b", 60]],
  );
});

test("inspectChunk() and inspectIndex() say what is there, and what of it is damaged", async () => {
  const { objects, chunks } = await smallBucket({ schema: "v12", encoding: "none" });
  const key = chunks[1]!;
  const bytes = (await objects.get(key))!;
  const sound = await inspectChunk(key, bytes, portableCodecs);
  assert.deepEqual([sound.tenant, sound.format, sound.encoding], ["team-a", 3, "none"]);
  assert.deepEqual(sound.labels, [
    ["app", "shop"],
    ["pod", "shop-1"],
  ]);
  assert.equal(
    sound.blocks.reduce((sum, { entries }) => sum + entries, 0),
    40,
  );
  assert.deepEqual(sound.problems, []);

  bytes[new TextDecoder("latin1").decode(bytes).indexOf(" n=12 ") + 3]! ^= 1;
  let rows = 0;
  const damaged = await inspectChunk(key, bytes, portableCodecs, (block) => {
    rows += block.rows;
  });
  assert.equal(damaged.problems.length, 2, "its checksum, and a block");
  const bad = damaged.blocks.filter(({ problem }) => problem !== undefined);
  assert.equal(bad.length, 1);
  assert.equal(rows, 40 - bad[0]!.entries);
  const short = await inspectChunk(key, bytes.subarray(0, 30), portableCodecs);
  assert.deepEqual([short.blocks, short.tenant], [[], undefined]);
  assert.ok(short.problems.length > 0);

  const [file] = await keys(objects.list("index/"));
  const stored = (await objects.get(file!))!;
  const index = await inspectIndex(file!, stored, portableCodecs);
  const { version, tenants, series, chunks: count, entries, problems } = index;
  assert.deepEqual(
    { version, tenants, series, count, entries, problems },
    {
      version: 2,
      tenants: ["team-a", "team-b"],
      series: 3,
      count: 4,
      entries: 160,
      problems: [],
    },
  );
  const broken = await inspectIndex(file!, stored.subarray(0, -3), portableCodecs);
  assert.equal(broken.problems.length, 1);
});

async function keys(list: AsyncIterable<{ key: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of list) found.push(key);
  return found;
}
