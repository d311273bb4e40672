/**
 * Does the reader notice damage? Asked of every length and every bit of small files: the answer is
 * Corrupt or what it was before. And does it read version 1, of which no writer is left.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32c } from "../bytes/crc32c.ts";
import { fromHex } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { compileMatcher } from "../labels/matcher.ts";
import { Corrupt } from "../model/errors.ts";
import { MAGIC } from "./layout.ts";
import { IndexReader } from "./reader.ts";
import { pad, writeSection } from "./section.ts";
import { writeToc } from "./toc.ts";
import { IndexWriter } from "./writer.ts";

const VECTORS: Record<string, string> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/index/vectors.json"), "utf8"),
);
const FILES: Record<string, Uint8Array> = {
  ...Object.fromEntries(Object.entries(VECTORS).map(([name, hex]) => [name, fromHex(hex)])),
  "many chunks": manyChunks(),
};

test("a file cut short is Corrupt at every length", () => {
  for (const [name, bytes] of Object.entries(FILES)) {
    for (let size = 0; size < bytes.length; size++) {
      assert.throws(() => answers(bytes.subarray(0, size)), Corrupt, `${name}, ${size} bytes`);
    }
  }
});

test("a flipped bit gives Corrupt or the same answers", () => {
  for (const [name, bytes] of Object.entries(FILES)) {
    const wanted = answers(bytes);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      let got: unknown;
      try {
        got = answers(damaged);
      } catch (error) {
        assert.ok(error instanceof Corrupt, `${name}, bit ${bit}: ${error}`);
        continue;
      }
      assert.deepEqual(got, wanted, `${name}, bit ${bit}`);
    }
  }
});

test("IndexReader reads version 1, whose references are offsets", () => {
  const reader = IndexReader.open(version1());
  assert.equal(reader.version, 1);
  assert.deepEqual(answersOf(reader).whole, [
    {
      labels: [["a", "b"]],
      fingerprint: 7n,
      chunks: [{ fromMs: 10, throughMs: 20, checksum: 5, kb: 1, entries: 2 }],
    },
  ]);
  const shard = { index: 0, of: 2 };
  assert.equal([...reader.series([], 0, 100, { shard })].length, 1);
});

function answers(bytes: Uint8Array) {
  return answersOf(IndexReader.open(bytes));
}

/** All that a file says, through each way of asking. */
function answersOf(reader: IndexReader) {
  const names = reader.labelNames();
  const any = [compileMatcher({ name: names[0]!, op: "=~", value: ".+" })];
  return {
    bounds: [reader.fromMs, reader.throughMs, reader.checksum],
    names,
    values: names.map((name) => [reader.labelValues(name), reader.labelValues(name, any)]),
    whole: [...reader.wholeSeries()],
    part: [...reader.series(any, 1100, 1150)],
    shard: [...reader.series([], 0, 2e12, { shard: { index: 0, of: 2 } })],
    totals: [...reader.totals([], 1005, 1150)],
  };
}

/** Enough chunks that a reader goes by the markers. */
function manyChunks(): Uint8Array {
  const writer = new IndexWriter({ version: 3 });
  const chunks = Array.from({ length: 70 }, (_, index) => ({
    fromMs: 1000 + 10 * index,
    throughMs: 1005 + 10 * index,
    checksum: index,
    kb: 1,
    entries: 1,
  }));
  writer.add([["a", "b"]], 0x608891b6a4fd3588n, chunks);
  return writer.finish();
}

function version1(): Uint8Array {
  const out = new ByteWriter();
  out.u32(MAGIC);
  out.u8(1);
  const symbols = out.size;
  writeSection(out, () => {
    out.u32(2);
    out.string("a");
    out.string("b");
  });
  const [a, b] = [symbols + 8, symbols + 10];
  const series = out.size;
  pad(out, 16);
  const seriesRef = out.size;
  const body = new ByteWriter();
  body.u64(7n);
  for (const number of [1, a, b, 1, 2 * 10, 10, 1, 2]) body.uvarint(number);
  body.u32(5);
  out.uvarint(body.size);
  out.raw(body.view());
  out.u32(crc32c(body.view()));
  const labelIndices = out.size;
  const list = () => {
    pad(out, 4);
    const at = out.size;
    writeSection(out, () => {
      out.u32(1);
      out.u32(seriesRef);
    });
    return at;
  };
  const postings = out.size;
  const lists = [list(), list()];
  const labelIndicesTable = out.size;
  writeSection(out, () => out.u32(0));
  const postingsTable = out.size;
  writeSection(out, () => {
    out.u32(2);
    for (const [index, [name, value]] of [["", ""] as const, ["a", "b"] as const].entries()) {
      out.uvarint(2);
      out.string(name);
      out.string(value);
      out.uvarint(lists[index]!);
    }
  });
  const fingerprintOffsets = out.size;
  writeSection(out, () => {
    out.u32(1);
    out.size64(seriesRef);
    out.u64(7n);
  });
  writeToc(out, {
    symbols,
    series,
    labelIndices,
    labelIndicesTable,
    postings,
    postingsTable,
    fingerprintOffsets,
    fromMs: 10,
    throughMs: 20,
  });
  return out.take();
}
