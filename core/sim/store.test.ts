import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../model/errors.ts";
import { objectStoreContract } from "../ports/object-store.contract.ts";
import { Faults } from "./faults.ts";
import { MemoryObjectStore } from "./store.ts";

objectStoreContract("memory", async () => new MemoryObjectStore());

const BYTES = new Uint8Array([1]);

test("a fault strikes the nth operation of its kind on keys that match", async () => {
  const faults = new Faults([{ op: "put", path: "index/*", nth: 2, error: "SlowDown" }]);
  const store = new MemoryObjectStore({ faults });
  await store.put("index/a", BYTES);
  await store.put("fake/a", BYTES);
  await assert.rejects(store.put("index/b", BYTES), {
    name: "Unavailable",
    message: "SlowDown: put index/b",
  });
  await store.put("index/b", BYTES);
  faults.add({ op: "get" });
  await assert.rejects(store.get("index/b"), Unavailable);
  await assert.rejects(store.get("index/b"), Unavailable);
  faults.clear();
  assert.deepEqual(await store.get("index/b"), BYTES);
});

test("a put whose answer is lost has written", async () => {
  const store = new MemoryObjectStore({ faults: new Faults([{ op: "put", part: 1 }]) });
  await assert.rejects(store.put("key", BYTES), Unavailable);
  assert.deepEqual(await store.get("key"), BYTES);
});

test("objects know their time when the store has a clock", async () => {
  const store = new MemoryObjectStore({ nowMs: () => 42 });
  await store.put("key", BYTES);
  assert.deepEqual(await Array.fromAsync(store.list("")), [
    { key: "key", size: 1, modifiedMs: 42 },
  ]);
});

test("a fault that stops fails every operation until the restart", async () => {
  const faults = new Faults([{ op: "*", nth: 2, stop: true }]);
  const store = new MemoryObjectStore({ faults });
  await store.put("a", BYTES);
  await assert.rejects(store.delete("a"), Unavailable);
  await assert.rejects(store.get("a"), Unavailable);
  store.restart();
  assert.deepEqual(await store.get("a"), BYTES);
});
