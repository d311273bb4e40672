/**
 * Every limit of taking lines in: a push just under it, one at it, one over it, over HTTP into an ingester; the
 * status, Loki's words, and the metrics that count what was thrown away (spec http-api §3.3 to §3.5).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Pushed,
  type PushedStream,
  SECOND,
  START,
  serve,
  stream,
} from "../../fixtures/http/pushed.ts";
import type { Limits } from "../model/limits.ts";

const x = (size: number) => "x".repeat(size);
const now = String(START);
/** One line of so many bytes. */
const line = (size: number) => [stream({ app: "x" }, [now, x(size)])];
const streams = (count: number) =>
  Array.from({ length: count }, (_, index) => stream({ app: `a${index}` }, [now, "l"]));

interface Case {
  readonly limits: Partial<Limits>;
  readonly cluster?: Parameters<typeof serve>[1];
  /** What comes before the push that counts. */
  readonly before?: (served: Pushed) => Promise<unknown>;
  readonly push: (size: number) => PushedStream[];
  /** The largest that is let pass. */
  readonly at: number;
  readonly status: number;
  readonly text: string;
  readonly reason: string;
  /** Lines and bytes that are thrown away of the push that is one over. */
  readonly discarded: readonly [lines: number, bytes: number];
}

const RATE = (limit: number, lines: number, bytes: number) =>
  `Ingestion rate limit exceeded for user t (limit: ${limit} bytes/sec) while attempting to ingest '${lines}' lines totaling '${bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased`;
const STREAMS =
  "Maximum active stream limit exceeded, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 't'";
const STREAM_RATE = (size: number) =>
  `entry with timestamp 2023-11-14 22:13:20 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 10B/sec) while attempting to ingest for stream '{app="x"}' totaling ${size}B, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',\nuser 't', total ignored: 1 out of 1 for stream: {app="x"}`;
const secondsAfter = (seconds: number) => String(START + BigInt(seconds) * SECOND);

/** After a burst is used up, and a second has passed. */
async function spent({ push, clock }: Pushed): Promise<void> {
  assert.equal((await push(...line(100))).status, 204);
  await clock.advance(1000);
}

