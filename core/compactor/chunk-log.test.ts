/** The log against a map of lists, however often it is settled. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../bytes/writer.ts";
import { ChunkColumns } from "../index/chunk-columns.ts";
import { writeList } from "../index/chunk-list.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { ChunkLog, NO_RECORD } from "./chunk-log.ts";
import type { RawSeries } from "./series-walk.ts";

/** Series as a file has them. */
function raw(chunks: readonly ChunkRef[]): RawSeries {
  const columns = new ChunkColumns();
  columns.addAll(chunks);
  const out = new ByteWriter();
  out.text("what is before it in the file");
  const chunksAt = out.size;
  writeList(out, columns);
  const end = out.size;
  out.text("and after");
  return {
    ...{ fingerprintHigh: 0, fingerprintLow: 0, refs: new Uint32Array(0), pairs: 0 },
    ...{ bytes: out.view(), chunksAt, end, count: chunks.length },
  };
}

function rows({ count, fromMs, throughMs, checksum, kb, entries }: ChunkColumns): ChunkRef[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ fromMs: fromMs[index]!, throughMs: throughMs[index]!, checksum: checksum[index]! },
    ...{ kb: kb[index]!, entries: entries[index]! },
  }));
}

const CHUNK = fc.record(
  {
    fromMs: fc.integer({ min: 1_698_000_000_000, max: 1_698_000_000_009 }),
    throughMs: fc.integer({ min: 1_698_000_000_010, max: 1_698_000_000_012 }),
    checksum: fc.constantFrom(0, 1, 2 ** 32 - 1),
    kb: fc.constant(2 ** 33),
    entries: fc.constant(7),
  },
  { noNullPrototype: true },
);
const SERIES = 5;
const STEPS = fc.array(
  fc.tuple(fc.nat(SERIES - 1), fc.array(CHUNK, { maxLength: 4 }), fc.boolean()),
  { maxLength: 60 },
);

test("a series has its chunks in order, each once, whenever the log is settled", () => {
  fc.assert(
    fc.property(STEPS, fc.integer({ min: 1, max: 400 }), (steps, openBytes) => {
      const log = new ChunkLog(openBytes);
      const records = new Float64Array(SERIES).fill(NO_RECORD);
      const wanted = Array.from({ length: SERIES }, () => new Map<string, ChunkRef>());
      const settle = () => {
        const open = [...records.keys()].filter((series) => log.isOpen(records[series]!));
        log.settle(Uint32Array.from(open), records);
      };
      for (const [series, chunks, settles] of steps) {
        records[series] = log.append(records[series]!, raw(chunks));
        for (const chunk of chunks) wanted[series]!.set(JSON.stringify(chunk), chunk);
        if (settles || log.isFull) settle();
      }
      if (!log.isSettled) settle();
      const columns = new ChunkColumns();
      for (const [series, chunks] of wanted.entries()) {
        log.take(records[series]!, columns);
        const inOrder = [...chunks.values()].toSorted(
          (a, b) => a.fromMs - b.fromMs || a.throughMs - b.throughMs || a.checksum - b.checksum,
        );
        assert.deepEqual(rows(columns), inOrder);
      }
    }),
    { seed: 20231102, numRuns: 300 },
  );
});

test("pages that were taken leave the others as they are", () => {
  const log = new ChunkLog();
  const count = 20_000;
  const chunkOf = (series: number, part: number): ChunkRef => ({
    ...{ fromMs: 1_698_000_000_000 + part, throughMs: 1_698_000_050_000 + series },
    ...{ checksum: series * 3, kb: 700, entries: part },
  });
  const records = new Float64Array(count);
  const all = Uint32Array.from(records.keys());
  for (const part of [0, 1, 2]) {
    for (const series of all) {
      records[series] = log.append(records[series]!, raw([chunkOf(series, part)]));
    }
    log.settle(all, records);
  }
  const columns = new ChunkColumns();
  // From both ends, so that the pages in the middle go last.
  for (let taken = 0; taken < count; taken++) {
    const series = taken % 2 === 0 ? taken / 2 : count - (taken + 1) / 2;
    log.take(records[series]!, columns);
    if (taken % 97 > 0) continue;
    assert.deepEqual(
      rows(columns),
      [0, 1, 2].map((part) => chunkOf(series, part)),
    );
  }
});
