/** Does a bucket without its configuration say which schema it has? */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketOver, copyOf, DAY, smallBucket } from "../../fixtures/repair/small-bucket.ts";
import { DAY_MS } from "../model/schema.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { discoverSchema, NEW_SCHEMA } from "./discover.ts";

async function given(objects: ObjectStore, form: "filesystem" | "plain" = "plain") {
  const schema = await discoverSchema(bucketOver(objects, { form }));
  return schema.map(({ fromMs, schema, indexPrefix }) => [fromMs / DAY_MS, schema, indexPrefix]);
}

test("discoverSchema() tells v11, v12 and v13 apart in either form of the keys", async () => {
  for (const schema of ["v11", "v12", "v13"] as const) {
    for (const form of ["filesystem", "plain"] as const) {
      const { objects } = await smallBucket({ schema, form });
      assert.deepEqual(await given(objects, form), [[0, schema, "index_"]], `${schema} ${form}`);
    }
  }
});

test("discoverSchema() finds where the schema or the prefix changes", async () => {
  const old = await copyOf((await smallBucket({ schema: "v12" })).objects);
  const later = (await smallBucket({ schema: "v13" })).objects;
  for await (const { key } of old.list(`index/index_${DAY + 1}/`)) await old.delete(key);
  // Ten more days of the old form, then ten of the new one.
  const copies = async (from: ObjectStore, table: string, to: string) => {
    for await (const { key } of from.list(`index/${table}/`))
      await old.put(key.replace(table, to), (await from.get(key))!);
  };
  for (let day = 1; day <= 10; day++) await copies(old, `index_${DAY}`, `index_${DAY + day}`);
  for (let day = 11; day <= 20; day++)
    await copies(later, `index_${DAY + 1}`, `loki_index_${DAY + day}`);
  assert.deepEqual(await given(old), [
    [0, "v12", "index_"],
    [DAY + 11, "v13", "loki_index_"],
  ]);
});

test("discoverSchema() passes over what cannot be read, and an empty bucket has the newest schema", async () => {
  const { objects } = await smallBucket({ schema: "v12" });
  for await (const { key } of objects.list(`index/index_${DAY}/`))
    await objects.put(key, new Uint8Array(9));
  assert.deepEqual(await given(objects), [[0, "v12", "index_"]]);
  const { indexPrefix } = NEW_SCHEMA[0]!;
  for await (const { key } of objects.list("")) await objects.delete(key);
  assert.deepEqual(await given(objects), [[0, "v13", indexPrefix]]);
});
