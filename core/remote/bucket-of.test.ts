import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectInfo } from "../ports/object-store.ts";
import { bucketOf, merge } from "./bucket-of.ts";

test("bucketOf() goes by FNV-1a of 32 bits", () => {
  // Of the reference vectors of FNV: "" 811c9dc5, "a" e40c292c, "foobar" bf9cf968.
  const buckets = Array.from({ length: 1000 }, (_, index) => String(index));
  assert.equal(bucketOf("", buckets), String(0x811c9dc5 % 1000));
  assert.equal(bucketOf("a", buckets), String(0xe40c292c % 1000));
  assert.equal(bucketOf("foobar", buckets), String(0xbf9cf968 % 1000));
  assert.equal(bucketOf("foobar", ["only"]), "only");
});

test("merge() makes listings one, in byte order", async () => {
  async function* list(...keys: string[]): AsyncGenerator<ObjectInfo> {
    for (const key of keys) yield { key, size: 1 };
  }
  const keys = async (...lists: AsyncGenerator<ObjectInfo>[]) =>
    (await Array.fromAsync(merge(lists))).map(({ key }) => key);
  assert.deepEqual(await keys(list("a", "d", "é"), list(), list("b", "c", "😀"), list("e")), [
    "a",
    "b",
    "c",
    "d",
    "e",
    "é",
    "😀",
  ]);
  assert.deepEqual(await keys(list(), list()), []);
});
