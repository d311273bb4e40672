/**
 * Bodies that are small on the wire and would be large, deep or slow once they are read: each is refused with the
 * bound that it passes, before it is held. And odd ones that are pushes all the same, with what is stored of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtoWriter } from "../bytes/proto.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";

import { snappyEncodeBlock } from "../compress/snappy.ts";
import { portableCodecs } from "../compress/table.ts";
import { BadRequest } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { readBody } from "./body.ts";
import { decodeJson } from "./decode-json.ts";
import { decodeProto } from "./decode-proto.ts";
import { decodeOtlpJson } from "./otlp-json.ts";
import { decodeOtlpProto } from "./otlp-proto.ts";
import { otlpRulesOf } from "./otlp-rules.ts";
import { OtlpStreams } from "./otlp-streams.ts";

const otlp = (decode: (bytes: Uint8Array, into: OtlpStreams) => void) => (bytes: Uint8Array) => {
  const into = new OtlpStreams(otlpRulesOf(DEFAULT_LIMITS.otlp), 7n);
  decode(bytes, into);
  return into.take();
};
const DECODERS = {
  json: decodeJson,
  proto: decodeProto,
  "otlp json": otlp(decodeOtlpJson),
  "otlp proto": otlp(decodeOtlpProto),
};
type Kind = keyof typeof DECODERS;

/** Bytes again and again. */
function times(count: number, bytes: Uint8Array | string): Uint8Array {
  const one = typeof bytes === "string" ? utf8(bytes) : bytes;
  const all = new Uint8Array(one.length * count);
  for (let index = 0; index < count; index++) all.set(one, index * one.length);
  return all;
}

