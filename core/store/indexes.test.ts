/** Tables that change under a query: a compactor puts one file in the place of others, at any moment. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import { portableCodecs } from "../compress/table.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { newScanStats } from "../model/stats.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "./bucket.ts";

/** A store that does something before an index file is read. */
class ChangingStore extends MemoryObjectStore {
  before: (key: string) => Promise<void> = async () => {};

  override async get(key: string): Promise<Uint8Array | undefined> {
    if (key.startsWith("index/")) await this.before(key);
    return await super.get(key);
  }
}

/** Three streams, each in an index file of its own. */
async function given(): Promise<{ objects: ChangingStore; keys: string[] }> {
  const served = await new Served().start();
  for (const app of ["a", "b", "c"]) {
    await served.push({ app }, [[1, app]]);
    await served.flush();
  }
  const objects = new ChangingStore();
  for await (const { key } of served.objects.list("index/")) {
    await objects.put(key, (await served.objects.get(key))!);
  }
  return { objects, keys: (await Array.fromAsync(objects.list(""))).map(({ key }) => key) };
}

async function ask(objects: ChangingStore): Promise<{ chunks: number; warnings: string[] }> {
  const bucket = new Bucket({
    ...{ objects, codecs: portableCodecs, clock: new SimClock(START), journal: SILENT },
    ...{ limits: { of: () => DEFAULT_LIMITS }, form: "plain", indexPrefix: "index/" },
    uploader: "u",
  });
  const stats = newScanStats();
  const times = { from: START - 10n ** 15n, through: START + 10n ** 15n };
  const found = await bucket.source.streams({
    ...{ tenant: SINGLE_TENANT, matchers: [], ...times, stats },
  });
  const chunks = found.reduce((sum, { spans }) => sum + spans.length, 0);
  return { chunks, warnings: stats.warnings };
}

/** As a compactor does it: the new name first, then the old ones go. */
async function rename(objects: ChangingStore, key: string): Promise<void> {
  const bytes = await MemoryObjectStore.prototype.get.call(objects, key);
  if (bytes === undefined) return;
  await objects.put(key.replace(/(-x)?\.tsdb/, "-x.tsdb"), bytes);
  await objects.delete(key);
}

test("files that are replaced while they are looked at are found under their new names", async () => {
  for (let victim = 0; victim < 3; victim++) {
    const { objects, keys } = await given();
    let done = false;
    objects.before = async () => {
      if (!done) await rename(objects, keys[victim]!);
      done = true;
    };
    assert.deepEqual(await ask(objects), { chunks: 3, warnings: [] });
  }
});

test("a chunk that two files name is one, when the new file stands and the old ones do not go", async () => {
  const { objects, keys } = await given();
  const copy = keys[0]!.replace(".tsdb", "-x.tsdb");
  await objects.put(copy, (await objects.get(keys[0]!))!);
  assert.deepEqual(await ask(objects), { chunks: 3, warnings: [] });
});

test("a table that never holds still is told of, and the rest is there", async () => {
  const { objects, keys } = await given();
  // Listings name it, reading does not find it: a store that is not one with itself.
  objects.get = async (key) =>
    key === keys[1] ? undefined : await MemoryObjectStore.prototype.get.call(objects, key);
  const { chunks, warnings } = await ask(objects);
  assert.equal(chunks, 2);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^index table index_\d+ kept changing: 4 listings/);
});

test("a file that is removed for good takes only its own chunks along", async () => {
  const { objects, keys } = await given();
  objects.before = async (key) => {
    if (key === keys[0]) await objects.delete(keys[2]!);
  };
  const { chunks, warnings } = await ask(objects);
  assert.deepEqual([chunks, warnings], [2, []]);
});
