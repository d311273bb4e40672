/**
 * Bodies that no agent should send: wrong for their type or encoding, larger than they may be, packed bombs,
 * a hundred thousand labels, clients that stop in the middle, and more pushes at once than there is room for.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { testServices } from "../../fixtures/http/fakes.ts";
import { ProtoReader, ProtoWriter } from "../bytes/proto.ts";
import { utf8 } from "../bytes/text.ts";
import { lz4Frame } from "../compress/lz4.ts";
import { snappyEncodeBlock } from "../compress/snappy.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import { SimClock } from "../sim/clock.ts";
import { makeApp } from "./app.ts";
import { Metrics } from "./metrics.ts";
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from "./services.ts";

const JSON_TYPE = "application/json";
const PROTO_TYPE = "application/x-protobuf";
const OTLP = "/otlp/v1/logs";

interface Given {
  readonly path?: string;
  readonly type?: string;
  readonly encoding?: string;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array>;
}

function serve(settings: Partial<HttpSettings> = {}, limits: Partial<Limits> = {}) {
  const clock = new SimClock();
  const metrics = new Metrics();
  const stored: PushStream[] = [];
  /** Pushes wait for this before they are answered. */
  const slow = { until: Promise.resolve() };
  const pusher = {
    push: async (_: unknown, streams: readonly PushStream[]) => {
      await slow.until;
      stored.push(...streams);
    },
  };
  const services = {
    clock,
    metrics,
    pusher,
    limits: { of: () => ({ ...DEFAULT_LIMITS, ...limits }) },
  };
  const app = makeApp(testServices(services), { ...DEFAULT_HTTP_SETTINGS, ...settings });
  const push = async (given: Given) => {
    const { path = "/loki/api/v1/push", type = JSON_TYPE, encoding, body } = given;
    const bytes = typeof body === "string" ? utf8(body) : body;
    const response = await app.fetch(
      new Request(`http://loki${path}`, {
        method: "POST",
        headers: {
          "Content-Type": type,
          "X-Scope-OrgID": "t",
          ...(encoding === undefined ? {} : { "Content-Encoding": encoding }),
          ...(bytes instanceof Uint8Array ? { "Content-Length": String(bytes.length) } : {}),
        },
        body: bytes as BodyInit,
        duplex: "half",
      } as RequestInit),
    );
    return { status: response.status, text: await textOf(response), response };
  };
  return { push, clock, metrics, stored, slow };
}

/** The message of an answer, out of google.rpc.Status where that is what came. */
async function textOf(response: Response): Promise<string> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.headers.get("content-type") !== "application/octet-stream") {
    return new TextDecoder().decode(bytes);
  }
  const field = new ProtoReader(bytes);
  assert.ok(field.next() && field.number === 2);
  return field.string();
}

