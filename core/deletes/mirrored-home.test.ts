/** The home on disk with its copy in the bucket: the contract, lost disks, other nodes, kills between two calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";
import { deleteRequestsContract } from "../ports/delete-requests.contract.ts";
import { SILENT } from "../ports/journal.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { BucketDeleteRequests } from "./bucket-home.ts";
import { MirroredDeleteRequests } from "./mirrored-home.ts";

const T = "t" as Tenant;
const RECEIPT: DeleteReceipt = {
  ...{ processedMs: 5, linesMatched: 1, linesRemoved: 1, chunksRemoved: 0, chunksRewritten: 1 },
};

function wish(id: string): DeleteRequest[] {
  return [0, 1].map((part) => ({
    ...{ tenant: T, id, part, query: '{a="b"}', startMs: part * 10, endMs: part * 10 + 9 },
    ...{ createdMs: Number(id), status: "received" },
  }));
}

/** A node: its disk and the bucket. A second home in memory stands for SQLite, which only Bun has. */
function nodeOn(objects: MemoryObjectStore, disk = new MemoryObjectStore()) {
  const clock = new SimClock();
  const bucket = new BucketDeleteRequests({ objects, clock, journal: SILENT });
  const local = new BucketDeleteRequests({ objects: disk, clock, journal: SILENT });
  const home = new MirroredDeleteRequests({ local, bucket, clock, journal: SILENT });
  return { home, local, clock };
}

deleteRequestsContract("mirrored", async () => {
  const [objects, disk] = [new MemoryObjectStore(), new MemoryObjectStore()];
  return { home: nodeOn(objects, disk).home, again: async () => nodeOn(objects, disk).home };
});

test("a lost disk is filled again from the bucket", async () => {
  const objects = new MemoryObjectStore();
  const { home } = nodeOn(objects);
  for (const id of ["1", "2", "3"]) await home.add(wish(id));
  await home.process(T, "1", 1, RECEIPT);
  await home.cancel(T, "2");
  await home.process(T, "3", 0, RECEIPT);
  await home.cancel(T, "3");
  const { home: later, local } = nodeOn(objects);
  assert.deepEqual(await later.list(), await home.list());
  assert.deepEqual(await local.list(), await home.list());
});

test("what another node did is here after a while", async () => {
  const objects = new MemoryObjectStore();
  const [one, two] = [nodeOn(objects), nodeOn(objects)];
  await one.home.add(wish("1"));
  await one.home.add(wish("2"));
  assert.equal((await two.home.list()).length, 4);
  await two.home.cancel(T, "1");
  await two.home.process(T, "2", 0, RECEIPT);
  assert.equal((await one.home.list()).length, 4);
  await one.clock.advance(30_000);
  assert.deepEqual(await one.home.list(), await two.home.list());
});

test("reads go on while the bucket does not answer; changes and the first look do not", async () => {
  const objects = new MemoryObjectStore();
  const { home, clock } = nodeOn(objects);
  await home.add(wish("1"));
  objects.faults.add({ op: "list" });
  objects.faults.add({ op: "put" });
  await clock.advance(60_000);
  assert.deepEqual(await home.list(), wish("1"));
  await assert.rejects(home.add(wish("2")), { name: "Unavailable" });
  assert.deepEqual(await home.list(), wish("1"));
  await assert.rejects(nodeOn(objects).home.list(), { name: "Unavailable" });
});

test("killed before any write of a change, here or in the bucket, a restart has all of it or nothing", async () => {
  for (const where of ["bucket", "disk"]) {
    const [objects, disk] = [new MemoryObjectStore(), new MemoryObjectStore()];
    const { home } = nodeOn(objects, disk);
    await home.add(wish("1"));
    await home.add(wish("2"));
    (where === "bucket" ? objects : disk).faults.add({ op: "put" });
    const changes = [
      home.add(wish("3")),
      home.process(T, "1", 0, RECEIPT),
      home.cancel(T, "2"),
    ].map((change) =>
      change.then(
        () => true,
        () => false,
      ),
    );
    const told = await Promise.all(changes);
    assert.deepEqual(told, where === "bucket" ? [false, false, false] : [true, true, true]);
    for (const store of [objects, disk]) store.faults.clear();
    const want = where === "bucket" ? "1 1 2 2" : "1 1 3 3";
    for (const node of [nodeOn(objects, disk), nodeOn(objects)]) {
      const list = await node.home.list();
      assert.equal(list.map(({ id }) => id).join(" "), want);
      assert.equal(list[0]!.status, where === "bucket" ? "received" : "processed");
    }
  }
});

test("what the bucket does not have is forgotten: the disk may be another bucket's", async () => {
  const disk = new MemoryObjectStore();
  await nodeOn(new MemoryObjectStore(), disk).home.add(wish("1"));
  assert.deepEqual(await nodeOn(new MemoryObjectStore(), disk).home.list(), []);
});
