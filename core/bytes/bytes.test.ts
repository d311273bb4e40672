/** Are varints, checksums and hashes what the formats say? Vectors are from spec chunk-format and the algorithms' own pages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Corrupt } from "../model/errors.ts";
import { crc32c } from "./crc32c.ts";
import { ByteCursor } from "./cursor.ts";
import { portableSearch } from "./search.ts";
import { compareText, fromBase64, fromHex, toBase64, toHex, utf8 } from "./text.ts";
import { ByteWriter } from "./writer.ts";
import { xxhash64 } from "./xxhash64.ts";

const EDGES = [
  0n,
  1n,
  -1n,
  63n,
  64n,
  -64n,
  -65n,
  1700000000123456789n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

test("varint64 round-trips by BigInt and by lanes", () => {
  const column = BigInt64Array.from(EDGES);
  const lanes = new Uint32Array(column.buffer);
  const [wide, narrow] = [new ByteWriter(1), new ByteWriter(1)];
  EDGES.forEach((value, row) => {
    wide.varint64(value);
    narrow.varint64From(lanes, row);
  });
  assert.equal(toHex(wide.take()), toHex(narrow.take()));

  const [big, small] = [new ByteCursor(wide.take()), new ByteCursor(wide.take())];
  const read = new BigInt64Array(EDGES.length);
  EDGES.forEach((value, row) => {
    assert.equal(big.varint64(), value);
    small.varint64Into(new Uint32Array(read.buffer), row);
  });
  assert.deepEqual([...read], EDGES);
});

test("uvarint round-trips up to 2^53 and refuses more", () => {
  for (const value of [0, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    const out = new ByteWriter(1);
    out.uvarint(value);
    assert.equal(new ByteCursor(out.take()).uvarint(), value);
  }
  assert.throws(() => new ByteCursor(fromHex("ffffffffffffffffff01")).uvarint(), Corrupt);
  assert.throws(() => new ByteCursor(fromHex("80")).uvarint(), Corrupt);
});

test("a cursor never reads past its end", () => {
  assert.throws(() => new ByteCursor(new Uint8Array(3)).u32(), Corrupt);
  assert.throws(() => new ByteCursor(new Uint8Array(3)).take(4), Corrupt);
  assert.throws(() => new ByteCursor(new Uint8Array(8), 0, 4).u64(), Corrupt);
});

test("crc32c() gives the check value, whole or in parts", () => {
  const digits = utf8("123456789");
  assert.equal(crc32c(digits), 0xe3069283);
  const long = Uint8Array.from({ length: 1000 }, (_, index) => index * 7);
  for (const cut of [0, 1, 15, 16, 17, 500, 999]) {
    assert.equal(crc32c(long, cut, 1000, crc32c(long, 0, cut)), crc32c(long), `cut at ${cut}`);
  }
});

test("xxhash64() gives the reference values", () => {
  assert.equal(xxhash64(utf8("")), 0xef46db3751d8e999n);
  assert.equal(xxhash64(utf8("a")), 0xd24ec4f1a98c6e5bn);
  assert.equal(xxhash64(utf8("abc")), 0x44bc2cf5ad770999n);
  assert.equal(xxhash64(utf8("Nobody inspects the spammish repetition")), 0xfbcea83c8a378bf1n);
});

test("portableSearch finds what String.indexOf finds", () => {
  const text = "abcabcabdabcabcabe trace_id=00ff trace_id=00fe";
  const bytes = utf8(text);
  for (const needle of ["", "a", "abcabe", "trace_id=00fe", "zzz", "e", "00fe", `${text}x`, text]) {
    for (let from = 0; from <= text.length; from++) {
      const found = portableSearch.indexOf(bytes, utf8(needle), from);
      assert.equal(found, text.indexOf(needle, from), `${needle} from ${from}`);
    }
  }
});

test("compareText() orders by code point", () => {
  assert.deepEqual(["😀", "ﬀ", "b", "a", "ab"].sort(compareText), ["a", "ab", "b", "ﬀ", "😀"]);
});

test("base64 and hex round-trip", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  assert.deepEqual(fromHex(toHex(bytes)), bytes);
  assert.equal(fromBase64("*"), undefined);
});
