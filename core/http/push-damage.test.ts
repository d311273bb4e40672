/**
 * Damage to small bodies of every kind that pushes have: cut at each byte, each byte changed. Whatever comes of
 * it, it is never an error of ours, a push that is refused as a whole stores nothing, and the next one is taken.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { testServices } from "../../fixtures/http/fakes.ts";
import { ProtoWriter } from "../bytes/proto.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { lz4Frame } from "../compress/lz4.ts";
import { snappyEncodeBlock } from "../compress/snappy.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import { makeApp } from "./app.ts";
import { DEFAULT_HTTP_SETTINGS } from "./services.ts";

const NOW = 1_700_000_000;

interface Form {
  readonly path: string;
  readonly type: string;
  readonly encoding?: string;
  readonly bytes: Uint8Array;
  /** Whether every cut is told: a protobuf that ends between two fields is a shorter one. */
  readonly framed: boolean;
}

function serve() {
  const stored: PushStream[] = [];
  const pusher = {
    push: async (_: unknown, streams: readonly PushStream[]) => void stored.push(...streams),
  };
  const limits = {
    ...DEFAULT_LIMITS,
    rejectOldSamples: false,
    creationGracePeriodMs: 1e15,
    allowStructuredMetadata: true,
  };
  const app = makeApp(
    testServices({ pusher, limits: { of: () => limits } }),
    DEFAULT_HTTP_SETTINGS,
  );
  const push = async ({ path, type, encoding }: Form, bytes: Uint8Array) => {
    stored.length = 0;
    const headers: Record<string, string> = { "Content-Type": type, "X-Scope-OrgID": "t" };
    if (encoding !== undefined) headers["Content-Encoding"] = encoding;
    // A decoder may change what it is given.
    const body = bytes.slice() as Uint8Array<ArrayBuffer>;
    const response = await app.fetch(
      new Request(`http://loki${path}`, { method: "POST", headers, body }),
    );
    return { status: response.status, text: await response.text() };
  };
  const lines = () =>
    stored.flatMap(({ rows }) =>
      Array.from({ length: rows.rows }, (_, row) =>
        fromUtf8(rows.text, rows.starts[row]!, rows.ends[row]!),
      ),
    );
  return { push, lines };
}

const entry = (line: string) =>
  new ProtoWriter()
    .message(1, new ProtoWriter().uint(1, NOW).uint(2, 5))
    .string(2, line)
    .message(3, new ProtoWriter().string(1, "k").string(2, "v"));
const stream = (labels: string, line: string) =>
  new ProtoWriter().string(1, labels).message(2, entry(line));
const proto = new ProtoWriter()
  .message(1, stream('{a="b"}', "first"))
  .message(1, stream('{a="c", d="é"}', "second"))
  .take();
const json = utf8(
  `{"streams":[{"stream":{"a":"b"},"values":[["${NOW}000000005","first",{"k":"v"}]]},{"stream":{"a":"\\u0063"},"values":[["${NOW}000000005","sec\\u006fnd"]]}]}`,
);
const legacy = utf8(
  '{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"2023-11-14T22:13:20.000000005Z","line":"first"}]},{"labels":"{a=\\"c\\"}","entries":[{"ts":"2023-11-14T22:13:20+01:00","line":"second"}]}]}',
);
const time = `"timeUnixNano":"${NOW}000000005"`;
const otlpJson = utf8(
  `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeLogs":[{"scope":{"name":"n"},"logRecords":[{${time},"severityNumber":9,"body":{"stringValue":"first"},"attributes":[{"key":"m","value":{"kvlistValue":{"values":[{"key":"i","value":{"intValue":"7"}}]}}}]},{${time},"traceId":"00ff","body":{"arrayValue":{"values":[{"boolValue":true}]}}}]}]}]}`,
);
const attribute = (key: string, value: ProtoWriter) =>
  new ProtoWriter().string(1, key).message(2, value);
