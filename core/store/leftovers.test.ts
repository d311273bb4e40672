/**
 * A Loki that stopped with index files and heads that were not uploaded: its chunks are in the bucket,
 * and found once lokits has taken its place. The logs are made byte by byte, as spec tsdb-index §9.3 draws them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { portableCodecs } from "../compress/table.ts";
import { printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { frameRecord } from "../wal/frame.ts";
import { Bucket } from "./bucket.ts";
import { Buckets } from "./buckets.ts";
import { takeLeftovers } from "./leftovers.ts";

const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "s3" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];
const TABLE = `index_${Math.floor(Number(START / 1_000_000n) / DAY_MS)}`;
const BUILT = `multitenant/${TABLE}/1700000000-host-1700000000000000000.tsdb`;

/** A bucket with two chunks, and the index file that named them; in the bucket there is none. */
async function given() {
  const served = await new Served().start();
  await served.push({ app: "a" }, [[1, "one"]]);
  await served.push({ app: "b" }, [[2, "two"]]);
  await served.flush();
  const objects = new MemoryObjectStore();
  let index = new Uint8Array(0);
  for await (const { key } of served.objects.list("")) {
    const bytes = (await served.objects.get(key))!;
    if (!key.startsWith("index/")) await objects.put(key, bytes);
    else
      index = (
        await portableCodecs.decompress(ENCODINGS.gzip, bytes, { sizeMax: 1 << 20 })
      ).slice();
  }
  const told: string[] = [];
  const journal: Journal = {
    log: (level, message) => void (level === "debug" || told.push(`${level} ${message}`)),
  };
  return { objects, index, folder: new MemoryObjectStore(), journal, told };
}

type World = Awaited<ReturnType<typeof given>>;

function bucketsOf({ objects, journal }: World): Buckets {
  return new Buckets([
    new Bucket({
      ...{ objects, journal, codecs: portableCodecs, clock: new SimClock(START), schema: SCHEMA },
      ...{
        limits: { of: () => DEFAULT_LIMITS },
        form: "plain",
        indexPrefix: "index/",
        uploader: "u",
      },
    }),
  ]);
}

const EVER = {
  tenant: SINGLE_TENANT,
  matchers: [],
  from: START - 10n ** 15n,
  through: START + 10n ** 15n,
};

/** Streams with the number of their chunks, as a new process finds them. */
async function streams(world: World): Promise<Record<string, number>> {
  const found = await bucketsOf(world).source.streams(EVER);
  return Object.fromEntries(
    found.map(({ stream, spans }) => [printLabels(stream.labels), spans.length]),
  );
}

async function take(world: World): Promise<void> {
  const { folder, journal } = world;
  await takeLeftovers({ folder, buckets: bucketsOf(world), journal });
}

/** What the bucket's chunks are, by their keys `fake/<fingerprint>/<from>:<through>:<checksum>`. */
async function chunksOf({ objects }: World) {
  const keys = (await Array.fromAsync(objects.list("fake/"))).map(({ key }) => key);
  return keys.map((key) => {
    const [, fingerprint, rest = ""] = key.split("/");
    const [from, through, checksum] = rest.split(":").map((hex) => BigInt(`0x${hex}`));
    return {
      fingerprint: BigInt(`0x${fingerprint}`),
      from: from!,
      through: through!,
      checksum: Number(checksum),
    };
  });
}

type Chunk = Awaited<ReturnType<typeof chunksOf>>[number];

function series(type: 0 | 2, ref: bigint, app: string, fingerprint: bigint): Uint8Array {
  const out = new ByteWriter();
  out.u8(type);
  out.string("fake");
  if (type === 2) out.u64(fingerprint);
  out.u8(1);
  out.u64(ref);
  out.uvarint(2);
  for (const text of ["__name__", "logs", "app", app]) out.string(text);
  return out.take();
}

function chunks(ref: bigint, list: readonly Chunk[]): Uint8Array {
  const out = new ByteWriter();
  out.u8(1);
  out.string("fake");
  out.u64(ref);
  out.uvarint(list.length);
  for (const { from, through, checksum } of list) {
    out.u64(from);
    out.u64(through);
    for (const word of [checksum, 1, 1]) out.u32(word);
  }
  return out.take();
}

