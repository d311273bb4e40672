import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../bytes/text.ts";
import { Random } from "../sim/random.ts";
import { crcBase64, Integrity, partOf, WHOLE_CRC } from "./integrity.ts";
import { md5 } from "./md5.ts";
import { DAMAGED, S3Failure } from "./s3-failure.ts";
import type { Found } from "./s3-wire.ts";

const BYTES = new Random(1).bytes(100);
const ETAG = toHex(md5(BYTES));

function found(rest: Partial<Found> = {}): Found {
  return { bytes: BYTES.slice(), size: 100, opaqueEtag: false, metadata: {}, ...rest };
}

const fails = (code: string) => (error: unknown) =>
  error instanceof S3Failure && error.code === code;

/** Every flip of one bit of BYTES, in an answer that has this to prove them. */
function assertFlipsFound(integrity: Integrity, rest: Partial<Found>): void {
  for (let bit = 0; bit < 8 * BYTES.length; bit++) {
    const bytes = BYTES.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => integrity.read(found({ bytes, ...rest })), fails(DAMAGED), `bit ${bit}`);
  }
}

test("read() finds every flipped bit by the CRC, whoever gave it", () => {
  const integrity = new Integrity();
  const crc32c = crcBase64(BYTES);
  assert.deepEqual(integrity.read(found({ crc32c })), BYTES);
  assertFlipsFound(integrity, { crc32c });
  assertFlipsFound(integrity, { metadata: { [WHOLE_CRC]: crc32c } });
});

test("read() finds every flipped bit by the ETag, once an ETag was an MD5", () => {
  const integrity = new Integrity();
  const other = "0".repeat(32);
  assert.deepEqual(integrity.read(found({ etag: other })), BYTES);
  assert.deepEqual(integrity.read(found({ etag: ETAG })), BYTES);
  assertFlipsFound(integrity, { etag: ETAG });
  assert.throws(() => integrity.read(found({ etag: other })), fails(DAMAGED));
  assert.deepEqual(integrity.read(found({ etag: other, opaqueEtag: true })), BYTES);
  assert.deepEqual(integrity.read(found({ etag: `${other}-2` })), BYTES);
});

test("read() finds a body that ended early", () => {
  const short = found({ bytes: BYTES.subarray(0, 99) });
  assert.throws(() => new Integrity().read(short), fails("IncompleteBody"));
});

test("read() of a range wants that range, or all of the object", () => {
  const integrity = new Integrity();
  const wanted = { offset: 90, size: 20 };
  const bytes = BYTES.subarray(90);
  const part = (range: string, rest = {}) =>
    integrity.read(found({ bytes, size: 10, range, ...rest }), wanted);
  assert.deepEqual(part("bytes 90-99/100"), bytes);
  assert.deepEqual(integrity.read(found(), wanted), bytes);
  for (const range of [
    "bytes 91-99/100",
    "bytes 90-99/101",
    "bytes 90-98/100",
    "bytes 90-99/*",
    "x",
  ]) {
    assert.throws(() => part(range), fails("IncompleteBody"), range);
  }
});

test("written() wants the MD5 that was sent, where ETags are MD5s", () => {
  const integrity = new Integrity();
  const part = partOf(BYTES);
  const other = { etag: "0".repeat(32) };
  integrity.written(part, other, false);
  integrity.written(part, { etag: ETAG }, false);
  assert.throws(() => integrity.written(part, other, false), fails(DAMAGED));
  integrity.written(part, other, true);
  integrity.written(part, {}, false);
});