function around(before: string, middle: Uint8Array | string, after: string): Uint8Array {
  const parts = [utf8(before), typeof middle === "string" ? utf8(middle) : middle, utf8(after)];
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const message = (field: number, bytes: Uint8Array) => new ProtoWriter().bytes(field, bytes).take();
/** A message in a message in a message … */
function nested(fields: readonly number[], inner: Uint8Array): Uint8Array {
  return fields.reduceRight((bytes, field) => message(field, bytes), inner);
}
const records = (record: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
const otlpRecord = (record: Uint8Array) => nested([1, 2, 2], record);
const attribute = (key: string, value: Uint8Array) =>
  message(6, new ProtoWriter().string(1, key).bytes(2, value).take());

function refused(name: string, kind: Kind, make: () => Uint8Array, status: number, text: RegExp) {
  test(`${kind}: ${name} is ${status}`, () => {
    assert.throws(
      () => DECODERS[kind](make()),
      (error) => {
        assert.ok(error instanceof BadRequest, String(error));
        assert.equal(error.status, status, error.message);
        assert.match(error.message, text);
        assert.ok(error.message.length < 500, `${error.message.length} characters`);
        return true;
      },
    );
  });
}

const TOO_MANY = (max: number, what: string) =>
  new RegExp(`^push has more than ${max} ${what}, send it in parts$`);

refused(
  "a stream of two bytes, many times",
  "proto",
  () => times(100_001, Uint8Array.of(0x0a, 0)),
  413,
  TOO_MANY(100_000, "streams"),
);
refused(
  "a stream of nothing, many times",
  "json",
  () => around('{"streams":[', times(100_001, "{},"), "{}]}"),
  413,
  TOO_MANY(100_000, "streams"),
);
refused(
  "labels without end",
  "json",
  () => {
    const pairs = Array.from({ length: 300_000 }, (_, index) => `"a${index}":""`);
    return utf8(`{"streams":[{"stream":{${pairs.join(",")}}}]}`);
  },
  413,
  TOO_MANY(262_144, "members of a label"),
);
refused(
  "labels without end",
  "proto",
  () => message(1, message(1, around('{a="', times(1 << 24, "x"), '"}'))),
  413,
  TOO_MANY(1 << 24, "characters of labels"),
);
refused(
  "lines of two bytes, many times",
  "proto",
  () => message(1, times((1 << 22) + 1, Uint8Array.of(0x12, 0))),
  413,
  TOO_MANY(1 << 22, "lines"),
);
refused(
  "a resource of nothing, many times",
  "otlp proto",
  () => times(500_001, Uint8Array.of(0x0a, 0)),
  413,
  TOO_MANY(500_000, "resources and scopes"),
);
refused(
  "a resource of nothing, many times",
  "otlp json",
  () => around('{"resourceLogs":[', times(500_001, "{},"), "{}]}"),
  413,
  TOO_MANY(500_000, "resources and scopes"),
);
refused(
  "a record of nothing, many times",
  "otlp proto",
  () => nested([1, 2], times(500_001, Uint8Array.of(0x12, 0))),
  413,
  TOO_MANY(500_000, "records"),
);
refused(
  "attributes of nothing, many times",
  "otlp proto",
  () => otlpRecord(times((1 << 22) + 1, Uint8Array.of(0x32, 0))),
  413,
  TOO_MANY(1 << 22, "attributes and values"),
);
refused(
  "an array of nothing, many times",
  "otlp json",
  () =>
    around(
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":[',
      times((1 << 22) + 1, "{},"),
      "{}]}}}]}]}]}",
    ),
  413,
  TOO_MANY(1 << 22, "attributes and values"),
);

// A name of a hundred kilobytes would stand before each of a thousand names.
const LONG = "n".repeat(100_000);
refused(
  "a long name around many short ones",
  "otlp json",
  () => {
    const inner = Array.from(
      { length: 1000 },
      (_, index) => `{"key":"${index}","value":{"intValue":1}}`,
    );
    return utf8(
      records(`{"attributes":[{"key":"${LONG}","value":{"kvlistValue":{"values":[${inner}]}}}]}`),
    );
  },
  413,
  TOO_MANY(1 << 26, "characters of names of nested attributes"),
);
refused(
  "a long name around many short ones",
  "otlp proto",
  () => {
    const pairs = Array.from({ length: 1000 }, (_, index) =>
      message(
        1,
        new ProtoWriter()
          .string(1, String(index))
          .bytes(2, new ProtoWriter().uint(3, 1).take())
          .take(),
      ),
    );
    const map = message(6, Uint8Array.from(pairs.flatMap((bytes) => [...bytes])));
    return otlpRecord(attribute(LONG, map));
  },
  413,
  TOO_MANY(1 << 26, "characters of names of nested attributes"),
);

refused(
  "arrays in arrays",
  "json",
  () => around('{"x":', times(100_000, "["), ""),
  400,
  /nested deeper than 100$/,
);
refused(
  "objects in objects",
  "json",
  () => around('{"x":', times(100_000, '{"x":'), ""),
  400,
  /nested deeper than 100$/,
);
refused(
  "arrays in arrays",
  "otlp json",
  () => around('{"x":', times(100_000, "["), ""),
  400,
  /nested deeper than 100$/,
);
refused(
  "values in values",
  "otlp json",
  () =>
    around(
      records("").slice(0, -7),
      times(100_000, '{"body":{"arrayValue":{"values":['.slice(8)),
      "",
    ),
  400,
  /^push body is not as wanted/,
);
refused(
  "values in values that end",
  "otlp json",
  () => {
    const open = '{"arrayValue":{"values":[';
    return utf8(records(`{"body":${open.repeat(100)}${"]}}".repeat(100)}}`));
  },
  400,
  /a value nested at most 64 deep/,
);
refused(
  "values in values",
  "otlp proto",
  () => {
    let value = new Uint8Array(0);
    for (let depth = 0; depth < 5000; depth++)
      value = new Uint8Array(message(5, message(1, value)));
    return otlpRecord(message(5, value));
  },
  400,
  /nested deeper than 64$/,
);
refused(
  "groups in groups",
  "proto",
  () => times(1_000_000, Uint8Array.of(0x7b)),
  400,
  /^unexpected EOF$/,
);
refused(
  "groups in groups",
  "otlp proto",
  () => times(1_000_000, Uint8Array.of(0x7b)),
  400,
  /^proto: /,
);
refused(
  "the end of a group that did not begin",
  "proto",
  () => Uint8Array.of(0x7c),
  400,
  /^proto: wiretype end group for non-group$/,
);
refused(
  "a varint of eleven bytes",
  "proto",
  () => Uint8Array.of(...times(10, Uint8Array.of(0xff)), 1),
  400,
  /^proto: integer overflow$/,
);
refused("field number 0", "proto", () => Uint8Array.of(2, 0), 400, /^proto: illegal tag 0/);
const nanos = (count: number) =>
  message(1, message(2, message(1, new ProtoWriter().uint(2, count).take())));
refused(
  "a second of a second",
  "proto",
  () => nanos(1e9),
  400,
  /^timestamp: nanos are 1000000000, not in range \[0, 1e9\)$/,
);

test("a snappy size that lies is told before anything of that size is held", async () => {
  const sized = (...size: number[]) => Uint8Array.of(...size, 0, 0x61);
  const given = async (bytes: Uint8Array, status: number, text: RegExp) => {
    const held: number[] = [];
    const body = {
      bytes,
      contentType: "application/x-protobuf",
      contentEncoding: "",
      hold: (size: number) => void held.push(size),
    };
    await assert.rejects(readBody(body, portableCodecs, 1000), (error) => {
      assert.ok(error instanceof BadRequest, String(error));
      assert.deepEqual([error.status, text.test(error.message)], [status, true], error.message);
      return true;
    });
    assert.ok(
      held.every((size) => size <= 1000),
      String(held),
    );
  };
  const CORRUPT = /^snappy: corrupt input$/;
  await given(
    sized(0xff, 0xff, 0xff, 0xff, 0x0f),
    400,
    /^received message larger than max \(4294967295 vs 2147483647\)$/,
  );
  await given(sized(0xff, 0xff, 0xff, 0xff, 0x07), 400, CORRUPT);
  await given(
    sized(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    400,
    /^(snappy: corrupt input|received message larger)/,
  );
  await given(
    sized(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
    400,
    CORRUPT,
  );
  await given(sized(2), 400, CORRUPT);
  await given(sized(0), 400, CORRUPT);
  await given(
    snappyEncodeBlock(new Uint8Array(1001)),
    413,
    /^request body too large: 1001 bytes decompressed, limit 1000 \(distributor\.max_decompressed_size\)$/,
  );
});

type Row = readonly [time: bigint, line: string, ...pairs: string[]];

function taken(
  name: string,
  kind: Kind,
  body: Uint8Array | string,
  want: readonly (readonly [labels: string, ...rows: Row[]])[],
) {
  test(`${kind}: ${name} is taken`, () => {
    const decoded = DECODERS[kind](typeof body === "string" ? utf8(body) : body);
    const got = decoded.map(({ labelText, rows }) => [
      labelText,
      ...Array.from({ length: rows.rows }, (_, row) => {
        const { metadata } = rows;
        const pairs =
          metadata === undefined
            ? []
            : Array.from(
                metadata.pairs.subarray(2 * metadata.firsts[row]!, 2 * metadata.firsts[row + 1]!),
                (index) => metadata.symbols[index]!,
              );
        return [rows.times[row], fromUtf8(rows.text, rows.starts[row]!, rows.ends[row]!), ...pairs];
      }),
    ]);
    assert.deepEqual(got, want);
  });
}

const one = (values: string, labels = '{"a":"b"}') =>
  `{"streams":[{"stream":${labels},"values":[${values}]}]}`;
const AB = '{a="b"}';
taken(
  "a member twice, of which the last counts",
  "json",
  '{"streams":[{"stream":{"a":"x"},"values":[["1","no"]],"stream":{"a":"y","a":"b"},"values":[["2","yes"]]}]}',
  [[AB, [2n, "yes"]]],
);
taken(
  "streams twice, of which the last count",
  "json",
  `{"streams":[{"stream":{"a":"x"},"values":[["1","no"]]}],${one('["2","yes"]').slice(1)}`,
  [[AB, [2n, "yes"]]],
);
taken("half of a pair of surrogates", "json", one('["1","a\\ud800b\\udc00\\ud83d\\ude00"]'), [
  [AB, [1n, "a\ufffdb\ufffd\u{1f600}"]],
]);
taken("NUL in a line", "json", one('["1","a\\u0000b"]'), [[AB, [1n, "a\0b"]]]);
taken(
  "a line that is no UTF-8",
  "json",
  around('{"streams":[{"stream":{"a":"b"},"values":[["1","', Uint8Array.of(0xff, 0x41), '"]]}]}'),
  [[AB, [1n, "\ufffdA"]]],
);
taken("before 1970", "json", one('["-1","x"]'), [[AB, [-1n, "x"]]]);
taken("the last nanosecond of 64 bits", "json", one('["9223372036854775807","x"]'), [
  [AB, [2n ** 63n - 1n, "x"]],
]);
taken("an empty name of metadata", "json", one('["1","x",{"":"v"}]'), [[AB, [1n, "x", "", "v"]]]);
taken(
  "__proto__ as any other name",
  "json",
  one('["1","x",{"__proto__":"v"}]', '{"__proto__":"b"}'),
  [['{__proto__="b"}', [1n, "x", "__proto__", "v"]]],
);

const entryOf = (...fields: Uint8Array[]) =>
  message(
    1,
    Uint8Array.from([
      ...new ProtoWriter().string(1, AB).take(),
      ...message(2, Uint8Array.from(fields.flatMap((bytes) => [...bytes]))),
    ]),
  );
const at = (seconds: number, nano: number) =>
  message(1, new ProtoWriter().uint(1, seconds).uint(2, nano).take());
const line = (text: string) => new ProtoWriter().string(2, text).take();
taken(
  "a time and a line twice, of which the last count",
  "proto",
  entryOf(at(1, 1), line("no"), at(2, 5), line("yes")),
  [[AB, [2_000_000_005n, "yes"]]],
);
taken(
  "fields and groups that nobody knows",
  "proto",
  entryOf(
    Uint8Array.of(0x7b, 0x73, 0x08, 0x01, 0x74, 0x7c),
    new ProtoWriter().uint(15, 1).take(),
    Uint8Array.of(0x71, 1, 2, 3, 4, 5, 6, 7, 8, 0x6d, 1, 2, 3, 4),
    line("x"),
    at(0, 7),
  ),
  [[AB, [7n, "x"]]],
);
taken(
  "a tag and a length in more bytes than they need",
  "proto",
  entryOf(Uint8Array.of(0x92, 0x80, 0x00, 0x81, 0x80, 0x00, 0x78), at(0, 7)),
  [[AB, [7n, "x"]]],
);
taken(
  "after 2262, which is its last nanosecond",
  "proto",
  entryOf(at(99_999_999_999, 0), line("x")),
  [[AB, [2n ** 63n - 1n, "x"]]],
);
taken(
  "the year 1 of Go, which is the first nanosecond",
  "proto",
  entryOf(
    message(1, Uint8Array.of(0x08, 0x80, 0x92, 0xb8, 0xc3, 0x98, 0xfe, 0xff, 0xff, 0xff, 0x01)),
    line("x"),
  ),
  [[AB, [-(2n ** 63n), "x"]]],
);
taken("no time", "proto", entryOf(line("x")), [[AB, [0n, "x"]]]);

const UNKNOWN = '{service_name="unknown_service"}';
taken("nothing of a record", "otlp json", records("{}"), [[UNKNOWN, [7n, ""]]]);
taken(
  "a name twice, of which the last counts",
  "otlp json",
  records(
    '{"attributes":[{"key":"a.b","value":{"stringValue":"no"}},{"key":"a.b","value":{"stringValue":"yes"}}],"timeUnixNano":"1"}',
  ),
  [[UNKNOWN, [1n, "", "a_b", "yes"]]],
);
taken(
  "names that come to the same, of which the last counts",
  "otlp json",
  records(
    '{"attributes":[{"key":"a.b","value":{"stringValue":"no"}},{"key":"a-b","value":{"stringValue":"yes"}}],"timeUnixNano":"1"}',
  ),
  [[UNKNOWN, [1n, "", "a_b", "yes"]]],
);
taken(
  "64 bits of a whole number",
  "otlp json",
  records('{"body":{"intValue":"9223372036854775807"},"timeUnixNano":"1"}'),
  [[UNKNOWN, [1n, "9223372036854775807"]]],
);
taken(
  "a time past 2262",
  "otlp json",
  records('{"body":{"stringValue":"x"},"timeUnixNano":"18446744073709551615"}'),
  [[UNKNOWN, [2n ** 63n - 1n, "x"]]],
);
taken(
  "groups that nobody knows",
  "otlp proto",
  otlpRecord(
    Uint8Array.of(
      0xfb,
      0x01,
      0x08,
      0x01,
      0xfc,
      0x01,
      ...message(5, new ProtoWriter().string(1, "x").take()),
    ),
  ),
  [[UNKNOWN, [7n, "x"]]],
);

test("a resource whose thousands of names are one costs its records one", () => {
  const names = Array.from({ length: 1 << 12 }, (_, index) =>
    index.toString(2).padStart(12, "0").replaceAll("0", ".").replaceAll("1", "-"),
  );
  const attributes = names.map((key) => `{"key":"${key}","value":{"stringValue":"v"}}`);
  const rows = new Array(20_000).fill('{"timeUnixNano":"1"}');
  const [stream] = DECODERS["otlp json"](
    utf8(
      `{"resourceLogs":[{"resource":{"attributes":[${attributes}]},"scopeLogs":[{"logRecords":[${rows}]}]}]}`,
    ),
  );
  assert.equal(stream!.rows.rows, 20_000);
  assert.equal(stream!.rows.metadata!.pairs.length, 2 * 20_000);
});
