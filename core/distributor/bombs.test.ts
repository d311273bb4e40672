/**
 * Bodies that are small on the wire and would be large, deep or slow once they are read: each is refused with the
 * bound that it passes, before it is held.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtoWriter } from "../bytes/proto.ts";
import { utf8 } from "../bytes/text.ts";
import { snappyEncodeBlock } from "../compress/snappy.ts";
import { portableCodecs } from "../compress/table.ts";
import { BadRequest } from "../model/errors.ts";
import { readBody } from "./body.ts";
import {
  around,
  attribute,
  DECODERS,
  type Kind,
  message,
  nested,
  otlpRecord,
  records,
  times,
} from "./testing/bodies.ts";

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