const CASES: Readonly<Record<string, Case>> = {
  ingestion_burst_size_mb: {
    limits: { ingestionRateBytes: 10, ingestionBurstBytes: 100 },
    ...{ push: line, at: 100, status: 429, text: RATE(10, 1, 101) },
    ...{ reason: "rate_limited", discarded: [1, 101] },
  },
  "ingestion_rate_mb, local": {
    limits: {
      ...{ ingestionRateBytes: 50, ingestionBurstBytes: 100 },
      ingestionRateStrategy: "local",
    },
    cluster: { distributors: 2 },
    ...{ before: spent, push: line, at: 50, status: 429, text: RATE(50, 1, 51) },
    ...{ reason: "rate_limited", discarded: [1, 51] },
  },
  "ingestion_rate_mb, global: each of two distributors has half of it": {
    limits: { ingestionRateBytes: 50, ingestionBurstBytes: 100 },
    cluster: { distributors: 2 },
    ...{ before: spent, push: line, at: 25, status: 429, text: RATE(25, 1, 26) },
    ...{ reason: "rate_limited", discarded: [1, 26] },
  },
  "ingestion_rate_mb counts metadata where it is allowed": {
    limits: { ingestionRateBytes: 10, ingestionBurstBytes: 100, allowStructuredMetadata: true },
    push: (size) => [stream({ app: "x" }, [now, x(90), { k: x(size - 91) }])],
    ...{ at: 100, status: 429, text: RATE(10, 1, 101) },
    ...{ reason: "rate_limited", discarded: [1, 101] },
  },
  per_stream_rate_limit_burst: {
    limits: { perStreamRateLimit: 10, perStreamRateLimitBurst: 100 },
    ...{ push: line, at: 100, status: 429, text: STREAM_RATE(101) },
    ...{ reason: "per_stream_rate_limit", discarded: [1, 101] },
  },
  per_stream_rate_limit: {
    limits: { perStreamRateLimit: 10, perStreamRateLimitBurst: 100 },
    ...{ before: spent, push: line, at: 10, status: 429, text: STREAM_RATE(11) },
    ...{ reason: "per_stream_rate_limit", discarded: [1, 11] },
  },
  max_streams_per_user: {
    limits: { maxStreamsPerUser: 3 },
    ...{ push: streams, at: 3, status: 429, text: STREAMS },
    ...{ reason: "stream_limit", discarded: [1, 1] },
  },
  max_global_streams_per_user: {
    limits: { maxGlobalStreamsPerUser: 4 },
    ...{ push: streams, at: 4, status: 429, text: STREAMS },
    ...{ reason: "stream_limit", discarded: [1, 1] },
  },
  "max_global_streams_per_user, shared by four ingesters with three replicas": {
    limits: { maxGlobalStreamsPerUser: 8 },
    cluster: { ingesters: 4, replicationFactor: 3 },
    ...{ push: streams, at: 6, status: 429, text: STREAMS },
    ...{ reason: "stream_limit", discarded: [1, 1] },
  },
  "max_streams_per_user below the share of the global limit": {
    limits: { maxStreamsPerUser: 2, maxGlobalStreamsPerUser: 8 },
    ...{ push: streams, at: 2, status: 429, text: STREAMS },
    ...{ reason: "stream_limit", discarded: [1, 1] },
  },
  max_label_name_length: {
    limits: { maxLabelNameLength: 8 },
    push: (size) => [stream({ [x(size)]: "v" }, [now, "line"])],
    ...{ at: 8, status: 400 },
    text: `stream '{xxxxxxxxx="v"}' has label name too long: 'xxxxxxxxx'`,
    ...{ reason: "label_name_too_long", discarded: [1, 4] },
  },
  "max_label_value_length, in bytes": {
    limits: { maxLabelValueLength: 8 },
    push: (size) => [stream({ app: `é${x(size - 2)}` }, [now, "line"], [now, "two"])],
    ...{ at: 8, status: 400 },
    text: `stream '{app="éxxxxxxx"}' has label value too long: 'éxxxxxxx'`,
    ...{ reason: "label_value_too_long", discarded: [2, 7] },
  },
  max_label_names_per_series: {
    limits: { maxLabelNamesPerSeries: 2 },
    push: (count) => [
      stream(Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "v"])), [
        now,
        "line",
      ]),
    ],
    ...{ at: 2, status: 400 },
    text: `entry for stream '{l0="v", l1="v", l2="v"}' has 3 label names; limit 2`,
    ...{ reason: "max_label_names_per_series", discarded: [1, 4] },
  },
  "max_label_names_per_series does not count the service name that we add": {
    limits: { maxLabelNamesPerSeries: 2, discoverServiceName: ["l0"] },
    push: (count) => [
      stream(Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "v"])), [
        now,
        "line",
      ]),
    ],
    ...{ at: 2, status: 400 },
    text: `entry for stream '{l0="v", l1="v", l2="v", service_name="v"}' has 3 label names; limit 2`,
    ...{ reason: "max_label_names_per_series", discarded: [1, 4] },
  },
  max_line_size: {
    limits: { maxLineSize: 64 },
    ...{ push: line, at: 64, status: 400 },
    text: `Max entry size '64' bytes exceeded for stream '{app="x"}' while adding an entry with length '65' bytes`,
    ...{ reason: "line_too_long", discarded: [1, 65] },
  },
  reject_old_samples_max_age: {
    limits: { rejectOldSamplesMaxAgeMs: 60_000 },
    push: (age) => [stream({ app: "x" }, [secondsAfter(-age), "line"])],
    ...{ at: 60, status: 400 },
    text: `entry for stream '{app="x"}' has timestamp too old: 2023-11-14T22:12:19Z, oldest acceptable timestamp is: 2023-11-14T22:12:20Z`,
    ...{ reason: "greater_than_max_sample_age", discarded: [1, 4] },
  },
  creation_grace_period: {
    limits: { creationGracePeriodMs: 60_000 },
    push: (ahead) => [stream({ app: "x" }, [secondsAfter(ahead), "line"])],
    ...{ at: 60, status: 400 },
    text: `entry for stream '{app="x"}' has timestamp too new: 2023-11-14T22:14:21Z`,
    ...{ reason: "too_far_in_future", discarded: [1, 4] },
  },
  allow_structured_metadata: {
    limits: { allowStructuredMetadata: false },
    push: (count) => [
      stream({ app: "x" }, [now, "line", Object.fromEntries(count > 0 ? [["k", "v"]] : [])]),
    ],
    ...{ at: 0, status: 400 },
    text: "stream '{app=\"x\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.structured_metadata` or contact your Loki administrator to enable it.",
    ...{ reason: "disallowed_structured_metadata", discarded: [1, 4] },
  },
  max_structured_metadata_size: {
    limits: { allowStructuredMetadata: true, maxStructuredMetadataSize: 16 },
    push: (size) => [stream({ app: "x" }, [now, "line", { key: x(size - 3) }])],
    ...{ at: 16, status: 400 },
    text: "stream '{app=\"x\"}' has structured metadata too large: '17' bytes, limit: '16' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
    ...{ reason: "structured_metadata_too_large", discarded: [1, 4] },
  },
  max_structured_metadata_entries_count: {
    limits: { allowStructuredMetadata: true, maxStructuredMetadataEntriesCount: 2 },
    push: (count) => [
      stream({ app: "x" }, [
        now,
        "line",
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "v"])),
      ]),
    ],
    ...{ at: 2, status: 400 },
    text: "stream '{app=\"x\"}' has too many structured metadata labels: '3', limit: '2'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
    ...{ reason: "structured_metadata_too_many", discarded: [1, 4] },
  },
  "ingester.max_chunk_age: half of it behind the newest": {
    limits: {},
    before: ({ push }) => push(stream({ app: "x" }, [now, "newest"])),
    push: (seconds) => [stream({ app: "x" }, [secondsAfter(-seconds), "line"])],
    ...{ at: 3600, status: 400 },
    text: `entry with timestamp 2023-11-14 21:13:19 +0000 UTC ignored, reason: 'entry too far behind, oldest acceptable timestamp is: 2023-11-14T21:13:20Z',\nuser 't', total ignored: 1 out of 1 for stream: {app="x"}`,
    ...{ reason: "too_far_behind", discarded: [1, 4] },
  },
  "unordered_writes: false": {
    limits: { unorderedWrites: false },
    before: ({ push }) => push(stream({ app: "x" }, [now, "newest"])),
    push: (seconds) => [stream({ app: "x" }, [secondsAfter(-seconds), "line"])],
    ...{ at: 0, status: 400 },
    text: `entry with timestamp 2023-11-14 22:13:19 +0000 UTC ignored, reason: 'entry out of order',\nuser 't', total ignored: 1 out of 1 for stream: {app="x"}`,
    ...{ reason: "out_of_order", discarded: [1, 4] },
  },
  enforced_labels: {
    limits: { enforcedLabels: ["app", "team", "zone"] },
    push: (missing) => [
      stream(
        Object.fromEntries(["app", "team", "zone"].slice(missing).map((name) => [name, "v"])),
        [now, "line"],
      ),
    ],
    ...{ at: 0, status: 400 },
    text: `missing required labels 'app' for user 't' for stream '{team="v", zone="v"}' (policy: '')`,
    ...{ reason: "missing_enforced_labels", discarded: [1, 4] },
  },
};

