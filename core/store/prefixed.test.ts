import assert from "node:assert/strict";
import { test } from "node:test";
import { objectStoreContract } from "../ports/object-store.contract.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { PrefixedStore } from "./prefixed.ts";

objectStoreContract("prefixed", async () => {
  const whole = new MemoryObjectStore();
  for (const key of ["a/", "logs/b", "logs/prod", "logs/prod0", "z"]) {
    await whole.put(key, new Uint8Array(1));
  }
  return new PrefixedStore(whole, "logs/prod/");
});

test("PrefixedStore keeps its objects below the prefix", async () => {
  const whole = new MemoryObjectStore();
  await new PrefixedStore(whole, "logs/prod/").put("fake/a", new Uint8Array(2));
  assert.deepEqual(await Array.fromAsync(whole.list("")), [{ key: "logs/prod/fake/a", size: 2 }]);
});
