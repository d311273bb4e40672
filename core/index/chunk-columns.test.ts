/** Chunks as columns, put in order, against chunks that are sorted as objects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { ChunkColumns } from "./chunk-columns.ts";

const chunk: fc.Arbitrary<ChunkRef> = fc.record({
  ...{ fromMs: fc.nat(3), throughMs: fc.nat(3), checksum: fc.nat(1) },
  ...{ kb: fc.nat(1000), entries: fc.nat(1000) },
});

test("order() gives each chunk once by start, end and checksum, and of equal ones the first", () => {
  const property = fc.property(fc.array(chunk, { maxLength: 40 }), (chunks) => {
    const columns = new ChunkColumns();
    columns.addAll(chunks);
    columns.order();
    const byKey = new Map<string, ChunkRef>();
    for (const each of chunks) if (!byKey.has(keyOf(each))) byKey.set(keyOf(each), each);
    const wanted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => ({ ...each }));
    assert.deepEqual(columns.refs(), wanted);
  });
  fc.assert(property, { seed: 20231207, numRuns: 1000 });
});

/** Each number has one digit. */
function keyOf({ fromMs, throughMs, checksum }: ChunkRef): string {
  return `${fromMs} ${throughMs} ${checksum}`;
}
