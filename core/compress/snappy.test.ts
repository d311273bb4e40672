/**
 * Snappy by both of its ways, the kernel and snappyjs: each must read what the other wrote, and both must
 * agree on what is damaged. Then the framing, byte by byte.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { uncompress } from "snappyjs";
import { fromHex, toHex, utf8 } from "../bytes/text.ts";
import { Corrupt } from "../model/errors.ts";
import { snappyDecodeBlock, snappyEncodeBlock } from "./snappy.ts";
import { snappyFrame, snappyUnframe } from "./snappy-frame.ts";
import { snappyKernel } from "./snappy-kernel.ts";
import { decodePlain, encodePlain } from "./snappy-plain.ts";

const SIZE_MAX = 1 << 22;

test("snappyKernel() starts on this runtime", () => {
  assert.ok(snappyKernel(1));
  assert.equal(snappyKernel(2 ** 31), undefined);
});

test("snappyDecodeBlock() and snappyEncodeBlock() understand snappyjs, and it them", () => {
  for (const text of texts()) {
    const [ours, theirs] = [snappyEncodeBlock(text), encodePlain(text)];
    for (const block of [ours, theirs]) {
      assert.deepEqual(snappyDecodeBlock(block, SIZE_MAX), text, `${text.length} bytes`);
      assert.deepEqual(decodePlain(block), text, `${text.length} bytes`);
    }
    if (text.length > 0) assert.deepEqual(new Uint8Array(uncompress(ours)), text);
  }
});

test("a block too large for the kernel goes by snappyjs", () => {
  const text = new Uint8Array(40_000_000).fill(0x61);
  const block = snappyEncodeBlock(text);
  assert.ok(block.length < 2_000_000);
  assert.equal(Buffer.compare(snappyDecodeBlock(block, 40_000_000), text), 0);
});

test("both decoders agree on every damaged bit and every cut", () => {
  const block = snappyEncodeBlock(utf8(`${"a line that repeats; ".repeat(9)}${"x".repeat(200)}`));
  const damaged = [
    ...Array.from({ length: 8 * block.length }, (_, bit) =>
      block.with(bit >> 3, block[bit >> 3]! ^ (1 << (bit & 7))),
    ),
    ...Array.from({ length: block.length }, (_, size) => block.slice(0, size)),
  ];
  for (const bytes of damaged) {
    const [fast, plain] = [
      () => snappyDecodeBlock(bytes, 4096),
      () => plainWithin(bytes, 4096),
    ].map((decode) => {
      try {
        return decode();
      } catch (error) {
        assert.ok(error instanceof Corrupt, String(error));
        return "corrupt";
      }
    });
    assert.deepEqual(fast, plain);
  }
});

test("both decoders read copies of every kind", () => {
  const given = (hex: string, want: string) => {
    assert.deepEqual(snappyDecodeBlock(fromHex(hex), 100), utf8(want), hex);
    assert.deepEqual(decodePlain(fromHex(hex)), utf8(want), hex);
  };
  given("00", "");
  given("09086162630903", "abcabcabc");
  given("0908616263160300", "abcabcabc");
  given("09086162631703000000", "abcabcabc");
  given("0b0061260100", "aaaaaaaaaaa");
  given("04f00361626364", "abcd");
  given("04fc0300000061626364", "abcd");
  const near = Array.from({ length: 16 }, (_, index) => index + 1);
  for (const offset of near) {
    const start = "abcdefghijklmnop".slice(0, offset);
    const hex = [40 + offset, (offset - 1) << 2, ...utf8(start), 0x02 | (39 << 2), offset, 0];
    given(toHex(Uint8Array.from(hex)), start.repeat(60).slice(0, 40 + offset));
  }
});

test("snappyDecodeBlock() is Corrupt on lies about sizes and offsets", () => {
  const given = (title: string, hex: string) =>
    assert.throws(() => snappyDecodeBlock(fromHex(hex), 1 << 20), Corrupt, title);
  given("no size", "");
  given("a size without end", "ffffffffff01");
  given("a size over 32 bits", "ffffffff7f");
  given("a size over the limit", "8080800100");
  given("fewer bytes than declared", "050061");
  given("more bytes than declared", "0108616263");
  given("a literal past the end", "05106162");
  given("a literal of 2^32 bytes", "05fcffffffff61");
  given("a copy from before the start", "0500610105");
  given("a copy of offset 0", "0500610100");
  given("a copy without its offset", "05006101");
});

test("snappyFrame() stores what does not shrink, and writes nothing for nothing", () => {
  assert.equal(snappyFrame(new Uint8Array(0)).length, 0);
  assert.deepEqual(
    snappyFrame(utf8("\x07traceID\x03abc\x04user\x03bob")),
    fromHex("ff060000734e61507059011900008d2695fe077472616365494403616263047573657203626f62"),
  );
  const frame = snappyFrame(new Uint8Array(1000));
  assert.equal(frame[10], 0, "compressed");
  assert.ok(frame.length < 100);
});

test("snappyUnframe() skips what may be skipped and refuses the rest", () => {
  const frame = snappyFrame(utf8("hello"));
  const identifier = frame.slice(0, 10);
  const data = frame.slice(10);
  const bytes = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const reads = (input: Uint8Array, want: string) =>
    assert.deepEqual(snappyUnframe(input, 100), utf8(want));
  reads(bytes(identifier, fromHex("80020000ffff"), data, fromHex("fe000000"), data), "hellohello");
  reads(bytes(identifier, data, identifier, data), "hellohello");
  reads(identifier, "");
  const refuses = (title: string, input: Uint8Array) =>
    assert.throws(() => snappyUnframe(input, 100), Corrupt, title);
  refuses("no identifier", data);
  refuses("type 02", bytes(identifier, fromHex("02000000")));
  refuses("type 7f", bytes(identifier, fromHex("7f000000")));
  refuses("identifier damaged", bytes(identifier.with(5, 0x4f), data));
  refuses("crc damaged", bytes(identifier, data.with(5, data[5]! ^ 1)));
  refuses("text damaged", bytes(identifier, data.with(9, data[9]! ^ 1)));
  refuses("too short for a crc", bytes(identifier, fromHex("01030000aabbcc")));
  refuses("over 64 KiB in a frame", bytes(identifier, fromHex("0008000000000000818004ff")));
  assert.throws(() => snappyUnframe(bytes(identifier, data, data), 9), Corrupt);
});

function plainWithin(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const text = decodePlain(bytes);
  if (text.length > sizeMax) throw new Corrupt("over the limit");
  return text;
}

/** Texts around every size at which the encoder changes its ways, of every kind from noise to one byte. */
function texts(): Uint8Array[] {
  const sizes = [0, 1, 14, 15, 16, 17, 59, 60, 61, 62, 64, 65, 68, 255, 256, 257, 300, 5000];
  const large = [65_535, 65_536, 65_537, 131_072, 200_000];
  return [...sizes, ...large].flatMap((size) =>
    [1, 2, 5, 13, 97, 251, 65_521].map((period) => {
      const text = new Uint8Array(size);
      for (let at = 0; at < size; at++) text[at] = ((at % period) * 2_654_435_761) >>> 13;
      return text;
    }),
  );
}
