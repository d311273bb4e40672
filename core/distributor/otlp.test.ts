/** OpenTelemetry's logs from bytes to streams: the wire format by hand, the mapping of spec http-api §3.6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { givenRows } from "../../fixtures/push/rows.ts";
import { ProtoWriter } from "../bytes/proto.ts";
import { fromHex, utf8 } from "../bytes/text.ts";
import { BadRequest } from "../model/errors.ts";
import { DEFAULT_LIMITS, type OtlpConfig } from "../model/limits.ts";
import { decodeOtlpJson } from "./otlp-json.ts";
import { decodeOtlpProto } from "./otlp-proto.ts";
import { otlpRulesOf } from "./otlp-rules.ts";
import { OtlpStreams, RECORDS_MAX } from "./otlp-streams.ts";

const NOW = 1_700_000_000_000_000_000n;
const TIME = 1_763_880_372_123_456_789n;

type Decode = (body: Uint8Array, into: OtlpStreams) => void;
type Given = readonly [labels: string, ...rows: ReturnType<typeof givenRows>];

function decoded(decode: Decode, body: Uint8Array, config: OtlpConfig = DEFAULT_LIMITS.otlp) {
  const into = new OtlpStreams(otlpRulesOf(config), NOW);
  decode(body, into);
  return into.take().map((stream): Given => [stream.labelText, ...givenRows(stream)]);
}

const json = (value: unknown, config?: OtlpConfig) =>
  decoded(decodeOtlpJson, utf8(typeof value === "string" ? value : JSON.stringify(value)), config);
const proto = (message: ProtoWriter, config?: OtlpConfig) =>
  decoded(decodeOtlpProto, message.take(), config);

// The messages, by their field numbers.
const text = (value: string) => new ProtoWriter().string(1, value);
const keyValue = (key: string, value: ProtoWriter) =>
  new ProtoWriter().string(1, key).message(2, value);
const resource = (...attributes: ProtoWriter[]) => repeated(new ProtoWriter(), 1, attributes);
const scopeLogs = (...records: ProtoWriter[]) => repeated(new ProtoWriter(), 2, records);
const request = (...resourceLogs: ProtoWriter[]) => repeated(new ProtoWriter(), 1, resourceLogs);

function repeated(into: ProtoWriter, field: number, messages: readonly ProtoWriter[]): ProtoWriter {
  for (const message of messages) into.message(field, message);
  return into;
}

/** A 64-bit field of eight bytes; ProtoWriter has no such method since doubles are all that we send. */
function fixed64(into: ProtoWriter, field: number, value: bigint): ProtoWriter {
  return into.double(field, new Float64Array(BigUint64Array.of(value).buffer)[0]!);
}

test("every field of a record in protobuf has its place", () => {
  const record = fixed64(new ProtoWriter(), 1, TIME)
    .uint(2, 9)
    .string(3, "Information")
    .message(5, text("the line"))
    .message(6, keyValue("http.status", new ProtoWriter().int64(3, 200n)))
    .message(6, keyValue("ok", new ProtoWriter().bool(2, true)))
    .message(6, keyValue("ratio", new ProtoWriter().double(4, 0.5)))
    .uint(7, 3)
    .bytes(9, fromHex("5b8efff798038103d269b633813fc60c"))
    .bytes(10, fromHex("eee19b7ec3c1b174"));
  fixed64(record, 11, TIME + 1n);
  const scope = new ProtoWriter().string(1, "my.lib").string(2, "1.2").uint(4, 7);
  scope.message(3, keyValue("scope.attr", text("s")));
  const service = keyValue("service.name", text("shop"));
  const logs = new ProtoWriter()
    .message(1, resource(service, keyValue("host.name", text("h1"))).uint(2, 5))
    .message(2, new ProtoWriter().message(1, scope).message(2, record).string(3, "https://schema"))
    .string(3, "https://schema");
  const metadata = {
    resource_dropped_attributes_count: "5",
    host_name: "h1",
    scope_name: "my.lib",
    scope_version: "1.2",
    scope_dropped_attributes_count: "7",
    scope_attr: "s",
    http_status: "200",
    ok: "true",
    ratio: "0.5",
    observed_timestamp: String(TIME + 1n),
    severity_number: "9",
    severity_text: "Information",
    trace_id: "5b8efff798038103d269b633813fc60c",
    span_id: "eee19b7ec3c1b174",
    dropped_attributes_count: "3",
  };
  assert.deepEqual(proto(request(logs)), [['{service_name="shop"}', [TIME, "the line", metadata]]]);
});

