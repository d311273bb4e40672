/** A chunk while it fills: when it cuts, when it is full, what queries and checkpoints see, and what is left of it closed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blockOf, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { portableCodecs } from "../compress/table.ts";
import { Bug, Unavailable } from "../model/errors.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import { ChunkBuilder, type ChunkOptions, encodeChunk } from "./builder.ts";
import { readBlock, readSymbols, readTable } from "./decode.ts";

const OPTIONS: ChunkOptions = {
  format: 4,
  encoding: ENCODINGS.none,
  blockSize: 10,
  targetSize: 0,
  codecs: portableCodecs,
};

test("append() cuts a block when the head has its size", async () => {
  const builder = builderOf([
    [1n, "12345"],
    [2n, "1234"],
    [3n, "1"],
    [4n, "123456789012"],
    [5n, ""],
  ]);
  assert.deepEqual(bounds(builder), [
    [1n, 3n, 3],
    [4n, 4n, 1],
    [5n, 5n, 1],
  ]);
  assert.equal(builder.rows, 5);
  assert.deepEqual(builder.bounds(), { minTime: 1n, maxTime: 5n });
  assert.equal(readTable(await builder.close()).blocks.length, 3);
});

test("spaceFor() counts compressed blocks, the head, symbols and the row, strictly", () => {
  const given = (options: Partial<ChunkOptions>, rows: GivenRow[], row: GivenRow, want: boolean) =>
    assert.equal(builderOf(rows, options).spaceFor(blockOf([row]), 0), want);
  const half: GivenRow[] = [[1n, "x".repeat(50)]];
  const next = (size: number): GivenRow => [2n, "y".repeat(size)];
  given({ format: 3, targetSize: 100, blockSize: 100 }, half, next(49), true);
  given({ format: 3, targetSize: 100, blockSize: 100 }, half, next(50), false);
  // Cut, the row is stored with two more bytes: its time and its length.
  given({ format: 3, targetSize: 100, blockSize: 50 }, half, next(47), true);
  given({ format: 3, targetSize: 100, blockSize: 50 }, half, next(48), false);
  // Symbols of format 4 count twice over: those there, and names and values of the row.
  const tagged: GivenRow[] = [[1n, "x".repeat(50), [["kö", "v"]]]];
  given({ targetSize: 100, blockSize: 100 }, tagged, [2n, "y".repeat(33), [["kö", "v"]]], true);
  given({ targetSize: 100, blockSize: 100 }, tagged, [2n, "y".repeat(34), [["kö", "v"]]], false);
  // Without a target, ten blocks.
  const blocks = (count: number) =>
    Array.from({ length: count }, (_, index): GivenRow => [BigInt(index), "x".repeat(10)]);
  given({}, blocks(9), next(1), true);
  given({}, blocks(10), next(1), false);
});

test("sizes follow rows, pairs and symbols", async () => {
  const builder = builderOf(
    [
      [1n, "hello"],
      [2n, "world", [["k", "vv"]]],
    ],
    { blockSize: 100 },
  );
  assert.equal(builder.uncompressedSize, 5 + 5 + 8 + 3);
  assert.equal(builder.compressedSize, 5 + 5 + 8 + 3);
  assert.equal(builder.utilization, 21 / 1000);
  assert.ok(builder.memoryBytes > 21);
  const chunk = await builder.close();
  assert.equal(builder.compressedSize, chunk.length);
});

test("close() puts blocks that overlap in time in order, and only those", async () => {
  const late: GivenRow[] = [
    [10n, "1234567890"],
    [20n, "1234567890"],
    [15n, "abcdefghij"],
    [15n, "z"],
  ];
  const builder = builderOf(late);
  assert.deepEqual(bounds(builder), [
    [10n, 10n, 1],
    [20n, 20n, 1],
    [15n, 15n, 1],
    [15n, 15n, 1],
  ]);
  const chunk = await builder.close();
  const want = [
    [[10n, "1234567890"]],
    [[15n, "abcdefghij"]],
    [
      [15n, "z"],
      [20n, "1234567890"],
    ],
  ];
  assert.deepEqual(await readRows(chunk), want);
  assert.deepEqual(bounds(builder), [
    [10n, 10n, 1],
    [15n, 15n, 1],
    [15n, 20n, 2],
  ]);
  assert.deepEqual(await builder.close(), chunk, "closing again changes nothing");

  // Blocks that only touch stay as they were cut.
  const touching = builderOf([
    [1n, "1234567890"],
    [1n, "abcdefghij"],
    [2n, "x"],
  ]);
  assert.deepEqual(
    readTable(await touching.close()).blocks.map(({ rows }) => rows),
    [1, 1, 1],
  );
});

test("a rebuilt chunk has the symbols of its rows in their new order", async () => {
  const builder = builderOf([
    [20n, "1234567890", [["late", "x"]]],
    [10n, "1234567890", [["early", "y"]]],
  ]);
  const chunk = await builder.close();
  const symbols = await readSymbols(chunk, readTable(chunk), portableCodecs);
  assert.deepEqual(symbols, ["early", "y", "late", "x"]);
});

test("what goes in comes out, whatever the order, encoding and sizes", async () => {
  const row = fc.tuple(
    fc.bigInt({ min: -20n, max: 20n }),
    fc.string({ maxLength: 12 }),
    fc.array(fc.tuple(fc.constantFrom("k", "l"), fc.constantFrom("v", "w")), { maxLength: 2 }),
  );
  const encodings = fc.constantFrom(ENCODINGS.none, ENCODINGS.snappy, ENCODINGS.lz4);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), encodings, async (rows, encoding) => {
      const builder = builderOf(rows, { encoding });
      const held = await readHandles(builder);
      const chunk = await builder.close();
      const blocks = await readRows(chunk);
      const stored = blocks.flat();
      assert.ok(stored.every(([time], at) => at === 0 || stored[at - 1]![0] <= time));
      // Repeats may be dropped, as they are when they meet in one head; nothing else may.
      assert.deepEqual(new Set(stored.map(textOf)), new Set(rows.map(textOf)));
      assert.deepEqual(new Set(held.map(textOf)), new Set(rows.map(textOf)));
      assert.deepEqual((await readHandles(builder)).map(textOf), stored.map(textOf));
      assert.equal(builder.rows, stored.length);
    }),
    { seed: 23, numRuns: 200 },
  );
});

test("a checkpoint restores blocks, head, symbols and what comes after", async () => {
  const rows: GivenRow[] = [
    [1n, "1234567890", [["a", "b"]]],
    [3n, "late", [["c", "a"]]],
    [2n, "early"],
  ];
  for (const format of [3, 4] as const) {
    const builder = builderOf(rows, { format, encoding: ENCODINGS.snappy });
    const restored = ChunkBuilder.fromCheckpoint(builder.toCheckpoint(), OPTIONS);
    assert.deepEqual(restored.toCheckpoint(), builder.toCheckpoint());
    assert.equal(restored.uncompressedSize, builder.uncompressedSize);
    const more = blockOf([
      [2n, "early"],
      [4n, "new", [["a", "d"]]],
    ]);
    for (const each of [builder, restored]) {
      assert.equal(each.append(more, 0), "duplicate");
      assert.equal(each.append(more, 1), "appended");
    }
    assert.deepEqual(await restored.close(), await builder.close());
  }
});

test("a checkpoint's bytes may be reused once it is restored", async () => {
  const builder = builderOf([
    [1n, "1234567890"],
    [2n, "abc"],
  ]);
  const { data, head } = builder.toCheckpoint();
  const restored = ChunkBuilder.fromCheckpoint({ data, head }, OPTIONS);
  data.fill(0xff);
  head.fill(0xff);
  assert.deepEqual(await restored.close(), await builder.close());
});

test("an asynchronous codec changes nothing but the time", async () => {
  const rows: GivenRow[] = [
    [3n, "1234567890"],
    [1n, "abcdefghij"],
    [2n, "x"],
  ];
  const builder = builderOf(rows, { encoding: ENCODINGS.gzip });
  // The blocks are not compressed yet: they can be read, and weigh what their text does.
  assert.deepEqual(
    (await readHandles(builder)).map(([time]) => time),
    [3n, 1n, 2n],
  );
  assert.throws(() => builder.toCheckpoint(), Bug);
  await builder.settle();
  const { data, head } = builder.toCheckpoint();
  const restored = ChunkBuilder.fromCheckpoint({ data, head }, OPTIONS);
  for (const each of [builder, restored]) {
    const blocks = await readRows(await each.close());
    assert.deepEqual(blocks.flat(), [
      [1n, "abcdefghij"],
      [2n, "x"],
      [3n, "1234567890"],
    ]);
  }
});

test("a codec that fails once loses nothing", async () => {
  let failures = 1;
  const flaky: Codecs = {
    ...portableCodecs,
    compress: async (encoding, bytes) => {
      if (failures-- > 0) throw new Unavailable("no memory");
      return portableCodecs.compress(encoding, bytes);
    },
  };
  const builder = builderOf(
    [
      [1n, "1234567890"],
      [2n, "x"],
    ],
    { codecs: flaky },
  );
  await assert.rejects(async () => builder.close(), Unavailable);
  assert.deepEqual((await readRows(await builder.close())).flat(), [
    [1n, "1234567890"],
    [2n, "x"],
  ]);
});

test("encodeChunk() makes a block of each block", async () => {
  const blocks = [
    blockOf([
      [1n, "a"],
      [2n, "b"],
    ]),
    blockOf([[2n, "c"]]),
  ];
  const chunk = await encodeChunk(blocks, OPTIONS);
  assert.deepEqual(await readRows(chunk), [
    [
      [1n, "a"],
      [2n, "b"],
    ],
    [[2n, "c"]],
  ]);
  assert.deepEqual(await readRows(await encodeChunk([], OPTIONS)), []);
});

function builderOf(rows: readonly GivenRow[], options: Partial<ChunkOptions> = {}): ChunkBuilder {
  const builder = new ChunkBuilder({ ...OPTIONS, ...options });
  const block = blockOf(rows);
  for (let row = 0; row < block.rows; row++) builder.append(block, row);
  return builder;
}

function bounds(builder: ChunkBuilder) {
  return builder.handles().map(({ minTime, maxTime, rows }) => [minTime, maxTime, rows]);
}

async function readHandles(builder: ChunkBuilder): Promise<GivenRow[]> {
  const rows: GivenRow[] = [];
  for (const handle of builder.handles()) rows.push(...rowsOf(await handle.read()));
  return rows;
}

function textOf([time, ...rest]: GivenRow): string {
  const [line, pairs = []] = rest;
  return JSON.stringify([String(time), line, pairs]);
}

async function readRows(chunk: Uint8Array): Promise<GivenRow[][]> {
  const table = readTable(chunk);
  const symbols = await readSymbols(chunk, table, portableCodecs);
  const blocks: GivenRow[][] = [];
  for (const meta of table.blocks) {
    blocks.push(rowsOf(await readBlock(chunk, table, meta, symbols, portableCodecs)));
  }
  return blocks;
}
