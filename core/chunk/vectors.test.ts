/** The vectors of spec chunk-format §12, both ways: read, and where the bytes follow from the rows, written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { blockOf, fixtureJson, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { crc32c } from "../bytes/crc32c.ts";
import { fromHex, toHex } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf } from "../labels/labels.ts";
import { ENCODINGS, type Encoding, type EncodingName } from "../ports/codecs.ts";
import { ChunkBuilder, type ChunkOptions, encodeChunk } from "./builder.ts";
import { decodeHead } from "./checkpoint.ts";
import { readBlock, readSymbols, readTable } from "./decode.ts";
import { chunkKey, filesystemKey } from "./keys.ts";
import { decodeObject, encodeObject } from "./object.ts";

const vectors = fixtureJson<{
  byVersion: Record<string, string>;
  byEncoding: Record<string, string>;
  twoBlocks: Record<string, string>;
  emptyLine: string;
  outOfOrder: string;
  object: string;
}>("vectors.json");

const SECOND = 1_000_000_000n;
const E1: GivenRow = [1_700_000_000n * SECOND + 1n, "hello"];
const E2_PAIRS = [
  ["traceID", "abc"],
  ["user", "abc"],
] as const;
const E2: GivenRow = [1_700_000_000n * SECOND + 2n, "world", E2_PAIRS];
const E3: GivenRow = [1_700_000_001n * SECOND, "hello", [["user", "bob"]]];
const ROWS = [E1, E2, E3];
const PLAIN_ROWS = ROWS.map(([time, line]): GivenRow => [time, line]);

const OPTIONS = { blockSize: 262_144, targetSize: 0, codecs: portableCodecs };

test("chunks of every format are read", async () => {
  const given = async (name: string, format: number, want: readonly GivenRow[]) => {
    const chunk = fromHex(vectors.byVersion[name]!);
    assert.equal(readTable(chunk).format, format, name);
    assert.deepEqual((await readRows(chunk)).flat(), want, name);
  };
  await given("v1 chunk (gzip implied)", 1, PLAIN_ROWS);
  await given("v2 chunk, encoding none", 2, PLAIN_ROWS);
  await given("v3 chunk, encoding none", 3, PLAIN_ROWS);
  await given("v4 chunk, encoding none", 4, ROWS);
});

test("readTable() gives what the annotated vector says", () => {
  const table = readTable(fromHex(vectors.byVersion["v4 chunk, encoding none"]!));
  assert.deepEqual(table, {
    format: 4,
    encoding: 0,
    symbols: { offset: 6, size: 22 },
    blocks: [
      { rows: 3, minTime: E1[0], maxTime: E3[0], offset: 32, uncompressedSize: 39, size: 57 },
    ],
  });
});

test("chunks of every encoding are read", async () => {
  for (const [name, hex] of Object.entries(vectors.byEncoding)) {
    const chunk = fromHex(hex);
    assert.equal(`${nameOf(readTable(chunk).encoding)} (${readTable(chunk).encoding})`, name);
    assert.deepEqual((await readRows(chunk)).flat(), ROWS, name);
  }
});

test("chunks of two blocks and no symbols are read", async () => {
  const want = [[[1n, "aaaaaaaa"]], [[2n, "bbbbbbbb"]]];
  for (const [name, hex] of Object.entries(vectors.twoBlocks)) {
    assert.deepEqual(await readRows(fromHex(hex)), want, name);
  }
});

test("chunks without compression are written byte by byte as Loki's", async () => {
  const given = async (options: Partial<ChunkOptions>, rows: readonly GivenRow[], want: string) => {
    const builder = new ChunkBuilder({ ...OPTIONS, format: 4, encoding: 0, ...options });
    appendAll(builder, rows);
    assert.equal(toHex(await builder.close()), want);
  };
  await given({ format: 3 }, ROWS, vectors.byVersion["v3 chunk, encoding none"]!);
  await given({}, ROWS, vectors.byVersion["v4 chunk, encoding none"]!);
  const two: GivenRow[] = [
    [1n, "aaaaaaaa"],
    [2n, "bbbbbbbb"],
  ];
  await given({ blockSize: 8 }, two, vectors.twoBlocks["none"]!);
});

test("chunks of every encoding that is written are read back from their own bytes", async () => {
  for (const [name, encoding] of Object.entries(ENCODINGS)) {
    if (name === "zstd") continue;
    const chunk = await encodeChunk([blockOf(ROWS)], { ...OPTIONS, format: 4, encoding });
    assert.deepEqual((await readRows(chunk)).flat(), ROWS, name);
  }
});

test("small chunks of snappy are byte by byte Loki's", async () => {
  const options = { ...OPTIONS, format: 4, encoding: ENCODINGS.snappy } as const;
  const chunk = await encodeChunk([blockOf(ROWS)], options);
  assert.equal(toHex(chunk), vectors.byEncoding["snappy (4)"]);
});

test("heads of every format are read", () => {
  const symbols = ["traceID", "abc", "user", "bob"];
  const given = (name: string, want: readonly GivenRow[]) => {
    const block = decodeHead(fromHex(vectors.byVersion[name]!), symbols);
    assert.deepEqual(block && rowsOf(block), want, name);
  };
  given("ordered head (also for v2), format byte 3", PLAIN_ROWS);
  given("unordered head, format 4", PLAIN_ROWS);
  given("head format 5", ROWS);
});

test("toCheckpoint() writes Loki's bytes, and fromCheckpoint() takes them", async () => {
  const builder = new ChunkBuilder({ ...OPTIONS, format: 4, encoding: ENCODINGS.gzip });
  appendAll(builder, ROWS);
  const { data, head } = builder.toCheckpoint();
  assert.equal(toHex(head), vectors.byVersion["head format 5"]);
  const name = "v4 chunk in **checkpoint** form, zero blocks (head above goes with it)";
  // The recorded one is of encoding none; the form is the same for all.
  const want = fromHex(vectors.byVersion[name]!).with(5, ENCODINGS.gzip);
  assert.equal(toHex(data), toHex(want));

  const restored = ChunkBuilder.fromCheckpoint({ data, head }, { ...OPTIONS, encoding: 0 });
  assert.deepEqual((await readRows(await restored.close())).flat(), ROWS);
  assert.equal(readTable(await restored.close()).encoding, ENCODINGS.gzip);

  const plain = new ChunkBuilder({ ...OPTIONS, format: 3, encoding: 0 });
  appendAll(plain, ROWS);
  assert.equal(toHex(plain.toCheckpoint().head), vectors.byVersion["unordered head, format 4"]);
});

test("an ordered head of old goes on as the chunk's own kind", async () => {
  const head = fromHex(vectors.byVersion["ordered head (also for v2), format byte 3"]!);
  const data = new ChunkBuilder({ ...OPTIONS, format: 3, encoding: 0 }).toCheckpoint().data;
  const builder = ChunkBuilder.fromCheckpoint({ data, head }, { ...OPTIONS, encoding: 0 });
  assert.equal(toHex(await builder.close()), vectors.byVersion["v3 chunk, encoding none"]);
});

test("empty lines and times before 1970 are read as Loki left them, and kept when we write", async () => {
  // Loki lost an entry in each of these (§12.4, §12.5). An acknowledged line is not to be lost.
  assert.deepEqual(await readRows(fromHex(vectors.emptyLine)), [
    [[1n, "aaaaaaaa"]],
    [[2n, "bbbbbbbb"]],
  ]);
  assert.deepEqual((await readRows(fromHex(vectors.outOfOrder))).flat(), [
    [10n, "a"],
    [10n, ""],
    [20n, "b"],
  ]);

  const rows: GivenRow[] = [
    [20n, "b"],
    [10n, "a"],
    [10n, "a"],
    [10n, ""],
    [-5n, "neg"],
  ];
  const builder = new ChunkBuilder({ ...OPTIONS, format: 4, encoding: 0 });
  const appended = rows.map((_, row) => builder.append(blockOf(rows), row));
  assert.deepEqual(appended, ["appended", "appended", "duplicate", "appended", "appended"]);
  assert.deepEqual([builder.rows, builder.uncompressedSize], [4, 5]);
  const want = [
    [-5n, "neg"],
    [10n, "a"],
    [10n, ""],
    [20n, "b"],
  ];
  assert.deepEqual((await readRows(await builder.close())).flat(), want);

  const quirk = new ChunkBuilder({ ...OPTIONS, format: 3, encoding: 0, blockSize: 8 });
  appendAll(quirk, [
    [1n, "aaaaaaaa"],
    [2n, "bbbbbbbb"],
    [3n, ""],
  ]);
  assert.deepEqual((await readRows(await quirk.close())).flat().at(-1), [3n, ""]);

  const empty = new ChunkBuilder({ ...OPTIONS, format: 4, encoding: 0 });
  appendAll(empty, [
    [20n, "b"],
    [10n, "a"],
    [10n, ""],
  ]);
  assert.equal(toHex(await empty.close()), vectors.outOfOrder, "without the loss, Loki's bytes");
});

test("the stored object, its checksum and its keys are Loki's", () => {
  const labels = labelsOf({ app: "a", env: 'pröd<&>"\\' });
  const object = {
    tenant: "fake",
    fingerprint: fingerprint(labels),
    fromMs: 1_700_000_000_000,
    throughMs: 1_700_000_001_000,
    labels,
    chunk: fromHex(vectors.byVersion["v4 chunk, encoding none"]!),
  };
  const bytes = encodeObject(object);
  assert.equal(toHex(bytes), vectors.object);
  const checksum = crc32c(bytes);
  assert.equal(checksum, 0xbfe03d54);
  assert.deepEqual(decodeObject(bytes, { checksum }), { ...object, checksum });

  const key = (schema: "v11" | "v12") =>
    chunkKey(schema, "fake", object.fingerprint, { ...object, checksum });
  assert.equal(key("v12"), "fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54");
  assert.equal(key("v11"), "fake/c3a8d9abf646ef12:18bcfe56800:18bcfe56be8:bfe03d54");
  assert.equal(
    filesystemKey(key("v12")),
    "fake/c3a8d9abf646ef12/MThiY2ZlNTY4MDA6MThiY2ZlNTZiZTg6YmZlMDNkNTQ=",
  );
  assert.equal(
    filesystemKey(key("v11")),
    "ZmFrZS9jM2E4ZDlhYmY2NDZlZjEyOjE4YmNmZTU2ODAwOjE4YmNmZTU2YmU4OmJmZTAzZDU0",
  );
});

function appendAll(builder: ChunkBuilder, rows: readonly GivenRow[]): void {
  const block = blockOf(rows);
  for (let row = 0; row < block.rows; row++) builder.append(block, row);
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

function nameOf(encoding: Encoding): string | undefined {
  const names = Object.keys(ENCODINGS) as EncodingName[];
  return names.find((name) => ENCODINGS[name] === encoding);
}
