/** The home in the bucket: the contract, faults, two writers, damage. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes/text.ts";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";
import { deleteRequestsContract } from "../ports/delete-requests.contract.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import { type Journal, SILENT } from "../ports/journal.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { BucketDeleteRequests } from "./bucket-home.ts";

const TENANT = "t" as Tenant;
const RECEIPT: DeleteReceipt = {
  ...{ processedMs: 5, linesMatched: 1, linesRemoved: 1, chunksRemoved: 0, chunksRewritten: 1 },
};

function homeOn(objects: MemoryObjectStore, journal: Journal = SILENT): BucketDeleteRequests {
  return new BucketDeleteRequests({ objects, clock: new SimClock(), journal });
}

function wish(id: string, parts = 2): DeleteRequest[] {
  return Array.from({ length: parts }, (_, part) => ({
    ...{ tenant: TENANT, id, part, query: '{a="b"}', startMs: part * 10, endMs: part * 10 + 9 },
    ...{ createdMs: 1, status: "received" },
  }));
}

deleteRequestsContract("bucket", async () => {
  const objects = new MemoryObjectStore();
  return { home: homeOn(objects), again: async () => homeOn(objects) };
});

test("two homes on one bucket see each other's changes, and one of two cancels wins", async () => {
  const objects = new MemoryObjectStore();
  const [one, two] = [homeOn(objects), homeOn(objects)];
  await one.add(wish("a"));
  assert.deepEqual(await two.list(), wish("a"));
  await two.process(TENANT, "a", 0, RECEIPT);
  const won = await Promise.all([one.cancel(TENANT, "a"), two.cancel(TENANT, "a")]);
  assert.deepEqual(won.filter(Boolean), [true]);
  for (const home of [one, two]) {
    assert.deepEqual(
      (await home.list()).map(({ part, status }) => [part, status]),
      [[0, "processed"]],
    );
  }
  // Their clocks stand still at one moment: generations differ all the same.
  assert.equal(await one.generation(TENANT), await two.generation(TENANT));
});

test("a put that fails, before or after the bytes are there, leaves all of a change or nothing", async () => {
  const changes: readonly ((home: DeleteRequests) => Promise<unknown>)[] = [
    (home) => home.add(wish("b")),
    (home) => home.process(TENANT, "a", 1, RECEIPT),
    (home) => home.cancel(TENANT, "a"),
  ];
  for (const change of changes) {
    const states: string[] = [];
    for (const fault of [undefined, { op: "put" }, { op: "put", part: 1 }]) {
      const objects = new MemoryObjectStore();
      const home = homeOn(objects);
      await home.add(wish("a"));
      const before = JSON.stringify(await home.list());
      if (fault !== undefined) objects.faults.add(fault);
      const done = change(home);
      await (fault === undefined ? done : assert.rejects(done, { name: "Unavailable" }));
      objects.faults.clear();
      const after = JSON.stringify(await homeOn(objects).list());
      assert.equal(JSON.stringify(await home.list()), after);
      if (fault?.part !== 1 && fault !== undefined) assert.equal(after, before);
      else states.push(after);
    }
    assert.equal(states[0], states[1]);
  }
});

test("what is damaged is told once and costs its own wish only", async () => {
  const objects = new MemoryObjectStore();
  const told: unknown[] = [];
  const home = homeOn(objects, { log: (_level, _message, fields) => told.push(fields?.["key"]) });
  await home.add(wish("a"));
  await home.add(wish("b"));
  await home.process(TENANT, "b", 0, RECEIPT);
  await objects.put("lokits/deletes/t/a/request.json", utf8('{"at":"1","query":"{}"'));
  await objects.put("lokits/deletes/t/b/done-1.json", utf8("{}"));
  await objects.put("lokits/deletes/t/README", utf8("not ours"));
  const later = homeOn(objects, { log: (_level, _message, fields) => told.push(fields?.["key"]) });
  const list = await later.list();
  // A damaged receipt says still that the part is done.
  assert.deepEqual(
    list.map(({ id, part, status, receipt }) => [id, part, status, receipt?.linesMatched]),
    [
      ["b", 0, "processed", 1],
      ["b", 1, "processed", undefined],
    ],
  );
  await later.list();
  assert.deepEqual(told, ["lokits/deletes/t/a/request.json", "lokits/deletes/t/b/done-1.json"]);
});
