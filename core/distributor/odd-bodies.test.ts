/** Odd bodies that are pushes all the same, with what is stored of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtoWriter } from "../bytes/proto.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { around, DECODERS, type Kind, message, otlpRecord, records } from "./testing/bodies.ts";

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