const snappy = (bytes: Uint8Array) => snappyEncodeBlock(bytes);
const pushOf = (stream: ProtoWriter) => new ProtoWriter().message(1, stream).take();
const otlpOf = (record: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
const good = '{"streams":[]}';
const random = (size: number, seed: number) => {
  let state = seed | 1;
  return Uint8Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
};

const WRONG: Readonly<Record<string, Given & { readonly text: RegExp }>> = {
  "json: nothing": { body: "", text: /the body ends there/ },
  "json: a text": { body: '"x"', text: /expected \{ of a push/ },
  "json: an array": { body: "[]", text: /expected \{ of a push/ },
  "json: two values": { body: `${good}${good}`, text: /expected nothing after the end/ },
  "json: a comma too many": { body: '{"streams":[],}', text: /expected a string for the name/ },
  "json: a BOM": { body: `\ufeff${good}`, text: /expected \{ of a push/ },
  "json: UTF-16": {
    body: Uint8Array.from([...good].flatMap((char) => [char.charCodeAt(0), 0])),
    text: /expected /,
  },
  "json: bytes of a protobuf push": {
    body: snappy(pushOf(new ProtoWriter().string(1, "{}"))),
    text: /expected \{ of a push/,
  },
  "json: gzip without saying so": { body: gzipSync(good), text: /expected \{ of a push/ },
  "json: no gzip that says so": { body: good, encoding: "gzip", text: /^gzip: invalid header\n$/ },
  "json: gzip cut short": {
    body: gzipSync(good).subarray(0, 20),
    encoding: "gzip",
    text: /^unexpected EOF\n$/,
  },
  "json: gzip cut in its header": {
    body: gzipSync(good).subarray(0, 9),
    encoding: "gzip",
    text: /^unexpected EOF\n$/,
  },
  "json: gzip with another checksum": {
    body: gzipSync(good).map((byte, at, { length }) => (at === length - 8 ? byte ^ 1 : byte)),
    encoding: "gzip",
    text: /^gzip body: /,
  },
  "json: empty gzip": { body: "", encoding: "gzip", text: /^EOF/ },
  "json: no deflate": { body: "\xff\xff", encoding: "deflate", text: /^deflate body: / },
  "json: zstd, which pushes do not have": {
    body: good,
    encoding: "zstd",
    text: /"zstd" not supported/,
  },
  "json: two encodings": { body: good, encoding: "gzip, gzip", text: /"gzip, gzip" not supported/ },
  "json: labels of numbers": {
    body: '{"streams":[{"stream":{"a":1},"values":[["1","x"]]}]}',
    text: /a string for the value of a label/,
  },
  "json: values that are no list": {
    body: '{"streams":[{"stream":{"a":"b"},"values":{"1":"x"}}]}',
    text: /expected \[ of the values/,
  },
  "json: an entry of nothing": {
    body: '{"streams":[{"stream":{"a":"b"},"values":[[]]}]}',
    text: /a string for the timestamp/,
  },
  "json: a time of 20 digits": {
    body: '{"streams":[{"stream":{"a":"b"},"values":[["99999999999999999999","x"]]}]}',
    text: /at most 64 bits/,
  },
  "json: metadata that is a list": {
    body: '{"streams":[{"stream":{"a":"b"},"values":[["1","x",["a"]]]}]}',
    text: /expected \{ of structured metadata/,
  },
  "json: half an escape": {
    body: '{"streams":[{"stream":{"a":"\\u12"},"values":[]}]}',
    text: /four hex digits/,
  },
  "json: deep": { body: `{"x":${"[".repeat(200)}`, text: /nested deeper than 100/ },
  "json: a label without a name": {
    body: '{"streams":[{"stream":{"":"b"},"values":[["1","x"]]}]}',
    text: /^couldn't parse labels: 1:2: parse error: /,
  },
  "json: half of a pair of surrogates in a label": {
    body: '{"streams":[{"stream":{"a":"\\ud800"},"values":[["1","x"]]}]}',
    text: /^couldn't parse labels: 1:4: parse error: invalid UTF-8 rune/,
  },
  "json: NUL in the name of a label": {
    body: '{"streams":[{"stream":{"a\\u0000":"b"},"values":[["1","x"]]}]}',
    text: /^couldn't parse labels: 1:3: parse error: /,
  },
  "json: a time that is a number": {
    body: '{"streams":[{"stream":{"a":"b"},"values":[[1,"x"]]}]}',
    text: /a string for the timestamp/,
  },
  "json: a time with a fraction": {
    body: '{"streams":[{"stream":{"a":"b"},"values":[["1.5","x"]]}]}',
    text: /decimal nanoseconds/,
  },
  "json of old: a time that is no date": {
    path: "/api/prom/push",
    body: '{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"2023-02-30T00:00:00Z","line":"x"}]}]}',
    text: /a time in RFC 3339/,
  },
  "json of old: labels that are an object": {
    path: "/api/prom/push",
    body: '{"streams":[{"labels":{"a":"b"}}]}',
    text: /a string for the labels/,
  },
  "protobuf: labels that are no UTF-8": {
    type: PROTO_TYPE,
    body: snappy(
      pushOf(new ProtoWriter().bytes(1, Uint8Array.of(0x7b, 0x61, 0x3d, 0x22, 0xff, 0x22, 0x7d))),
    ),
    text: /^couldn't parse labels: 1:4: parse error: invalid UTF-8 rune/,
  },
  "otlp json: a time that is no number": {
    path: OTLP,
    body: otlpOf('{"timeUnixNano":"-1"}'),
    text: /decimal nanoseconds/,
  },
  "otlp json: an id that is not hexadecimal": {
    path: OTLP,
    body: otlpOf('{"traceId":"xyz"}'),
    text: /a trace id in hexadecimal/,
  },
  "otlp json: a whole number with a fraction": {
    path: OTLP,
    body: otlpOf('{"body":{"intValue":"1.5"}}'),
    text: /a whole number/,
  },
  "otlp json: bytes that are no base64": {
    path: OTLP,
    body: otlpOf('{"body":{"bytesValue":"*"}}'),
    text: /bytes in base64/,
  },
  "protobuf: nothing": { type: PROTO_TYPE, body: "", text: /^snappy: corrupt input/ },
  "protobuf: JSON": { type: PROTO_TYPE, body: good, text: /^snappy: corrupt input/ },
  "protobuf: not packed": {
    type: PROTO_TYPE,
    body: pushOf(new ProtoWriter().string(1, '{a="b"}')),
    text: /^snappy: corrupt input/,
  },
  "protobuf: cut": {
    type: PROTO_TYPE,
    body: snappy(pushOf(new ProtoWriter().string(1, '{a="b"}'))).subarray(0, 6),
    text: /^snappy: corrupt input/,
  },
  "protobuf: packed garbage": {
    type: PROTO_TYPE,
    body: snappy(random(50, 7)),
    text: /^(proto: |unexpected EOF)/,
  },
  "protobuf: a field of another kind": {
    type: PROTO_TYPE,
    body: snappy(new ProtoWriter().uint(1, 5).take()),
    text: /wrong wireType = 0 for field 1/,
  },
  "protobuf: a length past the end": {
    type: PROTO_TYPE,
    body: snappy(Uint8Array.of(0x0a, 0x7f, 0x0a)),
    text: /^unexpected EOF/,
  },
  "protobuf: labels that are none": {
    type: PROTO_TYPE,
    body: snappy(pushOf(new ProtoWriter().string(1, "a=b"))),
    text: /^couldn't parse labels: /,
  },
  "otlp: no content type that is known": {
    path: OTLP,
    type: "text/json",
    body: "{}",
    text: /^content type: text\/json is not supported/,
  },
  "otlp json: a push of Loki's": {
    path: OTLP,
    body: '{"resourceLogs":{"streams":[]}}',
    text: /expected \[ of resourceLogs/,
  },
  "otlp json: a record that is a text": {
    path: OTLP,
    body: otlpOf('"x"'),
    text: /expected \{ of a log record/,
  },
  "otlp json: cut": {
    path: OTLP,
    body: otlpOf("{").slice(0, -8),
    text: /the body ends there|expected/,
  },
  "otlp protobuf: JSON": { path: OTLP, type: PROTO_TYPE, body: "{}", text: /^proto: / },
  "otlp protobuf: snappy": {
    path: OTLP,
    type: PROTO_TYPE,
    encoding: "snappy",
    body: "x",
    text: /^unsupported content encoding snappy: only gzip, lz4 and zstd are supported/,
  },
  "otlp: no zstd that says so": { path: OTLP, body: "{}", encoding: "zstd", text: /^zstd body: / },
  "otlp: no lz4 that says so": { path: OTLP, body: "{}", encoding: "lz4", text: /^lz4 body: / },
  "no type": { type: " ", body: good, text: /^mime: no media type/ },
  "half a type": { type: "application/", body: good, text: /^mime: expected token after slash/ },
};

for (const [name, { text, ...given }] of Object.entries(WRONG)) {
  test(`${name} is refused with 400`, async () => {
    const { push, stored } = serve();
    const answer = await push(given);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.text, text);
    assert.equal(stored.length, 0);
  });
}

test("bodies at and over their sizes: as they come, and unpacked, however packed", async () => {
  const body = `{"x":"${"a".repeat(100_000)}"}`;
  const otlp = { path: OTLP };
  const zstd = Uint8Array.from(ZSTD_OF_ZEROS);
  const cases: readonly (Given & { readonly size: number })[] = [
    { body: gzipSync(body), encoding: "gzip", size: body.length },
    { body: deflateRawSync(body), encoding: "deflate", size: body.length },
    { ...otlp, body: gzipSync(body), encoding: "gzip", size: body.length },
    { ...otlp, body: lz4Frame(utf8(body), 4), encoding: "lz4", size: body.length },
  ];
  for (const { size, ...given } of cases) {
    const at = await serve({ pushDecompressedBytesMax: size }).push(given);
    assert.equal(at.status, 204, `${given.encoding}: ${at.text}`);
    const over = await serve({ pushDecompressedBytesMax: size - 1 }).push(given);
    const text = `request body too large: over ${size - 1} bytes decompressed, limit ${size - 1} (distributor.max_decompressed_size)`;
    assert.deepEqual([over.status, over.text.trim()], [413, text], `${given.encoding}`);
  }
  const bomb = { ...otlp, body: zstd, encoding: "zstd" };
  assert.equal((await serve({ pushDecompressedBytesMax: 65_535 }).push(bomb)).status, 413);

  const message = pushOf(new ProtoWriter().string(1, '{a="b"}').string(9, "z".repeat(5000)));
  const proto = { type: PROTO_TYPE, body: snappy(message) };
  assert.equal((await serve({ pushDecompressedBytesMax: message.length }).push(proto)).status, 204);
  const over = await serve({ pushDecompressedBytesMax: message.length - 1 }).push(proto);
  assert.equal(over.status, 413);
  assert.match(over.text, /request body too large: \d+ bytes decompressed, limit \d+/);

  const plain = await serve({ pushBytesMax: good.length }).push({ body: good });
  assert.equal(plain.status, 204);
  const large = await serve({ pushBytesMax: good.length - 1 }).push({ body: good });
  assert.deepEqual(
    [large.status, large.text],
    [
      413,
      `request body too large: ${good.length} bytes, limit ${good.length - 1} (distributor.max_recv_msg_size)\n`,
    ],
  );
});

/** A frame of one block that says: 65,536 times a zero. */
const ZSTD_OF_ZEROS = [
  ...[0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0xff],
  ...[((65_536 << 3) & 0xff) | 0x03, (65_536 >> 5) & 0xff, (65_536 >> 13) & 0xff, 0x00],
];

test("a hundred thousand labels are refused in a second, with an answer of some kilobytes", async () => {
  const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`label_${i}`, "v"]));
  const body = JSON.stringify({ streams: [{ stream: labels, values: [["1", "x"]] }] });
  const { push } = serve();
  const start = performance.now();
  const { status, text } = await push({ body });
  assert.equal(status, 400);
  assert.match(text, /^entry for stream '\{label_0="v", label_1="v", label_10="v"/);
  assert.ok(text.length < 20_000, `${text.length} characters`);
  const tookMs = performance.now() - start;
  assert.ok(tookMs < 5000, `${tookMs} ms`);
});

test("a hundred thousand attributes of a record are refused, and the record beside it is stored", async () => {
  const value = { stringValue: "v" };
  const attributes = Array.from({ length: 100_000 }, (_, i) => ({ key: `attribute.${i}`, value }));
  const record = JSON.stringify({ timeUnixNano: "1", body: { stringValue: "x" }, attributes });
  const limits = { rejectOldSamples: false, allowStructuredMetadata: true };
  const { push, stored } = serve({}, limits);
  const plain = '{"timeUnixNano":"2","body":{"stringValue":"y"}}';
  const { status, text } = await push({ path: OTLP, body: otlpOf(`${record},${plain}`) });
  assert.equal(status, 400, text);
  assert.match(text, /structured metadata/);
  assert.ok(text.length < 2000, `${text.length} characters`);
  assert.deepEqual(
    stored.map(({ rows }) => [...rows.times]),
    [[2n]],
  );
});

test("a hundred thousand streams, most of them bad, are one answer of bounded size", async () => {
  const streams = Array.from({ length: 100_000 }, (_, i) => {
    return {
      stream: { app: `a${i}`, [i === 5 ? "ok" : "x".repeat(20)]: "v" },
      values: [["1", "l"]],
    };
  });
  const { push, stored } = serve({}, { maxLabelNameLength: 19, rejectOldSamples: false });
  const { status, text } = await push({ body: JSON.stringify({ streams }) });
  assert.equal(status, 400);
  assert.match(text, /; 99899 other errors\n$/);
  assert.equal(stored.length, 1);
});

test("bytes changed at random are refused or stored, never an error of ours", async () => {
  const stream = new ProtoWriter().string(1, '{a="b"}');
  const moment = new ProtoWriter().uint(1, 1_700_000_000);
  stream.message(2, new ProtoWriter().message(1, moment).string(2, "a line of some length"));
  const bodies: Given[] = [
    { body: '{"streams":[{"stream":{"a":"b"},"values":[["1700000000000000000","x",{"k":"v"}]]}]}' },
    { type: PROTO_TYPE, body: snappy(pushOf(stream)) },
    {
      path: OTLP,
      body: otlpOf('{"timeUnixNano":"1","body":{"kvlistValue":{"values":[]}},"traceId":"00ff"}'),
    },
    {
      path: OTLP,
      type: PROTO_TYPE,
      body: new ProtoWriter()
        .message(
          1,
          new ProtoWriter().message(
            2,
            new ProtoWriter().message(
              2,
              new ProtoWriter().message(5, new ProtoWriter().string(1, "x")),
            ),
          ),
        )
        .take(),
    },
  ];
  const { push } = serve({}, { rejectOldSamples: false, allowStructuredMetadata: true });
  const seed = 20_231_114;
  for (const given of bodies) {
    const bytes =
      typeof given.body === "string" ? utf8(given.body) : (given.body as Uint8Array<ArrayBuffer>);
    for (let round = 0; round < 400; round++) {
      const noise = random(8, seed + 31 * round);
      const changed = bytes.slice(0, round % 4 === 0 ? noise[0]! % bytes.length : bytes.length);
      for (let at = 1; at < 1 + (round % 5); at++)
        changed[(noise[at]! * 7919) % changed.length] = noise[at + 1]!;
      const { status, text } = await push({ ...given, body: changed });
      assert.ok(status < 500, `${status} ${text} of round ${round}, seed ${seed}`);
    }
  }
});

test("a client that stops sending is cut off, and its connection closed", async () => {
  const form = "application/x-www-form-urlencoded";
  for (const [path, type] of [
    ["/loki/api/v1/push", JSON_TYPE],
    [OTLP, JSON_TYPE],
    ["/loki/api/v1/format_query", form],
    ["/loki/api/v1/format_query", JSON_TYPE],
    ["/log_level", form],
  ] as const) {
    const { push, clock, metrics } = serve({ readTimeoutMs: 5000 });
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) return new Promise(() => {});
        sent = true;
        controller.enqueue(utf8('{"streams":['));
      },
    });
    const answer = push({ path, type, body });
    // Until its time-out sleeps on the clock there is nothing to move.
    while (clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5000);
    const { status, text, response } = await answer;
    assert.equal(status, 503);
    assert.match(
      text,
      /^the body of the request did not come within 5s \(server.http_server_read_timeout\)/,
    );
    assert.equal(response.headers.get("connection"), "close");
    assert.doesNotMatch(metrics.print(), /^lokits_inflight_pushes [1-9]/m);
  }
});

test("more pushes than may wait at once are refused with 503, and taken again later", async () => {
  const { push, slow, metrics } = serve({ pushesInflightMax: 2 }, { rejectOldSamples: false });
  let go = () => {};
  slow.until = new Promise((resolve) => {
    go = resolve;
  });
  const body = '{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}';
  const first = [push({ body }), push({ body })];
  const third = await push({ body });
  assert.deepEqual(
    [third.status, third.text],
    [503, "too many pushes under way: 2, limit 2 (distributor.max_inflight_pushes)\n"],
  );
  go();
  for (const { status } of await Promise.all(first)) assert.equal(status, 204);
  assert.equal((await push({ body })).status, 204);
  assert.match(metrics.print(), /lokits_pushes_refused_total\{limit="max_inflight_pushes"\} 1/);
});

test("the bytes of pushes under way are bounded: packed, unpacked, and of unknown length", async () => {
  const line = "x".repeat(1000);
  const body = `{"streams":[{"stream":{"a":"b"},"values":[["1","${line}"]]}]}`;
  const max = 2 * body.length + 100;
  const { push, slow } = serve({ pushBytesInflightMax: max }, { rejectOldSamples: false });
  let go = () => {};
  slow.until = new Promise((resolve) => {
    go = resolve;
  });
  const first = [push({ body }), push({ body })];
  await new Promise((resolve) => setTimeout(resolve, 0));
  const refused = new RegExp(
    `^pushes under way hold too much: ${2 * body.length} bytes and \\d+ more, limit ${max} \\(distributor.max_inflight_push_bytes\\)`,
  );
  const piece = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(utf8(body));
      controller.close();
    },
  });
  const packed = gzipSync(body);
  assert.ok(packed.length < 100);
  for (const given of [{ body }, { body: piece }, { path: OTLP, body }]) {
    const { status, text } = await push(given);
    assert.equal(status, 503, text);
    assert.match(text, refused);
  }
  // Packed it would fit, but not unpacked.
  const bomb = await push({ body: packed, encoding: "gzip" });
  assert.deepEqual([bomb.status, /hold too much/.test(bomb.text)], [503, true]);
  go();
  for (const { status } of await Promise.all(first)) assert.equal(status, 204);
  for (let round = 0; round < 5; round++) assert.equal((await push({ body })).status, 204);
});
