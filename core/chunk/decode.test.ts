/**
 * Does the decoder notice damage, and does it stay within its bounds? Asked of every bit and every length
 * of small chunks. What Loki wrote is read in recorded.test.ts and vectors.test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { blockOf, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { crc32c } from "../bytes/crc32c.ts";
import { utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { snappyFrame } from "../compress/snappy-frame.ts";
import { portableCodecs } from "../compress/table.ts";
import { Corrupt } from "../model/errors.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import { encodeChunk } from "./builder.ts";
import { decodeHead } from "./checkpoint.ts";
import { readBlock, readSymbols, readTable } from "./decode.ts";
import { writeChunk } from "./encode.ts";
import { splitRows } from "./rows.ts";
import { decodeSymbols } from "./symbols.ts";

const ROWS: GivenRow[][] = [
  [
    [1n, "one", [["k", "v"]]],
    [2n, "two"],
  ],
  [[3n, "three"]],
];

for (const format of [3, 4] as const) {
  for (const encoding of [ENCODINGS.none, ENCODINGS.snappy]) {
    const title = `format ${format}, encoding ${encoding}`;
    const want = ROWS.map((rows) => rows.map((row) => (format === 4 ? row : row.slice(0, 2))));

    test(`a flipped bit gives Corrupt or the same rows, never other rows: ${title}`, async () => {
      const chunk = await chunkOf(ROWS, { format, encoding });
      assert.deepEqual(await readRows(chunk), want);
      for (let bit = 0; bit < 8 * chunk.length; bit++) {
        const damaged = chunk.with(bit >> 3, chunk[bit >> 3]! ^ (1 << (bit & 7)));
        const result = await readRows(damaged).catch((error: unknown) => error);
        if (!(result instanceof Corrupt)) assert.deepEqual(result, want, `bit ${bit}`);
      }
    });

    test(`a chunk cut short is Corrupt at every length: ${title}`, async () => {
      const chunk = await chunkOf(ROWS, { format, encoding });
      for (let size = 0; size < chunk.length; size++) {
        await assert.rejects(readRows(chunk.subarray(0, size)), Corrupt, `${size} bytes`);
      }
    });
  }
}

test("a chunk of format 4 without blocks or symbols is Corrupt at every length", async () => {
  const chunk = await chunkOf([], { format: 4, encoding: ENCODINGS.none });
  assert.deepEqual(await readRows(chunk), []);
  for (let size = 0; size < chunk.length; size++) {
    await assert.rejects(readRows(chunk.subarray(0, size)), Corrupt, `${size} bytes`);
  }
});

test("a damaged block leaves the others to be read", async () => {
  const chunk = await chunkOf(ROWS, { format: 4, encoding: ENCODINGS.none });
  const table = readTable(chunk);
  const [first, second] = table.blocks;
  chunk[first!.offset + 2]! ^= 1;
  const symbols = await readSymbols(chunk, table, portableCodecs);
  const read = (meta: typeof first) => readBlock(chunk, table, meta!, symbols, portableCodecs);
  assert.throws(() => read(first), Corrupt);
  assert.deepEqual(rowsOf(await read(second)), ROWS[1]);
});

test("a block with a wrong offset is found behind the one before it", async () => {
  const chunk = await chunkOf(ROWS, { format: 3, encoding: ENCODINGS.none });
  const table = readTable(chunk);
  for (const index of [0, 1]) {
    const meta = { ...table.blocks[index]!, offset: table.blocks[index]!.offset + 1 };
    const moved = { ...table, blocks: table.blocks.with(index, meta) };
    const block = await readBlock(chunk, moved, meta, [], portableCodecs);
    assert.equal(block.rows, ROWS[index]!.length);
  }
});

test("times keep their nanosecond at both ends of 64 bits", async () => {
  const times = [-(2n ** 63n), -1n, 0n, 1n, 1_700_000_000_123_456_789n, 2n ** 63n - 1n];
  const rows = times.map((time): GivenRow => [time, "x"]);
  for (const format of [3, 4] as const) {
    const chunk = await chunkOf([rows], { format, encoding: ENCODINGS.none });
    assert.deepEqual(await readRows(chunk), [rows]);
    const meta = readTable(chunk).blocks[0]!;
    assert.deepEqual([meta.minTime, meta.maxTime], [times[0], times.at(-1)]);
  }
});

test("lines of every width of length are read, wherever they end", async () => {
  for (const size of [0, 1, 127, 128, 129, 16_383, 16_384, 70_000]) {
    const line = "é".repeat(size >> 1) + "x".repeat(size & 1);
    const rows: GivenRow[] = [
      [1_700_000_000_000_000_000n, line],
      [1_700_000_000_000_000_001n, ""],
      [1_700_000_000_000_000_002n, line],
    ];
    const chunk = await chunkOf([rows], { format: 3, encoding: ENCODINGS.none });
    assert.deepEqual(await readRows(chunk), [rows], `${size} bytes`);
  }
});

test("splitRows() is Corrupt on rows that are not whole", () => {
  const options = { rowsMax: 1, tail: "none", symbols: [] } as const;
  const text = rowBytes(5n, "abc");
  assert.deepEqual(rowsOf(splitRows(text, options)), [[5n, "abc"]]);
  for (let size = 1; size < text.length; size++) {
    assert.throws(() => splitRows(text.subarray(0, size), options), Corrupt, `${size} bytes`);
  }
  const given = (title: string, bytes: Uint8Array, change: object = {}) =>
    assert.throws(() => splitRows(bytes, { ...options, ...change }), Corrupt, title);
  given("more rows than the block has", Uint8Array.of(...text, ...text));
  given("a single byte", Uint8Array.of(0));
  given("a line of 2^30 bytes", Uint8Array.of(0, 0x80, 0x80, 0x80, 0x80, 0x04));
  given("a time of eleven bytes", new Uint8Array(20).fill(0x80));
  given("pairs that are not there", Uint8Array.of(...text, 2, 1, 0), { tail: "sized-pairs" });
  given("a million pairs", Uint8Array.of(...text, 4, 0xc0, 0x84, 0x3d), { tail: "sized-pairs" });
});

test("splitRows() takes fewer rows than were counted, and puts them in order", () => {
  const text = Uint8Array.of(
    ...rowBytes(9n, "late"),
    ...rowBytes(7n, "early"),
    ...rowBytes(9n, ""),
  );
  const block = splitRows(text, { rowsMax: 2 ** 40, tail: "none", symbols: [] });
  assert.deepEqual(rowsOf(block), [
    [7n, "early"],
    [9n, "late"],
    [9n, ""],
  ]);
  assert.equal(block.scattered, true);
});

test("an index past the symbols reads as nothing", () => {
  const text = Uint8Array.of(...rowBytes(1n, "x"), 3, 1, 0, 9);
  const block = splitRows(text, { rowsMax: 1, tail: "sized-pairs", symbols: ["k"] });
  assert.deepEqual(rowsOf(block), [[1n, "x", [["k", ""]]]]);
});

test("decodeSymbols() wants the count to be true", () => {
  assert.deepEqual(decodeSymbols(utf8("\x01a\x02bc"), 2), ["a", "bc"]);
  for (const count of [0, 1, 3, 2 ** 40]) {
    assert.throws(() => decodeSymbols(utf8("\x01a\x02bc"), count), Corrupt, `${count} symbols`);
  }
});

test("decodeHead() is Corrupt at every cut, and of formats to come", () => {
  const head = Uint8Array.of(4, 2, ...rowBytes(1n, "one"), ...rowBytes(2n, "two"));
  assert.equal(decodeHead(new Uint8Array(0), []), undefined);
  assert.equal(decodeHead(head, [])?.rows, 2);
  for (let size = 1; size < head.length; size++) {
    assert.throws(() => decodeHead(head.subarray(0, size), []), Corrupt, `${size} bytes`);
  }
  assert.throws(() => decodeHead(head.with(0, 6), []), Corrupt);
  assert.throws(() => decodeHead(head.with(0, 0), []), Corrupt);
});

test("bombs are refused in blocks and in symbols, whatever their metas claim", async () => {
  // The frames of a stream follow one another, so 300 MiB of nothing are one frame many times.
  const stream = snappyFrame(new Uint8Array(65_536));
  const [identifier, frame] = [stream.subarray(0, 10), stream.subarray(10)];
  const bomb = new Uint8Array(identifier.length + 4800 * frame.length);
  bomb.set(identifier);
  for (let at = identifier.length; at < bomb.length; at += frame.length) bomb.set(frame, at);
  const meta = { rows: 1, minTime: 0n, maxTime: 0n, packed: bomb };
  const none = { count: 0, packed: new Uint8Array(0) };
  const options = { format: 4, encoding: ENCODINGS.snappy } as const;
  for (const uncompressedSize of [0, 2 ** 40]) {
    const blocks = [{ ...meta, uncompressedSize }];
    const chunk = writeChunk({ ...options, symbols: none, blocks });
    await assert.rejects(readRows(chunk), /holds over (67108864|268435456) bytes/);
  }
  const chunk = writeChunk({ ...options, symbols: { count: 1, packed: bomb }, blocks: [] });
  await assert.rejects(readRows(chunk), /holds over 67108864 bytes/);
});

test("tables that lie are Corrupt", () => {
  const given = (title: string, metas: (out: ByteWriter) => void, want: RegExp) =>
    assert.throws(() => readTable(rawChunk(metas)), want, title);
  given("too many blocks", (out) => out.uvarint(2 ** 40), /claims 1099511627776 blocks/);
  given("bytes left over", (out) => out.raw(Uint8Array.of(0, 0)), /1 bytes after the last of 0/);
  given("a meta cut short", (out) => out.raw(Uint8Array.of(1, 1, 1, 1, 1, 1)), /wanted/);
  assert.throws(() => readTable(Uint8Array.of(1, 2, 3, 4)), /magic is 1020304/);
  assert.throws(() => readTable(Uint8Array.of(1, 0x2e, 0xe5, 0x6a, 5, 0)), /format is 5/);
  assert.throws(() => readTable(Uint8Array.of(1, 0x2e, 0xe5, 0x6a, 3, 2)), /encoding is 2/);
});

function chunkOf(
  blocks: readonly (readonly GivenRow[])[],
  options: { format: 3 | 4; encoding: (typeof ENCODINGS)["none" | "snappy"] },
): Promise<Uint8Array> {
  const encoded = encodeChunk(blocks.map(blockOf), { ...options, codecs: portableCodecs });
  return Promise.resolve(encoded);
}

/** A chunk of format 3 whose metas are what the caller writes, with a checksum that is right. */
function rawChunk(metas: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  out.u32(0x012ee56a);
  out.u8(3);
  out.u8(0);
  metas(out);
  out.u32(crc32c(out.view(6)));
  out.size64(6);
  return out.take();
}

function rowBytes(time: bigint, line: string): Uint8Array {
  const out = new ByteWriter();
  out.varint64(time);
  out.string(line);
  return out.take();
}

/** Every block of a chunk as rows. */
async function readRows(chunk: Uint8Array): Promise<GivenRow[][]> {
  const table = readTable(chunk);
  const symbols = await readSymbols(chunk, table, portableCodecs);
  const blocks: GivenRow[][] = [];
  for (const meta of table.blocks) {
    blocks.push(rowsOf(await readBlock(chunk, table, meta, symbols, portableCodecs)));
  }
  return blocks;
}
