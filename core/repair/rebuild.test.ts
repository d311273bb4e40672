/** Is the index that chunks give the one that was lost? Compared with recorded buckets, and by what queries answer. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import {
  bucketOver,
  copyOf,
  linesOf,
  smallBucket,
  WRITTEN_MS,
} from "../../fixtures/repair/small-bucket.ts";
import { portableCodecs } from "../compress/table.ts";
import { IndexReader } from "../index/reader.ts";
import { withTenant } from "../index/table.ts";
import { printLabels } from "../labels/labels.ts";
import { nsOf } from "../model/time.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { readChunkName } from "./chunk-name.ts";
import type { Finding } from "./finding.ts";
import { type RebuildOptions, rebuildIndex } from "./rebuild.ts";

const GOLDEN = join(import.meta.dirname, "../../../shared/golden/buckets");
const withoutGolden = existsSync(GOLDEN) ? false : `no golden data at ${GOLDEN}`;

async function rebuilt(store: ObjectStore, more: Partial<RebuildOptions> = {}) {
  const findings: Finding[] = [];
  const report = await rebuildIndex({
    store,
    codecs: portableCodecs,
    clock: new SimClock(nsOf(WRITTEN_MS)),
    indexPrefix: "index/",
    tablePrefix: "index_",
    replace: false,
    onFinding: (finding) => {
      findings.push(finding);
    },
    ...more,
  });
  return { report, findings };
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function withoutIndex(store: ObjectStore): Promise<void> {
  for (const key of await keysOf(store, "index/")) await store.delete(key);
}

/** Every line of every tenant, and all references of each table, as text. */
async function answersOf(store: ObjectStore) {
  const answers: Record<string, unknown> = {};
  for (const tenant of ["team-a", "team-b"])
    answers[tenant] = await linesOf(bucketOver(store), tenant);
  return answers;
}

async function refsOf(store: ObjectStore): Promise<string[]> {
  const refs = new Set<string>();
  for (const key of await keysOf(store, "index/")) {
    const [, table, tenant] = key.split("/");
    const stored = (await store.get(key))!;
    const reader = IndexReader.open(
      await portableCodecs.decompress(ENCODINGS.gzip, stored, { sizeMax: 1 << 24 }),
    );
    for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
      const own = tenant!.includes(".tsdb") ? labels : withTenant(labels, tenant!);
      for (const ref of chunks)
        refs.add(`${table} ${printLabels(own)} ${fingerprint} ${JSON.stringify(ref)}`);
    }
  }
  return [...refs].sort();
}

function golden(bucket: string): MemoryObjectStore {
  const store = new MemoryObjectStore();
  const root = join(GOLDEN, bucket);
  for (const item of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const path = join(item.parentPath, item.name);
    void store.put(relative(root, path), new Uint8Array(readFileSync(path)));
  }
  return store;
}

test("rebuildIndex() gives back the index that Loki wrote, entries and KiB of every chunk", {
  skip: withoutGolden,
}, async () => {
  const buckets = readdirSync(GOLDEN).filter((bucket) => bucket !== "multi-tenant-compacted");
  assert.equal(buckets.length, 18);
  for (const bucket of buckets) {
    const store = golden(bucket);
    const wanted = await refsOf(store);
    assert.ok(wanted.length >= 6);
    await withoutIndex(store);
    const { report, findings } = await rebuilt(store, { tablePrefix: "loki_index_" });
    assert.deepEqual([findings, report.complete, report.leftOut], [[], true, 0], bucket);
    assert.deepEqual(await refsOf(store), wanted, bucket);
  }
});

test("rebuildIndex() makes the very bytes that Loki's compactor made", {
  skip: withoutGolden,
}, async () => {
  const unpacked = async (store: ObjectStore, key: string) =>
    await portableCodecs.decompress(ENCODINGS.gzip, (await store.get(key))!, { sizeMax: 1 << 24 });
  const store = golden("multi-tenant-compacted");
  const theirs = new Map<string, Uint8Array>();
  for (const key of await keysOf(store, "index/")) {
    if (key.includes("-compactor-"))
      theirs.set(key.replace(/\d+-compactor/, "compactor"), await unpacked(store, key));
  }
  assert.equal(theirs.size, 8);
  await withoutIndex(store);
  await rebuilt(store, { tablePrefix: "loki_index_" });
  const ours = await keysOf(store, "index/");
  assert.deepEqual(
    ours.map((key) => key.replace(/\d+-compactor/, "compactor")),
    [...theirs.keys()],
  );
  for (const key of ours) {
    const wanted = theirs.get(key.replace(/\d+-compactor/, "compactor"))!;
    assert.deepEqual(await unpacked(store, key), wanted);
  }
});

test("rebuildIndex() finds the schema in the chunks: every form of key, both versions of the index", async () => {
  for (const schema of ["v11", "v12", "v13"] as const) {
    for (const form of ["filesystem", "plain"] as const) {
      const { objects } = await smallBucket({ schema, form });
      const wanted = [await answersOf(objects), await refsOf(objects)];
      await withoutIndex(objects);
      const { report } = await rebuilt(objects);
      assert.equal(report.written, 4, `${schema} ${form}`);
      assert.deepEqual(
        [await answersOf(objects), await refsOf(objects)],
        wanted,
        `${schema} ${form}`,
      );
      const [key] = await keysOf(objects, "index/");
      const bytes = await portableCodecs.decompress(ENCODINGS.gzip, (await objects.get(key!))!, {
        sizeMax: 1 << 24,
      });
      assert.equal(IndexReader.open(bytes).version, schema === "v13" ? 3 : 2);
    }
  }
});