test("flags are four bytes, ids of zeros are none, fields of other versions are skipped", () => {
  const record = fixed64(new ProtoWriter(), 1, TIME)
    .message(5, text("x"))
    .bytes(9, new Uint8Array(16));
  const bytes = record.uint(99, 1).string(98, "new").double(97, 1).take();
  // Field 8 with wire type 5.
  const flagged = Uint8Array.of(...bytes, 0x45, 1, 0, 0, 0);
  const scope = new ProtoWriter().bytes(2, flagged);
  const body = request(new ProtoWriter().message(2, scope));
  assert.deepEqual(proto(body), [
    ['{service_name="unknown_service"}', [TIME, "x", { flags: "1" }]],
  ]);
});

test("a resource and a scope count wherever they stand in their message", () => {
  const record = fixed64(new ProtoWriter(), 1, TIME).message(5, text("x"));
  const scope = new ProtoWriter().message(2, record).message(1, new ProtoWriter().string(1, "lib"));
  const service = resource(keyValue("service.name", text("late")));
  const want = [['{service_name="late"}', [TIME, "x", { scope_name: "lib" }]]];
  assert.deepEqual(proto(request(new ProtoWriter().message(2, scope).message(1, service))), want);
  const late = {
    scopeLogs: [
      {
        logRecords: [{ timeUnixNano: String(TIME), body: { stringValue: "x" } }],
        scope: { name: "lib" },
      },
    ],
    resource: { attributes: [{ key: "service.name", value: { stringValue: "late" } }] },
  };
  assert.deepEqual(json({ resourceLogs: [late] }), want);
});

test("JSON has the same fields in camelCase or as the .proto has them, numbers as texts or numbers", () => {
  const camel = {
    timeUnixNano: String(TIME),
    observedTimeUnixNano: "1",
    severityNumber: "SEVERITY_NUMBER_WARN2",
    severityText: "warn",
    body: { stringValue: 'a "quoted" line' },
    attributes: [
      { key: "n", value: { intValue: "9007199254740993" } },
      { key: "f", value: { doubleValue: 1e21 } },
      { key: "b", value: { bytesValue: "AQI=" } },
    ],
    droppedAttributesCount: 2,
    flags: 1,
    traceId: "5B8EFFF798038103D269B633813FC60C",
    spanId: "eee19b7ec3c1b174",
    unknown: { deep: [1, { a: null }] },
  };
  const rows = [
    TIME,
    'a "quoted" line',
    {
      n: "9007199254740993",
      f: "1e+21",
      b: "AQI=",
      observed_timestamp: "1",
      severity_number: "14",
      severity_text: "warn",
      trace_id: "5b8efff798038103d269b633813fc60c",
      span_id: "eee19b7ec3c1b174",
      flags: "1",
      dropped_attributes_count: "2",
    },
  ];
  const want = [['{service_name="unknown_service"}', rows]];
  assert.deepEqual(json({ resourceLogs: [{ scopeLogs: [{ logRecords: [camel] }] }] }), want);
  const snake = JSON.stringify({ resource_logs: [{ scope_logs: [{ log_records: [camel] }] }] })
    .replace("timeUnixNano", "time_unix_nano")
    .replace("observedTimeUnixNano", "observed_time_unix_nano")
    .replace('"SEVERITY_NUMBER_WARN2"', "14")
    .replace(`"${TIME}"`, String(TIME))
    .replace('"9007199254740993"', "9007199254740993")
    .replace("stringValue", "string_value")
    .replace("droppedAttributesCount", "dropped_attributes_count");
  assert.deepEqual(json(snake), want);
});

