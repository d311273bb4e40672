/** The runtime's codecs, put to the contract of their port, and against the portable ones both ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, utf8 } from "../../core/bytes/text.ts";
import { joined } from "../../core/compress/joined.ts";
import { portableCodecs } from "../../core/compress/table.ts";
import { TooLarge } from "../../core/model/errors.ts";
import { codecsContract } from "../../core/ports/codecs.contract.ts";
import { ENCODINGS } from "../../core/ports/codecs.ts";
import { bunCodecs } from "./codecs.ts";

codecsContract("bun", bunCodecs);

test("what one side wrote the other reads", async () => {
  const text = utf8(`${"a line of log, ".repeat(9000)}the end`);
  const options = { sizeMax: text.length };
  for (const [name, encoding] of Object.entries(ENCODINGS)) {
    const native = await bunCodecs.compress(encoding, text);
    assert.deepEqual(await portableCodecs.decompress(encoding, native, options), text, name);
    if (name === "zstd") continue;
    const portable = await portableCodecs.compress(encoding, text);
    assert.deepEqual(await bunCodecs.decompress(encoding, portable, options), text, name);
  }
});

test("gzip has Loki's header, and several members in a row are read", () => {
  const packed = bunCodecs.compress(ENCODINGS.gzip, utf8("abc")) as Uint8Array;
  assert.deepEqual(packed.subarray(0, 10), fromHex("1f8b080000096e8800ff"));
  const twice = Uint8Array.of(...packed, ...packed);
  assert.deepEqual(bunCodecs.decompress(ENCODINGS.gzip, twice, { sizeMax: 6 }), utf8("abcabc"));
});

test("the limit holds over all members, whatever the last of them tells of its size", () => {
  const noise = Uint8Array.from({ length: 200_000 }, (_, index) => (index * index) >>> 3);
  for (const [first, last] of [
    [noise, utf8("abc")],
    [utf8("abc"), noise],
    [noise, noise],
  ] as const) {
    const packed = inRow(
      bunCodecs.compress(ENCODINGS.gzip, first) as Uint8Array,
      bunCodecs.compress(ENCODINGS.gzip, last) as Uint8Array,
    );
    const size = first.length + last.length;
    const text = bunCodecs.decompress(ENCODINGS.gzip, packed, { sizeMax: size });
    assert.deepEqual(text, inRow(first, last));
    const over = () => bunCodecs.decompress(ENCODINGS.gzip, packed, { sizeMax: size - 1 });
    assert.throws(over, TooLarge);
  }
});

function inRow(...parts: Uint8Array[]): Uint8Array {
  return joined(
    parts,
    parts.reduce((size, part) => size + part.length, 0),
  );
}