test("rebuildIndex() reads a chunk that crosses midnight once", async () => {
  const { objects } = await smallBucket();
  await withoutIndex(objects);
  let reads = 0;
  const get = objects.get.bind(objects);
  objects.get = (key, options) => {
    reads++;
    return get(key, options);
  };
  await rebuilt(objects);
  assert.equal(reads, 5);
});

test("rebuildIndex() leaves alone what has an index, and writes only what has none", async () => {
  const { objects } = await smallBucket();
  const wanted = await answersOf(objects);
  const [first, second] = await keysOf(objects, "index/");
  await objects.delete(second!);
  const { report } = await rebuilt(objects);
  assert.deepEqual([report.written, report.kept, report.removed], [2, 2, 0]);
  assert.ok((await keysOf(objects, "index/")).includes(first!));
  assert.deepEqual(await answersOf(objects), wanted);
  const again = await rebuilt(objects);
  assert.deepEqual([again.report.written, again.report.kept], [0, 4]);
});

test("rebuildIndex() leaves out what it cannot read, and names what queries can read in part", async () => {
  const { objects, chunks } = await smallBucket({ encoding: "none" });
  const before = (await linesOf(bucketOver(objects), "team-a")).lines;
  await objects.put(chunks[0]!, (await objects.get(chunks[0]!))!.subarray(0, -30));
  const bytes = (await objects.get(chunks[1]!))!;
  bytes[new TextDecoder("latin1").decode(bytes).indexOf(" n=12 ") + 3]! ^= 1;
  await objects.put(chunks[1]!, bytes);
  await withoutIndex(objects);
  const { report, findings } = await rebuilt(objects);
  assert.equal(report.leftOut, 1);
  assert.deepEqual(
    findings.map(({ key }) => key),
    [chunks[0], chunks[1]],
  );
  assert.match(findings[0]!.what, /^left out: /);
  const { lines, warnings } = await linesOf(bucketOver(objects), "team-a");
  assert.ok(lines.length > 50 && lines.length < before.length, `${lines.length} lines`);
  assert.ok(lines.every((line) => before.includes(line)));
  assert.equal(warnings.length, 1);
  assert.ok(warnings[0]!.includes(chunks[1]!));
});

test("rebuildIndex() that replaces answers the same wherever it is killed, and when it is run again", async () => {
  const { objects } = await smallBucket();
  const wanted = await answersOf(objects);
  const refs = await refsOf(objects);
  let kills = 0;
  for (let nth = 1; ; nth++) {
    const store = await copyOf(objects);
    store.faults.add({ op: "put", nth });
    store.faults.add({ op: "delete", nth: nth - 4 });
    const killed = await rebuilt(store, { replace: true }).then(
      () => false,
      () => true,
    );
    store.faults.clear();
    assert.deepEqual(await answersOf(store), wanted, `killed at ${nth}`);
    if (!killed) break;
    kills++;
    await rebuilt(store, { replace: true });
    assert.deepEqual(await answersOf(store), wanted, `again after ${nth}`);
    const keys = await keysOf(store, "index/");
    assert.equal(keys.length, 4);
    assert.deepEqual(await refsOf(store), refs);
  }
  assert.equal(kills, 6);
});

test("rebuildIndex() names no chunk that it is told to leave out", async () => {
  const { objects, chunks } = await smallBucket();
  await withoutIndex(objects);
  const without = async function* () {
    for (const key of chunks.filter((each) => each.startsWith("team-b/")))
      yield readChunkName(key)!.name;
  };
  const { report } = await rebuilt(objects, { without: without() });
  assert.deepEqual([report.chunks, report.written], [3, 2]);
  assert.deepEqual((await linesOf(bucketOver(objects), "team-b")).lines, []);
});

test("rebuildIndex() goes on after what is done", async () => {
  const { objects } = await smallBucket();
  await withoutIndex(objects);
  const controller = new AbortController();
  let done: readonly string[] = [];
  const first = await rebuilt(objects, {
    signal: controller.signal,
    onDone: (names) => {
      done = names;
      if (names.length === 2) controller.abort();
    },
  });
  assert.deepEqual([first.report.complete, first.report.written, done.length], [false, 2, 2]);
  const second = await rebuilt(objects, { done, replace: true });
  assert.deepEqual([second.report.complete, second.report.written], [true, 2]);
});

test("rebuildIndex() takes names with absurd times for damage", async () => {
  const { objects } = await smallBucket();
  await objects.put("team-a/77/0:fffffffffffff:1", new Uint8Array(10));
  const { findings } = await rebuilt(objects);
  assert.deepEqual(
    findings.map(({ kind, key }) => [kind, key]),
    [["damaged", "team-a/77/0:fffffffffffff:1"]],
  );
});