const fixed = (writer: ProtoWriter) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(NOW) * 1_000_000_000n, true);
  return Uint8Array.of((1 << 3) | 1, ...bytes, ...writer.take());
};
const record = fixed(
  new ProtoWriter()
    .string(3, "INFO")
    .message(5, new ProtoWriter().string(1, "first"))
    .message(
      6,
      attribute(
        "m",
        new ProtoWriter().message(5, new ProtoWriter().message(1, new ProtoWriter().uint(3, 7))),
      ),
    )
    .bytes(9, Uint8Array.of(1, 2)),
);
const otlpProto = new ProtoWriter()
  .message(
    1,
    new ProtoWriter()
      .message(
        1,
        new ProtoWriter().message(1, attribute("service.name", new ProtoWriter().string(1, "s"))),
      )
      .message(2, new ProtoWriter().message(1, new ProtoWriter().string(1, "n")).bytes(2, record)),
  )
  .take();

const PUSH = "/loki/api/v1/push";
const OTLP = "/otlp/v1/logs";
const JSON_TYPE = "application/json";
const PROTO_TYPE = "application/x-protobuf";
const packed = (form: Form, encoding: string, bytes: Uint8Array): Form => ({
  ...form,
  encoding,
  bytes,
  framed: true,
});
const plain: Readonly<Record<string, Form>> = {
  json: { path: PUSH, type: JSON_TYPE, bytes: json, framed: true },
  "json of old": { path: "/api/prom/push", type: JSON_TYPE, bytes: legacy, framed: true },
  protobuf: { path: PUSH, type: PROTO_TYPE, bytes: snappyEncodeBlock(proto), framed: true },
  "otlp json": { path: OTLP, type: JSON_TYPE, bytes: otlpJson, framed: true },
  "otlp protobuf": { path: OTLP, type: PROTO_TYPE, bytes: otlpProto, framed: false },
};
const FORMS: Readonly<Record<string, Form>> = {
  ...plain,
  ...Object.fromEntries(
    Object.entries(plain).flatMap(([name, form]) => [
      [`gzip of ${name}`, packed(form, "gzip", gzipSync(form.bytes))],
      form.path === OTLP
        ? [`lz4 of ${name}`, packed(form, "lz4", lz4Frame(form.bytes, 4))]
        : [`deflate of ${name}`, packed(form, "deflate", deflateRawSync(form.bytes))],
    ]),
  ),
};

for (const [name, form] of Object.entries(FORMS)) {
  test(`${name}, cut at every byte, is refused and stores nothing`, async () => {
    const { push, lines } = serve();
    for (let size = 0; size < form.bytes.length; size++) {
      const { status, text } = await push(form, form.bytes.subarray(0, size));
      if (!form.framed && status === 204) continue;
      assert.equal(status, 400, `${size} of ${form.bytes.length} bytes: ${text}`);
      assert.deepEqual(lines(), [], `${size} bytes`);
    }
    assert.equal((await push(form, form.bytes)).status, 204);
    assert.equal(lines()[0], "first");
  });

  test(`${name}, any byte of it changed, is refused or read, never an error of ours`, async () => {
    const { push, lines } = serve();
    for (let at = 0; at < form.bytes.length; at++) {
      for (const bits of [0x01, 0x20, 0x80]) {
        const bytes = form.bytes.map((byte, index) => (index === at ? byte ^ bits : byte));
        const { status, text } = await push(form, bytes);
        const where = `byte ${at} ^ ${bits}: ${status} ${text}`;
        assert.ok([204, 400, 413].includes(status), where);
        // Only what tells of one stream that it refuses has taken the others (spec §3.2, step 11).
        if (status !== 204 && !/stream '|required per stream/.test(text))
          assert.deepEqual(lines(), [], where);
      }
    }
    assert.equal((await push(form, form.bytes)).status, 204);
    assert.equal(
      lines().length,
      1 + Number(name.includes("json") || (name.includes("protobuf") && !name.includes("otlp"))),
    );
  });
}

test("a body of one kind under the name of another is refused, or read as what it says it is", async () => {
  const { push, lines } = serve();
  const all = Object.values(FORMS);
  for (const form of all) {
    for (const { bytes } of all) {
      const { status, text } = await push(form, bytes);
      assert.ok([204, 400, 413].includes(status), `${status} ${text}`);
      if (status !== 204) assert.deepEqual(lines(), []);
    }
  }
});
