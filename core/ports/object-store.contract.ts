/** What every object store promises. An adapter's test calls this and adds only what is its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListOptions, ObjectStore } from "./object-store.ts";

/** Registers the tests. `make` gives an empty store, each time a new one. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStore>): void {
  const bytes = (text: string) => new TextEncoder().encode(text);

  /** A store that holds these keys, each with its own name as its bytes. */
  async function given(...keys: string[]): Promise<ObjectStore> {
    const store = await make();
    for (const key of keys) await store.put(key, bytes(key));
    return store;
  }

  async function text(store: ObjectStore, key: string, offset?: number, size?: number) {
    const range = offset === undefined || size === undefined ? {} : { range: { offset, size } };
    const found = await store.get(key, range);
    return found === undefined ? undefined : new TextDecoder().decode(found);
  }

  async function keys(store: ObjectStore, prefix: string, options?: ListOptions) {
    const found: string[] = [];
    for await (const { key } of store.list(prefix, options)) found.push(key);
    return found;
  }

  test(`${name}: get() gives what put() wrote, and undefined for what is not there`, async () => {
    const store = await given("a/b/c", "d");
    assert.equal(await text(store, "a/b/c"), "a/b/c");
    assert.equal(await text(store, "d"), "d");
    assert.equal(await text(store, "a/b"), undefined);
    assert.equal(await text(store, "a/b/c/d"), undefined);
    assert.equal(await text(store, "nothing"), undefined);
  });

  test(`${name}: put() replaces an object, by a shorter and by an empty one`, async () => {
    const store = await given("key");
    for (const value of ["longer than before", "short", ""]) {
      assert.equal(await store.put("key", bytes(value)), true);
      assert.equal(await text(store, "key"), value);
    }
  });

  test(`${name}: put() with ifAbsent leaves an object alone`, async () => {
    const store = await given();
    assert.equal(await store.put("a/key", bytes("first"), { ifAbsent: true }), true);
    assert.equal(await store.put("a/key", bytes("second"), { ifAbsent: true }), false);
    assert.equal(await text(store, "a/key"), "first");
    assert.deepEqual(await keys(store, ""), ["a/key"]);
  });

  test(`${name}: of puts with ifAbsent at once one wins`, async () => {
    const store = await given();
    const names = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
    const won = await Promise.all(
      names.map((value) => store.put("lock", bytes(value), { ifAbsent: true })),
    );
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal(await text(store, "lock"), names[won.indexOf(true)]);
  });

  test(`${name}: the bytes given and got are not shared with the store`, async () => {
    const store = await given();
    const written = bytes("before");
    await store.put("key", written);
    written.fill(0);
    (await store.get("key"))?.fill(0);
    assert.equal(await text(store, "key"), "before");
  });

  test(`${name}: get() of a range gives what there is of it`, async () => {
    const store = await given("0123456789");
    assert.equal(await text(store, "0123456789", 2, 3), "234");
    assert.equal(await text(store, "0123456789", 8, 100), "89");
    assert.equal(await text(store, "0123456789", 0, 0), "");
    assert.equal(await text(store, "0123456789", 10, 5), "");
    assert.equal(await text(store, "0123456789", 50, 5), "");
    assert.equal(await text(store, "other", 0, 5), undefined);
  });

  test(`${name}: keys may hold what Loki's keys hold`, async () => {
    const key = "fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54";
    const odd = "it's (a) tenant!/ü b+c=d&e%20f#g?h";
    const store = await given(key, odd);
    assert.deepEqual(await keys(store, ""), [key, odd]);
    assert.equal(await text(store, odd), odd);
  });

  test(`${name}: list() gives the keys that start with a prefix, in byte order`, async () => {
    // "/" sorts after "." and before "0": folders and files of like names take turns.
    const sorted = ["a", "a-b", "a.b", "a/b", "a/b.c", "a/b/c", "a0", "b/a", "é", "😀"].filter(
      (key) => key !== "a" && key !== "a/b",
    );
    const store = await given(...sorted.toReversed());
    assert.deepEqual(await keys(store, ""), sorted);
    assert.deepEqual(await keys(store, "a"), ["a-b", "a.b", "a/b.c", "a/b/c", "a0"]);
    assert.deepEqual(await keys(store, "a/"), ["a/b.c", "a/b/c"]);
    assert.deepEqual(await keys(store, "a/b"), ["a/b.c", "a/b/c"]);
    assert.deepEqual(await keys(store, "a/b/c"), ["a/b/c"]);
    assert.deepEqual(await keys(store, "a/b/c/d"), []);
    assert.deepEqual(await keys(store, "nothing/here/"), []);
  });

  test(`${name}: list() goes on after a key, whether it is there or not`, async () => {
    const all = ["a/1", "a/2", "a/3/x", "a/3/y", "b/1"];
    const store = await given(...all);
    for (const startAfter of ["", ...all, "a", "a/", "a/2x", "a/3", "a/3/", "a/3/xx", "z"]) {
      const expected = all.filter((key) => key > startAfter);
      assert.deepEqual(await keys(store, "", { startAfter }), expected, `after ${startAfter}`);
    }
  });

  test(`${name}: list() gives all of many objects, with their sizes`, async () => {
    const store = await given();
    const names = Array.from({ length: 200 }, (_, index) => `f/${String(index).padStart(3, "0")}`);
    await Promise.all(names.map((key, size) => store.put(key, new Uint8Array(size))));
    const found: [string, number][] = [];
    for await (const { key, size } of store.list("f/")) found.push([key, size]);
    assert.deepEqual(
      found,
      names.map((key, size) => [key, size]),
    );
  });

  test(`${name}: folders() tells folders from objects`, async () => {
    const store = await given("index/t_1/a", "index/t_1/fake/b", "index/t_2/c", "index/d", "other");
    const below = async (prefix: string) => {
      const { folders, objects } = await store.folders(prefix);
      return { folders, objects: objects.map(({ key, size }) => `${key} ${size}`) };
    };
    assert.deepEqual(await below(""), { folders: ["index"], objects: ["other 5"] });
    assert.deepEqual(await below("index/"), { folders: ["t_1", "t_2"], objects: ["index/d 7"] });
    assert.deepEqual(await below("index/t_1/"), {
      folders: ["fake"],
      objects: ["index/t_1/a 11"],
    });
    assert.deepEqual(await below("nothing/"), { folders: [], objects: [] });
  });

  test(`${name}: delete() removes an object and nothing else, and forgives an absent one`, async () => {
    const store = await given("a/b/c", "a/b/d", "a/e");
    await store.delete("a/b/c");
    await store.delete("a/b/c");
    await store.delete("x/y");
    assert.equal(await text(store, "a/b/c"), undefined);
    assert.deepEqual(await keys(store, ""), ["a/b/d", "a/e"]);
    await store.delete("a/b/d");
    assert.deepEqual((await store.folders("a/")).folders, []);
    await store.put("a/b", bytes("an object where a folder was"));
    assert.deepEqual(await keys(store, ""), ["a/b", "a/e"]);
  });

  test(`${name}: puts and deletes at once in one folder all take effect`, async () => {
    const store = await given();
    const names = Array.from({ length: 30 }, (_, index) => `deep/er/${index % 3}/key${index}`);
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(
        names.map(async (key) => {
          await store.put(key, bytes(key));
          await store.delete(key);
        }),
      );
      assert.deepEqual(await keys(store, ""), []);
    }
  });

  test(`${name}: an aborted signal ends an operation before it starts`, async () => {
    const store = await given("key");
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(store.get("key", { signal }), /enough/);
    await assert.rejects(store.put("key", bytes("x"), { signal }), /enough/);
    assert.equal(await text(store, "key"), "key");
  });
}