const record = (more: object) => {
  const rows = json({ resourceLogs: [{ scopeLogs: [{ logRecords: [more] }] }] });
  return rows[0]![1] as ReturnType<typeof givenRows>[number];
};

test("the time is the record's, else when it was observed, else now", () => {
  assert.equal(record({ timeUnixNano: "5", observedTimeUnixNano: "7" })[0], 5n);
  assert.equal(record({ timeUnixNano: "0", observedTimeUnixNano: "7" })[0], 7n);
  assert.equal(record({})[0], NOW);
  // Past what 64 signed bits hold it is their end, which is too new for any limit.
  assert.equal(record({ timeUnixNano: "18446744073709551615" })[0], 2n ** 63n - 1n);
});

test("a body that is no text is its text in JSON", () => {
  const line = (body: object) => record({ body })[1];
  assert.equal(line({ intValue: "-7" }), "-7");
  assert.equal(line({ boolValue: false }), "false");
  assert.equal(line({ doubleValue: 2.5 }), "2.5");
  assert.equal(line({ doubleValue: "NaN" }), "NaN");
  assert.equal(line({ bytesValue: "aGk=" }), "aGk=");
  assert.equal(line({}), "");
  assert.equal(
    line({
      kvlistValue: {
        values: [
          { key: "b", value: { stringValue: "<x>" } },
          { key: "a", value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: "y" }] } } },
        ],
      },
    }),
    '{"a":[1,"y"],"b":"\\u003cx\\u003e"}',
  );
});

test("attributes that are maps become one for each of their own, names become names of labels", () => {
  const map = {
    values: [
      { key: "in.ner", value: { kvlistValue: { values: [{ key: "z", value: { intValue: 1 } }] } } },
    ],
  };
  const [, , metadata] = record({
    attributes: [
      { key: "out", value: { kvlistValue: map } },
      { key: "1st", value: { stringValue: "a" } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }] } } },
      { key: "täg", value: { stringValue: "b" } },
    ],
  });
  assert.deepEqual(metadata, { out_in_ner_z: "1", key_1st: "a", list: '["a"]', t_g: "b" });
});

test("rules of a tenant say what is a label, what is metadata and what is dropped", () => {
  const attributes = ["service.name", "host.name", "k8s.pod.uid", "team", "secret"].map((key) => {
    return { key, value: { stringValue: `${key}!` } };
  });
  const body = {
    resourceLogs: [
      {
        resource: { attributes },
        scopeLogs: [
          {
            scope: { attributes: [attributes[4]] },
            logRecords: [
              {
                timeUnixNano: "1",
                severityText: "INFO",
                attributes: [attributes[4], attributes[3]],
              },
              { timeUnixNano: "2", severityText: "WARN" },
              { timeUnixNano: "3", severityText: "INFO" },
            ],
          },
        ],
      },
    ],
  };
  const drop = [{ action: "drop", attributes: ["secret"], regex: "" }] as const;
  const config: OtlpConfig = {
    resource: [
      { action: "index_label", attributes: ["team"], regex: "" },
      { action: "drop", attributes: [], regex: "k8s\\..*|sec" },
      ...drop,
    ],
    scope: drop,
    log: drop,
    severityTextAsLabel: true,
  };
  const common = { service_name: "service.name!", host_name: "host.name!" };
  assert.deepEqual(json(body, config), [
    [
      '{severity_text="INFO", team="team!"}',
      [1n, "", { ...common, team: "team!" }],
      [3n, "", common],
    ],
    ['{severity_text="WARN", team="team!"}', [2n, "", common]],
  ]);
});

