/** The portable codecs, put to the contract of their port. zstd is read only: its vectors are recorded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, fromUtf8 } from "../bytes/text.ts";
import { Corrupt, Unavailable } from "../model/errors.ts";
import { codecsContract } from "../ports/codecs.contract.ts";
import { ENCODINGS, type EncodingName } from "../ports/codecs.ts";
import { portableCodecs } from "./table.ts";

const NAMES = Object.keys(ENCODINGS) as EncodingName[];
codecsContract("portable", portableCodecs, {
  writes: NAMES.filter((name) => name !== "zstd"),
  cutsUnseen: ["flate"],
});

test("gzip is written with Loki's header", async () => {
  const packed = await portableCodecs.compress(ENCODINGS.gzip, Uint8Array.of(1));
  assert.deepEqual(packed.subarray(0, 10), fromHex("1f8b080000096e8800ff"));
});

test("a second gzip member is read or Corrupt, never left out unseen", async () => {
  const packed = await portableCodecs.compress(ENCODINGS.gzip, Uint8Array.of(1));
  const twice = Uint8Array.of(...packed, ...packed);
  const read = async (sizeMax: number) => {
    const text = await portableCodecs.decompress(ENCODINGS.gzip, twice, { sizeMax });
    assert.deepEqual([...text], [1, 1]);
  };
  // Bun's stream reads it; by the definition of these streams it is an error.
  await read(2).catch((error) => assert.ok(error instanceof Corrupt, String(error)));
  await assert.rejects(read(1), Corrupt);
});

test("zstd is refused for writing", () => {
  assert.throws(() => portableCodecs.compress(ENCODINGS.zstd, new Uint8Array(1)), Unavailable);
});

/** Spec chunk-format §12.2: the symbols of the chunk, as Loki's zstd and lz4 wrote them. */
const SYMBOLS = "\x07traceID\x03abc\x04user\x03bob";
const RECORDED = {
  zstd: "28b52ffd0400a90000077472616365494403616263047573657203626f62c2c4f3c9",
  "lz4-64k": "04224d1860408215000080077472616365494403616263047573657203626f6200000000",
  lz4: "04224d1860707315000080077472616365494403616263047573657203626f6200000000",
  snappy: "ff060000734e61507059011900008d2695fe077472616365494403616263047573657203626f62",
  flate: "001500eaff077472616365494403616263047573657203626f620300",
  gzip: "1f8b080000096e8800ff001500eaff077472616365494403616263047573657203626f620300b05049b115000000",
} as const;

test("decompress() reads what Loki wrote", async () => {
  for (const [name, hex] of Object.entries(RECORDED)) {
    const encoding = ENCODINGS[name as EncodingName];
    const text = await portableCodecs.decompress(encoding, fromHex(hex), { sizeMax: 21 });
    assert.equal(fromUtf8(text), SYMBOLS, name);
  }
});

test("zstd is Corrupt when cut short, when its checksum differs, and beyond the limit", () => {
  const packed = fromHex(RECORDED.zstd);
  const given = (bytes: Uint8Array, sizeMax = 100) =>
    assert.throws(
      () => portableCodecs.decompress(ENCODINGS.zstd, bytes, { sizeMax }),
      Corrupt,
      `${bytes.length} bytes`,
    );
  for (let size = 1; size < packed.length; size++) given(packed.subarray(0, size));
  for (let at = 0; at < packed.length; at++) {
    // A larger window is no damage.
    if (at !== WINDOW_BYTE) given(packed.with(at, packed[at]! ^ 0x08));
  }
  given(packed, 20);
  // A window of 2 GiB, declared in one byte, and 64 blocks of one byte 2^17 times.
  given(packed.with(WINDOW_BYTE, 0xa8));
  const block = fromHex("02001041");
  const bomb = new Uint8Array(6 + 64 * 4);
  bomb.set(fromHex("28b52ffd0038"));
  for (let index = 0; index < 64; index++) bomb.set(block, 6 + 4 * index);
  bomb[6 + 63 * 4]! |= 1;
  given(bomb, 1 << 20);
});

const WINDOW_BYTE = 5;

test("zstd frames in a row and frames to skip are read", () => {
  const frame = fromHex(RECORDED.zstd);
  const skip = fromHex("512a4d1803000000aabbcc");
  const bytes = Uint8Array.of(...skip, ...frame, ...skip, ...frame);
  const text = portableCodecs.decompress(ENCODINGS.zstd, bytes, { sizeMax: 42 }) as Uint8Array;
  assert.equal(fromUtf8(text), SYMBOLS + SYMBOLS);
});
