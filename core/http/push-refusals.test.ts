/**
 * Pushes of which something is refused: in which order things are looked at, how many refusals become one text, what
 * is stored all the same, and what is counted for whom (spec http-api §3.2 to §3.4).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PushedStream, SECOND, START, serve, stream } from "../../fixtures/http/pushed.ts";
import type { Limits } from "../model/limits.ts";

const now = String(START);
const x = (size: number) => "x".repeat(size);
const before = (seconds: number) => String(START - BigInt(seconds) * SECOND);
const LONG = (name: string, size: number) =>
  `Max entry size '8' bytes exceeded for stream '{app="${name}"}' while adding an entry with length '${size}' bytes`;
const NONE = "error at least one label pair is required per stream";

const COUNTED = /^loki_(discarded|distributor_(lines|bytes))/;

test("labels that are none refuse the whole push, before anything of it is counted", async () => {
  const served = serve({});
  assert.deepEqual(
    await served.push(stream({ app: "x" }, [now, "good"]), stream({ "a-b": "x" }, [now, "bad"])),
    {
      status: 400,
      text: "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'\n",
    },
  );
  assert.deepEqual([served.stored(), served.samples(COUNTED)], [{}, []]);
});

test("no streams are no error, nor are streams without entries, whatever their labels", async () => {
  const served = serve({ maxLabelNamesPerSeries: 1 });
  for (const streams of [[], [stream({})], [stream({ a: "1", b: "2" })]]) {
    assert.deepEqual(await served.push(...streams), { status: 204, text: "" });
  }
  assert.deepEqual([served.stored(), served.samples(COUNTED)], [{}, []]);
});

/** Streams and lines that break several rules, and the first of them. */
const FIRST: Readonly<
  Record<string, readonly [limits: Partial<Limits>, pushed: PushedStream, reason: string]>
> = {
  "a count of names before the length of one": [
    { maxLabelNamesPerSeries: 1, maxLabelNameLength: 2 },
    stream({ abc: "1", d: "2" }, [now, "l"]),
    "max_label_names_per_series",
  ],
  "a name's length before its value's": [
    { maxLabelNameLength: 2, maxLabelValueLength: 2 },
    stream({ abc: "123" }, [now, "l"]),
    "label_name_too_long",
  ],
  "one label after the other": [
    { maxLabelNameLength: 2, maxLabelValueLength: 2 },
    stream({ a: "123", bcd: "1" }, [now, "l"]),
    "label_value_too_long",
  ],
  "a value's length before labels that are missing": [
    { maxLabelValueLength: 2, enforcedLabels: ["team"] },
    stream({ a: "123" }, [now, "l"]),
    "label_value_too_long",
  ],
  "a stream's labels before its lines": [
    { maxLabelValueLength: 2, maxLineSize: 2 },
    stream({ a: "123" }, [now, "lines"]),
    "label_value_too_long",
  ],
  "too old before too long": [
    { maxLineSize: 2 },
    stream({ a: "1" }, [before(8 * 86_400), "line"]),
    "greater_than_max_sample_age",
  ],
  "too new before too long": [
    { maxLineSize: 2 },
    stream({ a: "1" }, [before(-3600), "line"]),
    "too_far_in_future",
  ],
  "too long before metadata that is not allowed": [
    { maxLineSize: 2 },
    stream({ a: "1" }, [now, "line", { k: "v" }]),
    "line_too_long",
  ],
  "metadata that is not allowed before its size": [
    { maxStructuredMetadataSize: 1 },
    stream({ a: "1" }, [now, "line", { k: "value" }]),
    "disallowed_structured_metadata",
  ],
  "the size of metadata before its count": [
    {
      allowStructuredMetadata: true,
      maxStructuredMetadataSize: 1,
      maxStructuredMetadataEntriesCount: 1,
    },
    stream({ a: "1" }, [now, "line", { k: "v", l: "w" }]),
    "structured_metadata_too_large",
  ],
};

for (const [name, [limits, pushed, reason]] of Object.entries(FIRST)) {
  test(`looked at first: ${name}`, async () => {
    const served = serve(limits);
    assert.equal((await served.push(pushed)).status, 400);
    assert.deepEqual(served.samples(/^loki_discarded_samples/), [
      `loki_discarded_samples_total{reason="${reason}",tenant="t"} 1`,
    ]);
  });
}

test("equal refusals are counted, in the order of their first coming, over all streams", async () => {
  const served = serve({ maxLineSize: 8 });
  const bad = stream({ app: "a" }, [now, x(9)], [now, "good"], [now, x(10)], [now, x(9)]);
  assert.deepEqual(await served.push(bad, stream({}, [now, "a"], [now, "b"]), bad), {
    status: 400,
    text: `4 errors like: ${LONG("a", 9)}; 2 errors like: ${LONG("a", 10)}; 1 errors like: ${NONE}\n`,
  });
  assert.deepEqual(
    (await served.push(stream({ app: "a" }, [now, x(9)]))).text,
    `${LONG("a", 9)}\n`,
  );
});