for (const [name, given] of Object.entries(CASES)) {
  const { limits, cluster, before, push, at, status, text, reason, discarded } = given;
  test(`${name}: under, at, over`, async () => {
    const ask = async (size: number) => {
      const served = serve(limits, cluster);
      await before?.(served);
      const answer = await served.push(...push(size));
      return { answer, discards: served.samples(/^loki_discarded/) };
    };
    for (const size of [at - 1, at].filter((each) => each >= 0)) {
      const { answer, discards } = await ask(size);
      assert.deepEqual([answer, discards], [{ status: 204, text: "" }, []], `of ${size}`);
    }
    const { answer, discards } = await ask(at + 1);
    assert.deepEqual(answer, { status, text: `${text}\n` });
    const labels = `{reason="${reason}",tenant="t"}`;
    assert.deepEqual(discards, [
      `loki_discarded_bytes_total${labels} ${discarded[1]}`,
      `loki_discarded_samples_total${labels} ${discarded[0]}`,
    ]);
  });
}

test("a limit of 0 is none", async () => {
  const none = {
    ...{ maxLabelNameLength: 0, maxLabelValueLength: 0, maxLabelNamesPerSeries: 0, maxLineSize: 0 },
    ...{ maxStreamsPerUser: 0, maxGlobalStreamsPerUser: 0, perStreamRateLimit: 0 },
    ...{ maxStructuredMetadataSize: 0, maxStructuredMetadataEntriesCount: 0 },
    ...{ allowStructuredMetadata: true, rejectOldSamples: false },
  };
  const labels = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`l${i}${x(2000)}`, "v"]));
  const metadata = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, x(500)]));
  const answer = await serve(none).push(
    stream(labels, ["1", x(300_000), metadata]),
    ...streams(6000),
  );
  assert.deepEqual(answer, { status: 204, text: "" });
});

