/** Lines of any order into chunks: all of them, in order, each chunk within one day. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import { fromUtf8 } from "../core/bytes/text.ts";
import { readBlock, readSymbols, readTable } from "../core/chunk/decode.ts";
import { openObject } from "../core/chunk/object.ts";
import { portableCodecs } from "../core/compress/table.ts";
import { labelsOf } from "../core/labels/labels.ts";
import { Unavailable } from "../core/model/errors.ts";
import { DAY_MS, type Schema } from "../core/model/schema.ts";
import { SINGLE_TENANT } from "../core/model/tenant.ts";
import type { StoredChunk } from "../core/store/sink.ts";
import { ChunkWriter } from "./ingest-chunks.ts";
import { LineSorter } from "./ingest-sort.ts";

const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];
const HOUR_NS = 3_600_000_000_000n;
const START = 1_577_836_800_000_000_000n;

interface Given {
  readonly stream: string;
  readonly hour: number;
}

/** The chunks that come of lines that are sent in batches. */
async function given(
  lines: readonly Given[],
  { heldBytes, batch, fails = false }: { heldBytes: number; batch: number; fails?: boolean },
): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  const sink = {
    put: async (chunk: StoredChunk) => {
      if (fails) throw new Unavailable("no answer");
      chunks.push(chunk);
    },
    uploadIndex: async () => {},
  };
  const parts = { sink, schema: SCHEMA, codecs: portableCodecs, tenant: SINGLE_TENANT };
  const sorter = new LineSorter(new ChunkWriter(parts), { heldBytes });
  const entries = lines.map(({ stream, hour }, index) => ({
    stream,
    entry: {
      time: START + BigInt(hour) * HOUR_NS,
      line: `${stream} ${hour} ${index}`,
      metadata: [],
    },
  }));
  for (let at = 0; at < entries.length; at += batch) {
    const own = entries.slice(at, at + batch);
    const streams = ["a", "b"].map((name) => ({
      labels: labelsOf({ app: name }),
      entries: own.filter(({ stream }) => stream === name).map(({ entry }) => entry),
    }));
    await sorter.send({ streams: streams.filter((stream) => stream.entries.length > 0) });
  }
  await sorter.close();
  return chunks;
}

async function linesOf({ object }: StoredChunk): Promise<{ time: bigint; line: string }[]> {
  const { chunk } = openObject(object);
  const table = readTable(chunk);
  const symbols = await readSymbols(chunk, table, portableCodecs);
  const lines: { time: bigint; line: string }[] = [];
  for (const meta of table.blocks) {
    const { times, text, starts, ends } = await readBlock(
      chunk,
      table,
      meta,
      symbols,
      portableCodecs,
    );
    for (let row = 0; row < meta.rows; row++) {
      lines.push({ time: times[row]!, line: fromUtf8(text, starts[row]!, ends[row]!) });
    }
  }
  return lines;
}

function leftovers(): number {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("lokits-ingest-")).length;
}

const lines = fc.array(fc.record({ stream: fc.constantFrom("a", "b"), hour: fc.nat(200) }), {
  maxLength: 120,
});

test("all lines are in chunks, sorted, each within one day, however little is held", () =>
  fc.assert(
    fc.asyncProperty(
      lines,
      fc.constantFrom(50, 400, 1 << 20),
      fc.integer({ min: 1, max: 30 }),
      async (all, heldBytes, batch) => {
        const before = leftovers();
        const chunks = await given(all, { heldBytes, batch });
        const found: string[] = [];
        for (const chunk of chunks) {
          const own = await linesOf(chunk);
          assert.equal(own.length, chunk.ref.entries);
          const times = own.map(({ time }) => time);
          assert.deepEqual(
            times,
            times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
          );
          const days = new Set(times.map((time) => time / (24n * HOUR_NS)));
          assert.equal(days.size, 1);
          assert.ok(own.every(({ line }) => line.startsWith(`${chunk.labels[0]![1]} `)));
          found.push(...own.map(({ line }) => line));
        }
        const want = all.map(({ stream, hour }, index) => `${stream} ${hour} ${index}`);
        assert.deepEqual(found.sort(), want.sort());
        assert.equal(leftovers(), before);
      },
    ),
    { seed: 7, numRuns: 60 },
  ));

test("a log in order makes one chunk a day and stream, and no file", async () => {
  const all = Array.from({ length: 240 }, (_, index) => ({ stream: "a", hour: index }));
  const chunks = await given(all, { heldBytes: 400, batch: 7 });
  assert.equal(chunks.length, 10);
});

test("lines without any order make at most two chunks a day and stream", async () => {
  // Every hour of ten days, far apart from one to the next.
  const all = Array.from({ length: 240 }, (_, index) => ({
    stream: "a",
    hour: (index * 97) % 240,
  }));
  const chunks = await given(all, { heldBytes: 800, batch: 5 });
  assert.ok(chunks.length <= 20, `${chunks.length} chunks`);
});

test("a bucket that refuses ends the run, and nothing stays behind", async () => {
  const before = leftovers();
  const all = Array.from({ length: 240 }, (_, index) => ({
    stream: "a",
    hour: (index * 97) % 240,
  }));
  await assert.rejects(given(all, { heldBytes: 400, batch: 5, fails: true }), {
    name: "Unavailable",
  });
  assert.equal(leftovers(), before);
});