function segment(...records: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  let offset = 0;
  for (const record of records) offset = frameRecord(out, offset, record);
  return out.take();
}

test("index files that were built are uploaded under their names and removed", async () => {
  const world = await given();
  assert.deepEqual(await streams(world), {});
  await world.folder.put(BUILT, world.index);
  await world.folder.put("uploader/name", new Uint8Array(3));
  await take(world);
  assert.deepEqual(await streams(world), { '{app="a"}': 1, '{app="b"}': 1 });
  const keys = (await Array.fromAsync(world.objects.list("index/"))).map(({ key }) => key);
  assert.deepEqual(keys, [`index/${TABLE}/1700000000-host-1700000000000000000.tsdb.gz`]);
  const left = (await Array.fromAsync(world.folder.list(""))).map(({ key }) => key);
  assert.deepEqual(left, ["uploader/name"]);
});

test("heads of both places and both kinds of series are read, each chunk once", async () => {
  const world = await given();
  const all = await chunksOf(world);
  const served = await new Served().start();
  await served.push({ app: "a" }, [[1, "one"]]);
  await served.flush();
  const ofA = (await chunksOf({ ...world, objects: served.objects }))[0]!.fingerprint;
  const a = all.filter(({ fingerprint }) => fingerprint === ofA);
  const b = all.filter(({ fingerprint }) => fingerprint !== ofA);
  await world.folder.put(
    "wal/s3_2020-01-01/1700000000/00000000",
    segment(series(2, 1n, "b", b[0]!.fingerprint), chunks(1n, b)),
  );
  // The log goes on in another segment, and a push that came again names its chunk again.
  await world.folder.put("wal/s3_2020-01-01/1700000000/00000001", segment(chunks(1n, b)));
  await world.folder.put("wal/1699990000/00000000", segment(series(0, 1n, "a", 0n), chunks(1n, a)));
  await take(world);
  assert.deepEqual(await streams(world), { '{app="a"}': 1, '{app="b"}': 1 });
  assert.deepEqual(await Array.fromAsync(world.folder.list("")), []);
});

test("a damaged file stays, a damaged record costs itself, and both are told", async () => {
  const world = await given();
  const all = await chunksOf(world);
  await world.folder.put(BUILT, world.index.slice(0, 90));
  await world.folder.put("multitenant/other_123/1-x-1.tsdb", world.index);
  const log = segment(
    series(2, 1n, "b", all[0]!.fingerprint),
    chunks(9n, all),
    chunks(1n, [all[0]!]),
  );
  await world.folder.put("wal/1699990000/00000000", log);
  await take(world);
  assert.deepEqual(Object.values(await streams(world)), [1]);
  const left = (await Array.fromAsync(world.folder.list(""))).map(({ key }) => key);
  assert.deepEqual(left, [BUILT, "multitenant/other_123/1-x-1.tsdb"]);
  assert.deepEqual(world.told, [
    "warn index file of an earlier Loki is left alone",
    "warn index file of an earlier Loki is left alone",
    "warn damage in a head's log",
    "info uploading tables",
    "info took over the index that an earlier Loki left",
  ]);
});

test("nothing is removed that could not be uploaded", async () => {
  const world = await given();
  const all = await chunksOf(world);
  await world.folder.put(
    "wal/1/00000000",
    segment(series(2, 1n, "b", all[0]!.fingerprint), chunks(1n, all)),
  );
  await world.folder.put(BUILT, world.index);
  world.objects.faults.add({ op: "put", path: "index/*" });
  await assert.rejects(take(world));
  assert.equal((await Array.fromAsync(world.folder.list(""))).length, 2);
  world.objects.faults.clear();
  await take(world);
  assert.deepEqual(await Array.fromAsync(world.folder.list("")), []);
});

test("an empty folder, or none, is nothing", async () => {
  const world = await given();
  await take(world);
  assert.deepEqual(world.told, []);
});