test("resources with equal labels are one stream", () => {
  const logs = (line: string, host: string) => ({
    resource: {
      attributes: [
        { key: "service.name", value: { stringValue: "a" } },
        { key: "host", value: { stringValue: host } },
      ],
    },
    scopeLogs: [{ logRecords: [{ timeUnixNano: "1", body: { stringValue: line } }] }],
  });
  assert.deepEqual(json({ resourceLogs: [logs("x", "h1"), logs("y", "h2")] }), [
    ['{service_name="a"}', [1n, "x", { host: "h1" }], [1n, "y", { host: "h2" }]],
  ]);
});

test("null, an empty body and an empty request are no streams", () => {
  assert.deepEqual(json("{}"), []);
  assert.deepEqual(json('{"resourceLogs":null}'), []);
  assert.deepEqual(json('{"resourceLogs":[{"scopeLogs":null,"resource":null}]}'), []);
  assert.deepEqual(decoded(decodeOtlpProto, new Uint8Array(0)), []);
});

test("JSON that is wrong is refused with the byte where it is", () => {
  const f = (body: string, want: RegExp) =>
    assert.throws(() => json(body), { name: "BadRequest", message: want }, body);
  const of = (rest: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${rest}}]}]}]}`;
  f("", /expected \{ of a request, the body ends there/);
  f("[]", /expected \{ of a request/);
  f('{"resourceLogs":{}}', /expected \[ of resourceLogs/);
  f('{"resourceLogs":[{"scopeLogs":[', /the body ends there/);
  f(`${of("")}x`, /nothing after the end/);
  f(of('"timeUnixNano":"12x"'), /expected decimal nanoseconds, found "12x/);
  f(of('"timeUnixNano":-5'), /expected decimal nanoseconds/);
  f(of('"timeUnixNano":1e18'), /expected decimal nanoseconds/);
  f(of('"severityNumber":"LOUD"'), /expected a severity's number/);
  f(of('"traceId":"xyz"'), /expected a trace id in hexadecimal/);
  f(of('"body":"text"'), /expected \{ of a body/);
  f(of('"body":{"bytesValue":"!"}'), /expected bytes in base64/);
  f(of('"attributes":[{"key":5}]'), /expected a string for a key/);
  const deep = `${'{"arrayValue":{"values":['.repeat(80)}{}${"]}}".repeat(80)}`;
  f(of(`"body":${deep}`), /nested at most 64 deep/);
});

test("protobuf that is wrong is BadRequest, cut or changed at any byte", () => {
  const record = fixed64(new ProtoWriter(), 1, TIME).message(5, text("x"));
  record.message(
    6,
    keyValue("k", new ProtoWriter().message(5, new ProtoWriter().message(1, text("y")))),
  );
  const bytes = request(new ProtoWriter().message(2, scopeLogs(record))).take();
  const tries = [...bytes.keys()].map((at) => bytes.slice(0, at));
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    tries.push(changed);
  }
  let refused = 0;
  for (const body of tries) {
    try {
      decoded(decodeOtlpProto, body);
    } catch (error) {
      assert.ok(error instanceof BadRequest, String(error));
      refused++;
    }
  }
  assert.ok(refused > bytes.length, `${refused} of ${tries.length}`);
  let deep = text("x");
  for (let depth = 0; depth < 80; depth++) {
    deep = new ProtoWriter().message(5, new ProtoWriter().message(1, deep));
  }
  const nested = request(
    new ProtoWriter().message(2, scopeLogs(new ProtoWriter().message(5, deep))),
  );
  assert.throws(() => proto(nested), /nested deeper than 64/);
});

test("a body of very many empty records ends with the limit's name", () => {
  const records = new Uint8Array(2 * (RECORDS_MAX + 1));
  for (let at = 0; at < records.length; at += 2) records[at] = 0x12;
  const body = request(new ProtoWriter().bytes(2, records)).take();
  assert.throws(() => decoded(decodeOtlpProto, body), {
    name: "LimitExceeded",
    status: 413,
    message: `push has more than ${RECORDS_MAX} records, send it in parts`,
  });
});
