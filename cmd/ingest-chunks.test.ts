/** What is left of a run that failed: chunks that an index names, or a word on those that none does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableCodecs } from "../core/compress/table.ts";
import { fingerprint } from "../core/labels/fingerprint.ts";
import { labelsOf } from "../core/labels/labels.ts";
import { SINGLE_TENANT } from "../core/model/tenant.ts";
import { nsOf } from "../core/model/time.ts";
import { MemoryObjectStore } from "../core/sim/store.ts";
import { NEW_SCHEMA } from "../core/store/discover.ts";
import { bucketOver, linesOf } from "../fixtures/repair/small-bucket.ts";
import { ChunkWriter } from "./ingest-chunks.ts";
import { rowsOf } from "./ingest-rows.ts";

/** Writes two streams, of which the second fails, and salvages. */
async function given(fail: (objects: MemoryObjectStore) => void) {
  const objects = new MemoryObjectStore();
  const sink = bucketOver(objects, { schema: NEW_SCHEMA });
  const writer = new ChunkWriter({
    ...{ sink, schema: NEW_SCHEMA, codecs: portableCodecs, tenant: SINGLE_TENANT },
  });
  const write = async (app: string) => {
    const labels = labelsOf({ app });
    const rows = rowsOf([{ time: nsOf(1_698_462_000_000), line: app, metadata: [] }]);
    await writer.write({ labels, fingerprint: fingerprint(labels) }, rows);
    await writer.flush();
  };
  await write("a");
  fail(objects);
  await assert.rejects(write("b"));
  const salvaged = await writer.salvage();
  objects.faults.clear();
  return { salvaged, ...(await linesOf(bucketOver(objects), SINGLE_TENANT)) };
}

test("salvage() indexes what is stored", async () => {
  const { salvaged, lines } = await given((objects) => objects.faults.add({ op: "put", nth: 1 }));
  assert.deepEqual(salvaged, { chunks: 1, isIndexed: true });
  assert.equal(lines.length, 1);
});

test("salvage() says that it could not", async () => {
  const { salvaged, lines } = await given((objects) => {
    for (let nth = 1; nth <= 4; nth++) objects.faults.add({ op: "put", nth });
  });
  assert.deepEqual(salvaged, { chunks: 1, isIndexed: false });
  assert.deepEqual(lines, []);
});
