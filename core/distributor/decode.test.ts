/**
 * The decoders of pushes. Random pushes are written by JSON.stringify and by the protobuf writer and
 * must come back; damaged bodies must be refused or read, never anything else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ProtoWriter } from "../bytes/proto.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { BadRequest } from "../model/errors.ts";
import { decodeJson } from "./decode-json.ts";
import { decodeProto } from "./decode-proto.ts";
import type { RawStream } from "./raw-stream.ts";
import { setTime } from "./rows-builder.ts";

type Metadata = Record<string, string>;
type Row = [time: bigint, line: string, metadata?: Metadata];
type Stream = [labels: string, rows: Row[]];

const SECOND = 1_000_000_000n;
const BOUNDS = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/);
const metadata = fc.dictionary(name, fc.string({ unit: "binary", maxLength: 6 }), { maxKeys: 3 });
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.tuple(fc.bigInt(BOUNDS), fc.string({ unit: "binary" })),
  fc.tuple(fc.bigInt(BOUNDS), fc.string({ unit: "binary" }), metadata),
);
const push = fc.array(fc.tuple(fc.dictionary(name, fc.string()), fc.array(row)), { maxLength: 5 });

test("names of metadata are written as names of labels", () => {
  const text =
    '{"streams":[{"stream":{"a":"b"},"values":[["1","x",{"http.method":"GET","ok":"1","7":"z","é":"e"}]]}]}';
  const [stream] = decodeJson(new TextEncoder().encode(text));
  const { symbols, pairs } = stream!.rows.metadata!;
  assert.deepEqual(
    Array.from(pairs, (index) => symbols[index]),
    ["http_method", "GET", "ok", "1", "key_7", "z", "_", "e"],
  );
});

test("decodeJson() reads what JSON.stringify writes", () => {
  fc.assert(
    fc.property(push, fc.constantFrom(undefined, 1, "\t"), (streams, space) => {
      const body = {
        other: [{ deep: [1.5e3, true, null, "\u2028"] }],
        streams: streams.map(([stream, rows]) => ({
          stream,
          hash: -12,
          values: rows.map(([time, ...rest]) => [String(time), ...rest]),
        })),
      };
      const decoded = decodeJson(utf8(JSON.stringify(body, null, space)));
      assert.deepEqual(
        decoded.map(({ rows }) => rowsOf(rows)),
        streams.map(([, rows]) => plain(rows)),
      );
    }),
    { seed: 2 },
  );
});

test("decodeProto() reads what a client writes", () => {
  const labels = fc.dictionary(name, fc.string()).map((object) => JSON.stringify(object));
  fc.assert(
    fc.property(fc.array(fc.tuple(labels, fc.array(row))), (streams) => {
      const decoded = decodeProto(encode(streams)).map(({ labelText, rows }) => [
        labelText,
        rowsOf(rows),
      ]);
      assert.deepEqual(
        decoded,
        streams.map(([text, rows]) => [text, plain(rows)]),
      );
    }),
    { seed: 3 },
  );
});

test("decodeProto() gives views of the body", () => {
  const body = encode([["{}", [[5n, "hello"]]]]);
  assert.equal(decodeProto(body)[0]!.rows.text, body);
});

test("setTime() equals arithmetic of 64 bits and stops at its ends", () => {
  const given = (seconds: number, nanos: number) => {
    const times = new BigInt64Array(1);
    setTime(new Uint32Array(times.buffer), 0, seconds, nanos);
    const exact = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    const want = exact > BOUNDS.max ? BOUNDS.max : exact < BOUNDS.min ? BOUNDS.min : exact;
    assert.equal(times[0], want, `${seconds} s ${nanos} ns`);
  };
  given(9_223_372_036, 854_775_807);
  given(9_223_372_036, 854_775_808);
  given(-9_223_372_036, -854_775_808);
  given(-9_223_372_037, 0);
  given(-9_223_372_037, 145_224_191);
  given(-9_223_372_037, 145_224_192);
  given(-9_223_372_037, 145_224_193);
  given(-9_223_372_038, 999_999_999);
  given(-62_135_596_800, 0);
  given(2 ** 62, 0);
  given(0, -1);
  const seconds = fc.integer({ min: -9_223_372_036, max: 9_223_372_036 });
  fc.assert(fc.property(seconds, fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), given), {
    seed: 4,
    numRuns: 500,
  });
});

test("decodeJson() lets pass what Loki lets pass", () => {
  const given = (text: string, want: [string, ReturnType<typeof rowsOf>][]) =>
    assert.deepEqual(
      decodeJson(utf8(text)).map(({ labelText, rows }) => [labelText, rowsOf(rows)]),
      want,
      text,
    );
  given("{}", []);
  given(" null ", []);
  given('{"streams":null}', []);
  given('{"streams":[]}', []);
  given('{"streams":[{"stream":{"a":"b"},"values":null}]}', [['{a="b"}', []]]);
  given('{"streams":[{"stream":null}]}', [["{}", []]]);
  given('{"streams":[{"values":[["1"]],"stream":{"b":"2","a":"1"}}]}', [
    ['{a="1", b="2"}', [[1n, ""]]],
  ]);
  given('{"streams":[{"stream":{},"values":[["-7","x",{},[1,{"a":null}]]]}]}', [
    ["{}", [[-7n, "x"]]],
  ]);
  given('{"streams":[{"stream":{},"values":[["1","x",null],["2","y",{"k":"v"}]]}]}', [
    [
      "{}",
      [
        [1n, "x"],
        [2n, "y", { k: "v" }],
      ],
    ],
  ]);
  given('{"streams":[{"stream":{},"values":[["1","\\ud83d\\ude00\\ud83dx\\udE00\\/\\t"]]}]}', [
    ["{}", [[1n, "😀\ufffdx\ufffd/\t"]]],
  ]);
  given(
    '{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"2023-10-28T03:00:00.5Z","line":"x"}]}]}',
    [['{a="b"}', [[1698462000_500000000n, "x"]]]],
  );
  given('{"streams":[{"stream":{},"values":[["1","x"]],"values":[["2","y"]]}]}', [
    ["{}", [[2n, "y"]]],
  ]);
});

test("decodeJson() says where and what", () => {
  const given = (text: string, want: string) =>
    assert.throws(
      () => decodeJson(utf8(text)),
      (error) =>
        error instanceof BadRequest && error.message === `push body is not as wanted at ${want}`,
      text,
    );
  const values = (tuple: string) => `{"streams":[{"stream":{},"values":[${tuple}]}]}`;
  given("", "byte 0: expected { of a push, the body ends there");
  given("hello", 'byte 0: expected { of a push, found "hello"');
  given('{"streams":"x"}', 'byte 11: expected [ of the streams, found "\\"x\\"}"');
  given(values('[1,"a"]'), 'byte 36: expected a string for the timestamp, found "1,\\"a\\"]]}]}"');
  given(values('["abc","a"]'), 'byte 37: expected decimal nanoseconds, found "abc\\",\\"a\\"]]}]"');
  given(values('["",""]'), 'byte 37: expected decimal nanoseconds, found "\\",\\"\\"]]}]}"');
  given(
    values('["9223372036854775808","a"]'),
    'byte 37: expected nanoseconds of at most 64 bits, found "922337203685"',
  );
  given(values('["1",5]'), 'byte 40: expected a string for the line, found "5]]}]}"');
  given(values('["1","a",5]'), 'byte 44: expected { of structured metadata, found "5]]}]}"');
  given(values("[]"), 'byte 36: expected a string for the timestamp, found "]]}]}"');
  given(values('["1","a",]'), 'byte 44: expected { of structured metadata, found "]]}]}"');
  given(values('["1","\\x"]'), 'byte 41: expected an escape of JSON, found "\\\\x\\"]]}]}"');
  given(
    '{"streams":[{"stream":{"a":1}}]}',
    'byte 27: expected a string for the value of a label, found "1}}]}"',
  );
  given('{"streams":[]}{', 'byte 14: expected nothing after the end, found "{"');
  given('{"a":01}', 'byte 5: expected a value, found "01}"');
  given(`{"a":${"[".repeat(200)}`, "byte 106: values nested deeper than 100");
  given(
    '{"streams":[{"stream":{"app":"x"},"values":[["1',
    'byte 47: expected the closing ", the body ends there',
  );
});

test("decodeProto() refuses in the words of Go's protobuf", () => {
  const given = (bytes: number[] | Uint8Array, want: string) =>
    assert.throws(
      () => decodeProto(Uint8Array.from(bytes)),
      (error) => error instanceof BadRequest && error.message === want,
    );
  given(utf8("garbage garbage"), "proto: illegal wireType 7"); // Recorded, fixtures/push/README.md.
  given([0x0a, 0x05, 0x0a], "unexpected EOF");
  given([0x0a], "unexpected EOF");
  given([0x08, 0x01], "proto: wrong wireType = 0 for field 1");
  given([0x00, 0x01], "proto: illegal tag 0 (wire type 0)");
  given([0x0a, ...Array.from({ length: 11 }, () => 0xff)], "proto: integer overflow");
});

test("a damaged body gives BadRequest or streams, never anything else", () => {
  const rows: Row[] = [
    [1n, "one\n"],
    [2n, "two", { k: "é" }],
  ];
  const json = utf8(
    JSON.stringify({
      streams: [
        { stream: { a: "b\n" }, values: rows.map(([time, ...rest]) => [String(time), ...rest]) },
      ],
    }),
  );
  for (const [decode, sound] of [
    [decodeJson, json],
    [decodeProto, encode([["{}", rows]])],
  ] as const) {
    for (let size = 0; size < sound.length; size++) tried(() => decode(sound.slice(0, size)));
    for (let bit = 0; bit < 8 * sound.length; bit++) {
      const damaged = sound.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      tried(() => decode(damaged));
    }
  }
});

function tried(decode: () => RawStream[]): void {
  try {
    for (const { rows } of decode()) rowsOf(rows);
  } catch (error) {
    assert.ok(error instanceof BadRequest, String(error));
  }
}

function rowsOf({ rows, times, text, starts, ends, metadata }: RawStream["rows"]): Row[] {
  return Array.from({ length: rows }, (_, index): Row => {
    assert.ok(starts[index]! <= ends[index]! && ends[index]! <= text.length);
    const line = fromUtf8(text, starts[index], ends[index]);
    if (metadata === undefined) return [times[index]!, line];
    const { symbols, firsts, pairs } = metadata;
    const object: Metadata = {};
    for (let pair = firsts[index]!; pair < firsts[index + 1]!; pair++) {
      object[symbols[pairs[2 * pair]!]!] = symbols[pairs[2 * pair + 1]!]!;
    }
    return Object.keys(object).length === 0 ? [times[index]!, line] : [times[index]!, line, object];
  });
}

/** Rows as they come back: empty metadata is none. */
function plain(rows: Row[]): Row[] {
  return rows.map(([time, line, object = {}]) =>
    Object.keys(object).length === 0 ? [time, line] : [time, line, { ...object }],
  );
}

function encode(streams: readonly Stream[]): Uint8Array {
  const request = new ProtoWriter();
  for (const [labels, rows] of streams) {
    const stream = new ProtoWriter().string(1, labels);
    for (const [time, line, object = {}] of rows) {
      // Nanoseconds count up from a second, before 1970 too.
      const nanos = ((time % SECOND) + SECOND) % SECOND;
      const moment = new ProtoWriter().int64(1, (time - nanos) / SECOND).int64(2, nanos);
      const entry = new ProtoWriter().message(1, moment).string(2, line);
      for (const [key, value] of Object.entries(object)) {
        entry.message(3, new ProtoWriter().string(1, key).string(2, value));
      }
      stream.message(2, entry);
    }
    request.message(1, stream.uint(3, 7)).uint(9, 1);
  }
  return request.take();
}
