/**
 * Three questions to the framing: are the bytes those of the format, does everything come back, and
 * what does damage cost. The expected bytes and the table of damage are those of spec wal §1 and §4.1.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, fromUtf8, toHex, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { Random } from "../sim/random.ts";
import type { Damage } from "./damage.ts";
import { framedSizeMax, frameRecord, padPage } from "./frame.ts";
import { FRAGMENT_DATA_MAX, PAGE_SIZE } from "./layout.ts";
import { type RawRecord, readSegment } from "./segment.ts";

/** A segment of these records; a closed one ends with its page. */
function segmentOf(records: readonly Uint8Array[], { closed }: { closed: boolean }): Uint8Array {
  const out = new ByteWriter();
  let offset = 0;
  for (const record of records) offset = frameRecord(out, offset, record);
  if (closed) padPage(out, offset);
  return out.take();
}

/** Offsets of the records of a segment, and of its end. */
function offsetsOf(records: readonly Uint8Array[]): number[] {
  const out = new ByteWriter();
  const offsets = [0];
  for (const record of records) offsets.push(frameRecord(out, offsets.at(-1)!, record));
  return offsets;
}

async function readAll(segment: Uint8Array) {
  const records: RawRecord[] = [];
  const damage: Omit<Damage, "segment">[] = [];
  await readSegment(segment, {
    record: (record) => void records.push(record),
    damage: (found) => void damage.push(found),
  });
  return { records, damage };
}

async function textsOf(segment: Uint8Array) {
  const { records, damage } = await readAll(segment);
  return { texts: records.map(({ bytes }) => fromUtf8(bytes)), damage };
}

test("frameRecord() gives the bytes of the format", () => {
  const segment = segmentOf([utf8("hello"), utf8("world"), new Uint8Array(40_000)], {
    closed: true,
  });
  assert.equal(segment.length, 65_536);
  const start = "0100059a71bb4c68656c6c6f01000531aa814e776f726c64027fe1f29618c800";
  assert.equal(toHex(segment.subarray(0, 32)), start);
  assert.equal(toHex(segment.subarray(PAGE_SIZE, PAGE_SIZE + 8)), "041c5f77f272c800");
});

test("readSegment() gives back records of every size round the page, from every offset", async () => {
  const sizes = [0, 1, FRAGMENT_DATA_MAX - 20, FRAGMENT_DATA_MAX, FRAGMENT_DATA_MAX + 1, 100_000];
  for (const first of sizes) {
    for (let less = 0; less <= 16; less++) {
      const filler = Math.max(0, PAGE_SIZE - (framedSizeMax(first) % PAGE_SIZE) - less);
      const records = [first, filler, 3, 0, 50_000, 1].map((size, index) =>
        new Uint8Array(size).fill(index + 1),
      );
      const { records: read, damage } = await readAll(segmentOf(records, { closed: less % 2 > 0 }));
      assert.deepEqual(damage, []);
      assert.deepEqual(
        read.map(({ bytes }) => bytes),
        records,
        `${first} and ${filler} bytes`,
      );
      assert.deepEqual(
        read.map(({ offset }) => offset),
        offsetsOf(records).slice(0, -1),
      );
    }
  }
});

test("no record takes more than framedSizeMax()", () => {
  for (const size of [0, 1, 100, FRAGMENT_DATA_MAX, FRAGMENT_DATA_MAX + 1, 200_000]) {
    for (const offset of [0, 1, 1000, PAGE_SIZE - 20, PAGE_SIZE - 8, PAGE_SIZE - 7]) {
      const end = frameRecord(new ByteWriter(), offset, new Uint8Array(size));
      assert.ok(end - offset <= framedSizeMax(size), `${size} bytes at ${offset}`);
    }
  }
});

test("a segment is read in windows, however large it is", async () => {
  const records = Array.from({ length: 60 }, (_, index) =>
    new Uint8Array(50_000 + index).fill(index),
  );
  const segment = segmentOf(records, { closed: true });
  const reads: number[] = [];
  const progress: number[] = [];
  const back: Uint8Array[] = [];
  await readSegment(
    {
      size: segment.length,
      read: async (offset, size) => {
        reads.push(size);
        return segment.slice(offset, offset + size);
      },
    },
    {
      record: async ({ bytes }) => void back.push(bytes),
      damage: () => assert.fail("no damage"),
      progress: (done) => void progress.push(done),
    },
  );
  assert.deepEqual(back, records);
  assert.ok(Math.max(...reads) <= 1024 * 1024, String(reads));
  assert.equal(progress.at(-1), segment.length);
});

/** Four records of 24 bytes framed, as in the table of damage: `a0……………` to `a3……………`. */
const FOUR = [0, 1, 2, 3].map((index) => utf8(`a${index}`.padEnd(17, ".")));
const NAMES = FOUR.map((record) => fromUtf8(record));

test("one flipped byte of a record costs that record", async () => {
  const segment = segmentOf(FOUR, { closed: true });
  segment[2 * 24 + 10]! ^= 0x20;
  const { texts, damage } = await textsOf(segment);
  assert.deepEqual(texts, [NAMES[0], NAMES[1], NAMES[3]]);
  assert.deepEqual(
    damage.map(({ kind, offset }) => [kind, offset]),
    [["corrupt", 48]],
  );
  assert.match(damage[0]!.what, /^unexpected checksum [0-9a-f]{8}, expected [0-9a-f]{8}$/);
});

