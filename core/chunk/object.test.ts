/** Objects and their names: what old writers did, what is damaged, and texts that JSON must escape. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../bytes/crc32c.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { snappyFrame, snappyUnframe } from "../compress/snappy-frame.ts";
import { labelsOf } from "../labels/labels.ts";
import { Corrupt } from "../model/errors.ts";
import { chunkKey, filesystemKey, fromFilesystemKey, parseChunkKey } from "./keys.ts";
import { type ChunkObject, decodeObject, encodeObject } from "./object.ts";

const OBJECT: ChunkObject = {
  tenant: "team-a",
  fingerprint: 2n ** 64n - 1n,
  fromMs: 1_700_000_000_007,
  throughMs: 1_700_000_001_000,
  labels: labelsOf({ app: "shop", Zone: "b", fingerprint: "123" }),
  chunk: utf8("any bytes"),
};

test("decodeObject() gives back what was encoded", () => {
  const given = (change: Partial<ChunkObject>) => {
    const object = { ...OBJECT, ...change };
    const bytes = encodeObject(object);
    assert.deepEqual(decodeObject(bytes), { ...object, checksum: crc32c(bytes) });
  };
  given({});
  given({ labels: [], chunk: new Uint8Array(0), fingerprint: 0n });
  given({ fromMs: -1500, throughMs: -7 });
  given({ fromMs: 0, throughMs: 999 });
  given({ labels: labelsOf({ a: '"fingerprint":7,', b: '\\"\n\r\t\b\u0001\u2028ü😀</>&' }) });
  for (let ms = 0; ms < 1000; ms++) given({ fromMs: 1_698_462_000_000 + ms });
});

test("encodeObject() writes JSON in Loki's order and escapes", () => {
  const labels = labelsOf({ app: "\b\u0001<\n>\u007f", Zone: "b" });
  const bytes = encodeObject({ ...OBJECT, labels });
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  assert.equal(
    fromUtf8(snappyUnframe(bytes.subarray(4, size), 1000)),
    '{"fingerprint":18446744073709551615,"userID":"team-a","from":1700000000.007,' +
      '"through":1700000001,"metric":{"Zone":"b","__name__":"logs",' +
      '"app":"\\u0008\\u0001<\\n>\u007f"},"encoding":129}\n',
  );
});

test("decodeObject() takes what old writers wrote", () => {
  const json = JSON.stringify({
    encoding: 128,
    metric: { b: "2", __name__: "logs", a: "1" },
    through: 2.5,
    from: 1,
    userID: "t",
  }).replace("{", '{ "fingerprint" : 9 , ');
  for (const counted of [0, 4]) {
    const object = decodeObject(objectOf(json, { counted }));
    assert.deepEqual(object.labels, labelsOf({ a: "1", b: "2" }));
    const { fingerprint, fromMs, throughMs, tenant, chunk } = object;
    assert.deepEqual([fingerprint, fromMs, throughMs, tenant], [9n, 1000, 2500, "t"]);
    assert.equal(fromUtf8(chunk), "chunk");
  }
});

test("decodeObject() is Corrupt on every flipped bit when the checksum is known, and on every cut", () => {
  const bytes = encodeObject(OBJECT);
  const checksum = crc32c(bytes);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const damaged = bytes.slice().with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
    assert.throws(() => decodeObject(damaged, { checksum }), Corrupt, `bit ${bit}`);
  }
  for (let size = 0; size < bytes.length; size++) {
    assert.throws(() => decodeObject(bytes.subarray(0, size)), Corrupt, `${size} bytes`);
  }
});

test("decodeObject() is Corrupt on metadata that makes no sense", () => {
  const good = `{"fingerprint":1,"userID":"t","from":1,"through":2,"metric":{"a":"b"},"encoding":129}`;
  assert.equal(decodeObject(objectOf(good)).tenant, "t");
  const given = (from: string, to: string) => {
    assert.ok(good.includes(from));
    assert.throws(() => decodeObject(objectOf(good.replace(from, to))), Corrupt, to);
  };
  given("129", "0");
  given('"t"', "7");
  given('"b"', "7");
  given('"from":1', '"from":"1"');
  given('{"a":"b"}', "null");
  given('"fingerprint":1', '"fingerprint":18446744073709551616');
  given('"fingerprint":1', '"fingerprint":"1"');
  given("}", "");
  assert.throws(() => decodeObject(objectOf("[]")), Corrupt);
  assert.throws(() => decodeObject(objectOf("7")), Corrupt);
  assert.throws(() => decodeObject(objectOf(" ".repeat(2 << 20))), Corrupt);
});

test("keys are parsed as they are made, in both forms and both stores", () => {
  const names = [
    {
      tenant: "fake",
      fingerprint: 0xc3a8d9abf646ef12n,
      fromMs: 1.7e12,
      throughMs: 1.7e12 + 1000,
      checksum: 0xbfe03d54,
    },
    { tenant: "t!e.n'(a)nt", fingerprint: 1n, fromMs: -5, throughMs: 0, checksum: 0 },
  ];
  for (const name of names) {
    for (const schema of ["v11", "v13"] as const) {
      const key = chunkKey(schema, name.tenant, name.fingerprint, name);
      assert.deepEqual(parseChunkKey(key), name);
      assert.equal(fromFilesystemKey(filesystemKey(key)), key);
    }
  }
});

test("what is no key is not parsed", () => {
  const given = (text: string) => {
    assert.equal(parseChunkKey(text), undefined, text);
    assert.throws(() => fromFilesystemKey(text), Corrupt, text);
  };
  given("");
  given("fake");
  given("index/loki_index_19658/1-vm-1.tsdb.gz");
  given("fake/xyz/1:2:3");
  given("fake/a/1:2");
  given("fake/a/1:2:3:4");
  given("fake/a/1/2:3");
  given("fake/0123456789abcdef0/1:2:3");
});

/** An object around "chunk" with the given metadata. `counted` is what its first length counts of itself. */
function objectOf(json: string, { counted = 4 } = {}): Uint8Array {
  const metadata = snappyFrame(utf8(json));
  const out = new ByteWriter();
  out.u32(metadata.length + counted);
  out.raw(metadata);
  out.u32(5);
  out.raw(utf8("chunk"));
  return out.take();
}
