import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes/text.ts";
import { Bug, Unavailable } from "../model/errors.ts";
import { SimDisk } from "../sim/disk.ts";
import { Faults } from "../sim/faults.ts";
import { latestCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { CheckpointSeries } from "./checkpoint-record.ts";
import { PAGE_SIZE } from "./layout.ts";
import { replay } from "./reader.ts";

function series(index: number, size = 100): CheckpointSeries {
  const chunk = { from: 1n, to: 2n, flushedAt: undefined, lastUpdated: 3n };
  const data = new Uint8Array(size).fill(index);
  return {
    kind: "checkpoint",
    tenant: "fake",
    fingerprint: BigInt(index + 1),
    labels: [["app", `app${index}`]],
    chunks: [{ ...chunk, closed: false, synced: false, data, head: new Uint8Array([4]) }],
    to: 2n,
    lastLine: utf8("last"),
    entryCt: BigInt(index),
    highestTs: 2n,
  };
}

async function read(disk: SimDisk) {
  const records: unknown[] = [];
  const report = await replay(disk, (record) => void records.push(record));
  return { records, report };
}

test("a checkpoint comes back, over as many segments as it takes", async () => {
  const disk = new SimDisk();
  const all = Array.from({ length: 20 }, (_, index) => series(index, 10_000));
  assert.equal(
    await writeCheckpoint(disk, 3, all, { segmentSize: 2 * PAGE_SIZE }),
    "checkpoint.000003",
  );
  assert.deepEqual(await disk.list(""), ["checkpoint.000003"]);
  assert.ok((await disk.list("checkpoint.000003")).length >= 4);
  disk.crash("power");
  const { records, report } = await read(disk);
  assert.deepEqual(records, all);
  assert.deepEqual(report.damage, []);
});

test("a checkpoint larger than the buffer is written in pieces", async () => {
  const disk = new SimDisk();
  const all = Array.from({ length: 8 }, (_, index) => series(index, 400_000));
  await writeCheckpoint(
    disk,
    0,
    (async function* () {
      yield* all;
    })(),
  );
  assert.deepEqual((await read(disk)).records, all);
});

test("a checkpoint without streams stands, and says that nothing is left", async () => {
  const disk = new SimDisk();
  await writeCheckpoint(disk, 7, []);
  assert.deepEqual(await latestCheckpoint(disk), { name: "checkpoint.000007", index: 7 });
  assert.deepEqual((await read(disk)).records, []);
});

test("the finished checkpoint of the highest index is the latest", async () => {
  const disk = new SimDisk();
  assert.equal(await latestCheckpoint(disk), undefined);
  for (const name of ["checkpoint.000002", "checkpoint.000010", "checkpoint.000011.tmp", "other"]) {
    await disk.append(`${name}/00000000`);
  }
  assert.deepEqual(await latestCheckpoint(disk), { name: "checkpoint.000010", index: 10 });
});

test("a checkpoint that fails or is aborted leaves nothing", async () => {
  for (const op of ["append", "write", "sync", "rename"]) {
    const disk = new SimDisk({ faults: new Faults([{ op, nth: 1 }]) });
    await assert.rejects(writeCheckpoint(disk, 1, [series(1)]), Unavailable, op);
    assert.deepEqual(await disk.list(""), [], op);
  }
  const disk = new SimDisk();
  const controller = new AbortController();
  function* some() {
    yield series(1);
    controller.abort(new Error("shutting down"));
    yield series(2);
  }
  await assert.rejects(
    writeCheckpoint(disk, 1, some(), { signal: controller.signal }),
    /shutting down/,
  );
  assert.deepEqual(await disk.list(""), []);
});

test("a checkpoint is never written over another", async () => {
  const disk = new SimDisk();
  await writeCheckpoint(disk, 1, [series(1)]);
  await assert.rejects(writeCheckpoint(disk, 1, [series(2)]), Bug);
  assert.equal((await read(disk)).records.length, 1);
});