test("each reason is counted by itself, lines and bytes, for the tenant whose they are", async () => {
  const served = serve({ maxLineSize: 8, maxStreamsPerUser: 1, maxLabelValueLength: 4 });
  const streams = [
    stream({ app: "a" }, [now, "good"], [now, x(9)], [before(8 * 86_400), "old"]),
    stream({ app: "value" }, [now, "12"], [now, "345"]),
    stream({ app: "more" }, [now, "one"]),
  ];
  assert.equal((await served.pushAs("t", ...streams)).status, 429);
  assert.equal((await served.pushAs("u", streams[1]!)).status, 400);
  const counted = (reason: string, tenant: string, bytes: number, lines: number) => [
    `loki_discarded_bytes_total{reason="${reason}",tenant="${tenant}"} ${bytes}`,
    `loki_discarded_samples_total{reason="${reason}",tenant="${tenant}"} ${lines}`,
  ];
  assert.deepEqual(
    served.samples(/^loki_discarded/).sort(),
    [
      ...counted("line_too_long", "t", 9, 1),
      ...counted("greater_than_max_sample_age", "t", 3, 1),
      ...counted("label_value_too_long", "t", 5, 2),
      ...counted("stream_limit", "t", 3, 1),
      ...counted("label_value_too_long", "u", 5, 2),
    ].sort(),
  );
  assert.deepEqual([served.stored("t"), served.stored("u")], [{ '{app="a"}': 1 }, {}]);
});

test("what came is counted before anything is refused, by how long it is kept", async () => {
  const selector = [{ name: "app", op: "=", value: "short" }] as const;
  const served = serve({
    ...{ maxLineSize: 8, retentionPeriodMs: 744 * 3_600_000 },
    retentionStream: [{ selector, priority: 1, periodMs: 24 * 3_600_000 }],
  });
  await served.push(
    stream({ app: "short" }, [now, "1234"], [now, x(9)]),
    stream({ app: "long" }, [now, "12"]),
  );
  assert.deepEqual(served.samples(/^loki_distributor_(lines|bytes)/).sort(), [
    'loki_distributor_bytes_received_total{tenant="t",retention_hours="24"} 13',
    'loki_distributor_bytes_received_total{tenant="t",retention_hours="744"} 2',
    'loki_distributor_lines_received_total{tenant="t"} 3',
  ]);
});

test("only lines that are good take of the rate, and over it nothing is stored", async () => {
  const served = serve({ ingestionRateBytes: 1, ingestionBurstBytes: 8, maxLineSize: 8 });
  const bad = stream({ app: "bad" }, [now, x(1000)]);
  assert.equal((await served.push(stream({ app: "a" }, [now, x(6)]), bad)).status, 400);
  const over = await served.push(stream({ app: "b" }, [now, "a"], [now, "bc"]), bad);
  assert.deepEqual(over, {
    status: 429,
    text: "Ingestion rate limit exceeded for user t (limit: 1 bytes/sec) while attempting to ingest '2' lines totaling '3' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased\n",
  });
  assert.deepEqual(served.stored(), { '{app="a"}': 1 });
  assert.deepEqual(served.samples(/^loki_discarded_bytes/), [
    'loki_discarded_bytes_total{reason="line_too_long",tenant="t"} 2000',
    'loki_discarded_bytes_total{reason="rate_limited",tenant="t"} 3',
  ]);
  // Another tenant has a rate of its own.
  assert.equal((await served.pushAs("u", stream({ app: "b" }, [now, "abc"]))).status, 204);
});

test("an ingester lists ten of a stream's refusals, and says how many there are", async () => {
  const served = serve({ perStreamRateLimit: 1, perStreamRateLimitBurst: 20 });
  const lines = Array.from({ length: 14 }, (_, i) => [String(START + BigInt(i)), x(10)] as const);
  const { status, text } = await served.push(stream({ app: "x" }, ...lines));
  assert.equal(status, 429);
  const listed = text.split("\n").filter((line) => line.startsWith("entry with timestamp"));
  assert.equal(listed.length, 10);
  assert.match(
    listed[0]!,
    /^entry with timestamp 2023-11-14 22:13:20.000000002 \+0000 UTC ignored/,
  );
  assert.match(text, /user 't', total ignored: 12 out of 14 for stream: \{app="x"\}\n$/);
  assert.deepEqual(served.stored(), { '{app="x"}': 2 });
});

test("each of several streams that the ingester refuses is told, beginning with the last", async () => {
  const served = serve({ perStreamRateLimit: 1, perStreamRateLimitBurst: 4 });
  const { status, text } = await served.push(
    stream({ app: "a" }, [now, x(5)]),
    stream({ app: "good" }, [now, "good"]),
    stream({ app: "c" }, [now, x(6)]),
  );
  assert.equal(status, 429);
  assert.match(
    text,
    /^entry [^\n]* totaling 6B[^\n]*\n[^\n]*\{app="c"\}\nentry [^\n]* totaling 5B[^\n]*\n[^\n]*\{app="a"\}\n$/,
  );
  assert.deepEqual(served.stored()['{app="good"}'], 1);
});

test("max_line_size_truncate: what is cut ends with the identifier", async () => {
  const served = serve({
    ...{ maxLineSize: 8, maxLineSizeTruncate: true, maxLineSizeTruncateIdentifier: "[cut]" },
  });
  assert.equal((await served.push(stream({ app: "a" }, [now, x(8)], [now, x(9)]))).status, 204);
  assert.deepEqual(served.samples(/^loki_mutated/), [
    'loki_mutated_bytes_total{reason="line_too_long",truncated="t"} 1',
    'loki_mutated_samples_total{reason="line_too_long",truncated="t"} 1',
  ]);
});
