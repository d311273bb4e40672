/** Bytes to strings: as Go has them where they are no UTF-8, and the same value the same string. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleanText, decodeClean, decodeText, hashText, KnownValues } from "./text.ts";

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);

test("decodeText() makes one U+FFFD of each byte that is no UTF-8", () => {
  const given = (input: Uint8Array, want: string) =>
    assert.equal(decodeText(input, 0, input.length), want);
  given(bytes(0x61, 0xff, 0x62), "a\ufffdb");
  given(bytes(0xe3, 0x81), "\ufffd\ufffd"); // A rune cut off: TextDecoder would join the two.
  given(bytes(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd"); // Half a surrogate pair.
  given(bytes(0xc0, 0x80), "\ufffd\ufffd"); // A longer form than needed.
  given(bytes(0xf4, 0x90, 0x80, 0x80), "\ufffd\ufffd\ufffd\ufffd"); // Past U+10FFFF.
  given(bytes(0xef, 0xbf, 0xbd), "\ufffd");
  given(bytes(0xef, 0xbb, 0xbf, 0x61), "\ufeffa"); // A byte order mark is text.
});

test("decodeClean() has spaces instead", () => {
  const input = bytes(0x61, 0xff, 0xef, 0xbf, 0xbd);
  assert.equal(decodeClean(input, 0, input.length), "a  ");
  assert.equal(cleanText("x\ufffd"), "x ");
});

test("KnownValues give the text of any bytes, and its hash", () => {
  const known = new KnownValues();
  const encoder = new TextEncoder();
  const short = fc.string({ maxLength: 3 });
  fc.assert(
    fc.property(fc.oneof(short, fc.string({ unit: "grapheme", maxLength: 60 })), (text) => {
      const input = encoder.encode(`<${text}>`);
      assert.equal(known.exact(input, 1, input.length - 1), text);
      assert.equal(known.hash, hashText(text));
      assert.equal(known.clean(input, 1, input.length - 1), cleanText(text));
    }),
    { seed: 1, numRuns: 2000 },
  );
});