test("max_line_size_truncate: lines are cut, stored and counted", async () => {
  const served = serve({ maxLineSize: 10, maxLineSizeTruncate: true });
  const answer = await served.push(stream({ app: "x" }, [now, x(10)], [now, x(13)], [now, x(30)]));
  assert.equal(answer.status, 204);
  const labels = '{reason="line_too_long",truncated="t"}';
  assert.deepEqual(served.samples(/^loki_(mutated|discarded)/), [
    `loki_mutated_bytes_total${labels} 23`,
    `loki_mutated_samples_total${labels} 2`,
  ]);
});

test("what the ingester refuses and what comes before it are told together", async () => {
  const served = serve({ maxLineSize: 8, maxStreamsPerUser: 1 });
  const { status, text } = await served.push(
    stream({ app: "good" }, [now, "good"]),
    stream({ app: "long" }, [now, x(9)]),
    stream({ app: "many" }, [now, "one"]),
  );
  assert.equal(status, 429);
  assert.equal(
    text,
    `${STREAMS}\nMax entry size '8' bytes exceeded for stream '{app="long"}' while adding an entry with length '9' bytes\n`,
  );
});

test("block_ingestion_until: refused until then, and with status 200 only thrown away", async () => {
  const until = { blockIngestionUntilMs: Number(START / 1_000_000n) + 60_000 };
  const served = serve(until);
  const text = `ingestion blocked for user 't' until '2023-11-14T22:14:20Z' with status code '260'\n`;
  assert.deepEqual(await served.push(...line(7)), { status: 260, text });
  await served.clock.advance(59_999);
  assert.equal((await served.push(...line(7))).status, 260);
  await served.clock.advance(1);
  assert.equal((await served.push(...line(7))).status, 204);
  assert.deepEqual(served.samples(/^loki_discarded_bytes/), [
    'loki_discarded_bytes_total{reason="blocked_ingestion",tenant="t"} 14',
  ]);
  const silent = serve({ ...until, blockIngestionStatusCode: 200 });
  assert.deepEqual(await silent.push(...line(7)), { status: 204, text: "" });
  assert.deepEqual(silent.samples(/^loki_ingester_streams_created/), []);
});

test("simulated_push_latency: the answer waits", async () => {
  const { push, clock } = serve({ simulatedPushLatencyMs: 500 });
  let answered = false;
  const answer = push(...line(1)).then(() => {
    answered = true;
  });
  await clock.advance(499);
  assert.equal(answered, false);
  await clock.advance(1);
  await answer;
});

test("good streams of a push are stored, and each bad one is reported", async () => {
  const served = serve({
    maxLineSize: 8,
    maxStreamsPerUser: 2,
    perStreamRateLimit: 1,
    perStreamRateLimitBurst: 12,
  });
  const bad = { "bad-1": x(9), "bad-2": x(10) };
  const answer = await served.push(
    stream({ app: "bad-1" }, [now, bad["bad-1"]]),
    stream({ app: "good" }, [now, "good"]),
    stream({}, [now, "none"]),
    stream({ app: "bad-2" }, [now, bad["bad-2"]], [now, "kept"]),
  );
  assert.equal(answer.status, 400);
  const tooLong = (name: string, size: number) =>
    `Max entry size '8' bytes exceeded for stream '{app="${name}"}' while adding an entry with length '${size}' bytes`;
  const NONE = "error at least one label pair is required per stream";
  assert.equal(
    answer.text,
    `1 errors like: ${tooLong("bad-1", 9)}; 1 errors like: ${NONE}; 1 errors like: ${tooLong("bad-2", 10)}\n`,
  );
  assert.deepEqual(served.samples(/^loki_ingester_streams_created/), [
    'loki_ingester_streams_created_total{tenant="t"} 2',
  ]);
  // Both that an ingester refuses are told, the last one first, as Loki tells of it alone.
  const later = await served.push(
    stream({ app: "third" }, [now, "new"]),
    stream({ app: "good" }, [now, "aaaaaaaa"], [now, "bbbbbbbb"]),
  );
  assert.equal(later.status, 429);
  assert.match(
    later.text,
    /^entry with timestamp .*'Per stream rate limit exceeded .*\nuser 't', total ignored: 1 out of 2 for stream: \{app="good"\}\nMaximum active stream limit exceeded/s,
  );
  const count = (reason: string) =>
    served.samples(new RegExp(`^loki_discarded_samples_total\\{reason="${reason}"`));
  assert.match(count("line_too_long")[0]!, / 2$/);
  assert.match(count("missing_labels")[0]!, / 1$/);
  assert.match(count("stream_limit")[0]!, / 1$/);
  assert.match(count("per_stream_rate_limit")[0]!, / 1$/);
});