test("a segment cut in a record is torn there; cut between records it is sound", async () => {
  const segment = segmentOf(FOUR, { closed: true });
  const cut = await textsOf(segment.subarray(0, 3 * 24 + 12));
  assert.deepEqual(cut.texts, NAMES.slice(0, 3));
  assert.deepEqual(
    cut.damage.map(({ kind, offset }) => [kind, offset]),
    [["torn", 72]],
  );
  assert.deepEqual(await textsOf(segment.subarray(0, 72)), {
    texts: NAMES.slice(0, 3),
    damage: [],
  });
});

test("a byte in the padding is told, and the next page is read", async () => {
  const segment = segmentOf(FOUR, { closed: true });
  segment[1000] = 1;
  const sound = segmentOf(FOUR, { closed: true });
  const { texts, damage } = await textsOf(new Uint8Array([...segment, ...sound]));
  assert.deepEqual(texts, [...NAMES, ...NAMES]);
  assert.deepEqual(damage, [
    { kind: "corrupt", offset: 96, what: "unexpected non-zero byte in padded page" },
  ]);
});

test("a damaged length is found by its checksum, and costs its record alone", async () => {
  const segment = segmentOf(FOUR, { closed: true });
  for (const length of [0, 5, 16, 18, 41, 65, 30_000, 65_535]) {
    const damaged = segment.slice();
    damaged.set([length >> 8, length & 255], 24 + 1);
    const { texts, damage } = await textsOf(damaged);
    assert.deepEqual(texts, [NAMES[0], NAMES[2], NAMES[3]], `length ${length}`);
    assert.equal(damage.length, 1);
  }
});

test("a page that tells nothing is skipped, with the record that goes on in the next", async () => {
  const records = [utf8("first"), new Uint8Array(40_000).fill(7), utf8("after"), utf8("last")];
  const segment = segmentOf(records, { closed: true });
  segment.set(new Random(1).bytes(PAGE_SIZE), 0);
  const { texts, damage } = await textsOf(segment);
  assert.deepEqual(texts, ["after", "last"]);
  assert.ok(damage.length >= 1);
});

test("a line that holds a whole record is never taken for one", async () => {
  const forged = segmentOf([utf8("forged")], { closed: false });
  const records = [utf8("one"), new Uint8Array([...utf8("line: "), ...forged]), utf8("two")];
  const segment = segmentOf(records, { closed: true });
  for (let at = 0; at < segment.length && at < 100; at++) {
    for (const value of [0, 1, 7, 13, 255]) {
      const damaged = segment.slice();
      damaged[at] = value;
      const { texts } = await textsOf(damaged);
      assert.ok(!texts.includes("forged"), `byte ${at} is ${value}`);
    }
  }
});

test("any flipped bit is told, and costs no other record", async () => {
  const random = new Random(11);
  const records = [30, 200, 33_000, 10, 70_000, 500, 24, 24].map((size) => random.bytes(size));
  const segment = segmentOf(records, { closed: true });
  const offsets = offsetsOf(records);
  const keys = records.map((record) => toHex(record.subarray(0, 8)));
  // Every bit of every header and of the padding's first bytes; of the data what chance gives.
  const places = new Set<number>();
  for (const offset of offsets) for (let at = 0; at < 8; at++) places.add(offset + at);
  for (let page = PAGE_SIZE; page < segment.length; page += PAGE_SIZE) {
    for (let at = -1; at < 8; at++) places.add(page + at);
  }
  for (let count = 0; count < 100; count++) places.add(random.int(0, segment.length));
  for (const at of places) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = segment.slice();
      damaged[at]! ^= 1 << bit;
      const { records: read, damage } = await readAll(damaged);
      const hit = offsets.findLastIndex((offset) => offset <= at);
      const where = `byte ${at} bit ${bit}`;
      const others = keys.filter((_, index) => index !== hit);
      const back = read.filter(({ bytes, flags }) => bytes.length > 0 && flags === 0);
      const known = back.map(({ bytes }) => toHex(bytes.subarray(0, 8)));
      assert.deepEqual(
        known.filter((key) => key !== keys[hit]),
        others,
        where,
      );
      // What is left to tell for the one above: a record without bytes, or one that claims compression.
      assert.ok(damage.length > 0 || read.length > back.length, `${where} is told`);
    }
  }
});

test("random damage of any kind gives records that were written, in order, or none", async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed);
    const records = Array.from({ length: random.int(1, 40) }, (_, index) => {
      const record = random.bytes(random.chance(0.1) ? random.int(8, 80_000) : random.int(8, 300));
      record.set([index, 0xee]);
      return record;
    });
    const segment = segmentOf(records, { closed: random.chance(0.5) });
    const bytes = segment.slice(0, random.chance(0.3) ? random.int(0, segment.length) : undefined);
    for (let hits = random.int(1, 30); hits > 0 && bytes.length > 0; hits--) {
      const at = random.int(0, bytes.length);
      if (random.chance(0.2)) bytes.fill(0, at, at + random.int(1, 600));
      else bytes[at] = random.int(0, 256);
    }
    const { records: read } = await readAll(bytes);
    let last = -1;
    for (const { bytes: record, flags } of read) {
      if (record.length === 0 || flags !== 0) continue; // A padding byte that became a header; see replay.
      const index = record[0]!;
      assert.ok(index > last, `seed ${seed}: record ${index} after ${last}`);
      assert.deepEqual(record, records[index], `seed ${seed}`);
      last = index;
    }
  }
});

test("bytes that are no segment at all give no record", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { records } = await readAll(new Random(seed).bytes(3 * PAGE_SIZE));
    assert.deepEqual(records, []);
  }
  assert.deepEqual((await readAll(fromHex("ff"))).records, []);
});
