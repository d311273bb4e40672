import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bug, Unavailable } from "../../core/model/errors.ts";
import { objectStoreContract } from "../../core/ports/object-store.contract.ts";
import { DiskObjectStore } from "./object-store.ts";

const folder = () => mkdtemp(join(tmpdir(), "lokits-store-"));

objectStoreContract("disk", async () => new DiskObjectStore(await folder()));

const BYTES = new Uint8Array([1, 2, 3]);

test("a store in a folder that is not there is empty, and made by the first put", async () => {
  const store = new DiskObjectStore(join(await folder(), "not", "yet"));
  assert.deepEqual(await store.folders(""), { folders: [], objects: [] });
  await store.put("a", BYTES);
  assert.deepEqual(await store.get("a"), BYTES);
});

test("keys that lead out of the store are refused by every method", async () => {
  const store = new DiskObjectStore(await folder());
  for (const key of ["../a", "a/../../b", "/etc/passwd", "a//b", "a/", "", ".", "a/./b", "a\0b"]) {
    await assert.rejects(store.get(key), Bug, `get ${key}`);
    await assert.rejects(store.put(key, BYTES), Bug, `put ${key}`);
    await assert.rejects(store.delete(key), Bug, `delete ${key}`);
  }
  await assert.rejects(store.folders("../"), Bug);
  await assert.rejects(store.list("../").next(), Bug);
});

test("put() leaves no other file behind, whether it wrote or not", async () => {
  const root = await folder();
  const store = new DiskObjectStore(root);
  await store.put("a/key", BYTES);
  await store.put("a/key", BYTES);
  await store.put("a/key", BYTES, { ifAbsent: true });
  assert.deepEqual(await readdir(join(root, "a")), ["key"]);
  await store.put("a/key2/x", BYTES);
  await assert.rejects(store.put("a/key2", BYTES), Unavailable);
  assert.deepEqual((await readdir(join(root, "a"))).sort(), ["key", "key2"]);
});

test("put() below an object is Unavailable and names the path", async () => {
  const root = await folder();
  const store = new DiskObjectStore(root);
  await store.put("a", BYTES);
  await assert.rejects(store.put("a/b", BYTES), (error: unknown) => {
    assert.ok(error instanceof Unavailable);
    assert.match(error.message, new RegExp(join(root, "a/b")));
    return true;
  });
});

test("listings leave partial writes out, and remove those of a crash long ago", async () => {
  const root = await folder();
  const store = new DiskObjectStore(root);
  await mkdir(join(root, "a"));
  await writeFile(join(root, "a", ".new.partial"), "x");
  await writeFile(join(root, "a", ".old.partial"), "x");
  const longAgo = new Date(Date.now() - 2 * 3600 * 1000);
  await utimes(join(root, "a", ".old.partial"), longAgo, longAgo);
  assert.deepEqual(await Array.fromAsync(store.list("")), []);
  assert.deepEqual(await store.folders("a/"), { folders: [], objects: [] });
  assert.deepEqual(await readdir(join(root, "a")), [".new.partial"]);
});

test("delete() removes folders that it leaves empty, never the root", async () => {
  const root = await folder();
  const store = new DiskObjectStore(root);
  await store.put("a/b/c/d", BYTES);
  await store.put("a/e", BYTES);
  await store.delete("a/b/c/d");
  assert.deepEqual(await readdir(join(root, "a")), ["e"]);
  await store.delete("a/e");
  assert.deepEqual(await readdir(root), []);
});
