/** What a push may hold: each refusal in Loki's words, and that the rest goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { givenRows, pushStream } from "../../fixtures/push/rows.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import { validate } from "./validate.ts";

/** 2023-10-28T03:00:00Z */
const NOW = 1698462000_000000000n;
const HOUR = 3600_000000000n;
const DAY = 24n * HOUR;

function run(streams: PushStream[], limits: Partial<Limits> = {}, meter: Meter = UNMETERED) {
  const all = { ...DEFAULT_LIMITS, ...limits };
  return validate(streams, { tenant: "t" as Tenant, limits: all, now: NOW, meter });
}

test("validate() refuses in Loki's words and lets the rest go on", () => {
  const given = (
    limits: Partial<Limits>,
    streams: PushStream[],
    text: string | undefined,
    lines: string[],
  ) => {
    const { streams: taken, refused } = run(streams, limits);
    assert.equal(refused?.message, text);
    assert.deepEqual(
      taken.flatMap((stream) => givenRows(stream).map(([, line]) => line)),
      lines,
    );
  };
  const one = (labels: Record<string, string>, ...lines: string[]) =>
    pushStream(
      labels,
      lines.map((line) => [NOW, line]),
    );
  const at = (time: bigint, line: string) =>
    pushStream({ app: "x" }, [
      [NOW, "good"],
      [time, line],
    ]);

  given({}, [one({ app: "x" }, "a", "b")], undefined, ["a", "b"]);
  given({}, [one({ app: "x" })], undefined, []);
  given({}, [], undefined, []);
  given({}, [one({}, "a")], "error at least one label pair is required per stream", []);
  given(
    { maxLabelNamesPerSeries: 1 },
    [one({ a: "1", b: "2" }, "x"), one({ c: "3" }, "y")],
    `entry for stream '{a="1", b="2"}' has 2 label names; limit 1`,
    ["y"],
  );
  given({ maxLabelNamesPerSeries: 0 }, [one({ a: "1", b: "2" }, "x")], undefined, ["x"]);
  given(
    { maxLabelNameLength: 3 },
    [one({ abcd: "1" }, "x")],
    `stream '{abcd="1"}' has label name too long: 'abcd'`,
    [],
  );
  given(
    { maxLabelValueLength: 3 },
    [one({ a: "éé" }, "x")],
    `stream '{a="éé"}' has label value too long: 'éé'`,
    [],
  );
  given({ maxLabelValueLength: 4 }, [one({ a: "éé" }, "x")], undefined, ["x"]);
  given(
    {},
    [
      pushStream(
        [
          ["a", "1"],
          ["a", "2"],
        ],
        [[NOW, "x"]],
      ),
    ],
    `stream '{a="1", a="2"}' has duplicate label name: 'a'`,
    [],
  );
  given(
    {},
    [at(NOW - 8n * DAY, "old")],
    `entry for stream '{app="x"}' has timestamp too old: 2023-10-20T03:00:00Z, oldest acceptable timestamp is: 2023-10-21T03:00:00Z`,
    ["good"],
  );
  given({}, [at(NOW - 7n * DAY, "edge")], undefined, ["good", "edge"]);
  given({ rejectOldSamples: false }, [at(-5n, "old")], undefined, ["good", "old"]);
  given(
    {},
    [at(NOW + HOUR, "new")],
    `entry for stream '{app="x"}' has timestamp too new: 2023-10-28T04:00:00Z`,
    ["good"],
  );
  given({}, [at(NOW + HOUR / 6n, "edge")], undefined, ["good", "edge"]);
  given(
    { maxLineSize: 4 },
    [one({ app: "x" }, "four", "fives", "é..")],
    `Max entry size '4' bytes exceeded for stream '{app="x"}' while adding an entry with length '5' bytes`,
    ["four", "é.."],
  );
  given(
    {},
    [
      pushStream({ app: "x" }, [
        [NOW, "a", { k: "v" }],
        [NOW, "b"],
      ]),
    ],
    "stream '{app=\"x\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.structured_metadata` or contact your Loki administrator to enable it.",
    ["b"],
  );
});

test("validate() counts equal texts and names each different one", () => {
  const stream = pushStream({ app: "x" }, [
    [NOW, "aaaaa"],
    [NOW, "bbbbb"],
    [NOW, "cccccc"],
    [NOW, "d"],
  ]);
  const text = (size: number) =>
    `Max entry size '4' bytes exceeded for stream '{app="x"}' while adding an entry with length '${size}' bytes`;
  assert.equal(
    run([stream], { maxLineSize: 4 }).refused?.message,
    `2 errors like: ${text(5)}; 1 errors like: ${text(6)}`,
  );
});

test("validate() bounds the text of many refusals", () => {
  const rows = Array.from({ length: 5000 }, (_, row): [bigint, string] => [
    NOW,
    "x".repeat(5 + row),
  ]);
  const message = run([pushStream({ app: "x" }, rows)], { maxLineSize: 4 }).refused!.message;
  assert.match(message, /; 4900 other errors$/);
  assert.ok(message.length < 20_000);
});

test("structured metadata goes on where it is allowed, within its limits", () => {
  const allowed = { allowStructuredMetadata: true };
  const stream = () =>
    pushStream({ app: "x" }, [
      [NOW, "a", { k: "v", l: "w" }],
      [NOW, "b"],
      [NOW, "c", { k: "é" }],
    ]);
  assert.deepEqual(givenRows(run([stream()], allowed).streams[0]!), [
    [NOW, "a", { k: "v", l: "w" }],
    [NOW, "b"],
    [NOW, "c", { k: "é" }],
  ]);
  assert.equal(run([stream()], allowed).bytes, 3 + 4 + 3);
  const few = run([stream()], { ...allowed, maxStructuredMetadataEntriesCount: 1 });
  assert.match(few.refused!.message, /has too many structured metadata labels: '2', limit: '1'/);
  assert.deepEqual(givenRows(few.streams[0]!), [
    [NOW, "b"],
    [NOW, "c", { k: "é" }],
  ]);
  const small = run([stream()], { ...allowed, maxStructuredMetadataSize: 3 });
  assert.match(
    small.refused!.message,
    /has structured metadata too large: '4' bytes, limit: '3' bytes/,
  );
});

test("long lines are cut where the limits say so", () => {
  const cut = { maxLineSize: 6, maxLineSizeTruncate: true };
  const stream = () =>
    pushStream({ app: "x" }, [
      [NOW, "123456789"],
      [NOW, "123456"],
    ]);
  const lines = (limits: Partial<Limits>) =>
    givenRows(run([stream()], limits).streams[0]!).map(([, line]) => line);
  assert.deepEqual(lines(cut), ["123456", "123456"]);
  assert.deepEqual(lines({ ...cut, maxLineSizeTruncateIdentifier: "..." }), ["123...", "123456"]);
});

test("entries of one time are spread where the limits say so", () => {
  const spread = (rows: [bigint, string][]) =>
    givenRows(
      run([pushStream({ app: "x" }, rows)], { incrementDuplicateTimestamp: true }).streams[0]!,
    ).map(([time, line]) => [Number(time - NOW), line]);
  assert.deepEqual(
    spread([
      [NOW, "a"],
      [NOW, "b"],
      [NOW, "c"],
      [NOW + 1n, "d"],
      [NOW + 9n, "e"],
    ]),
    [
      [0, "a"],
      [1, "b"],
      [2, "c"],
      [1, "d"],
      [9, "e"],
    ],
  );
  assert.deepEqual(
    spread([
      [NOW, "a"],
      [NOW, "a"],
      [NOW, "b"],
      [NOW + 1n, "c"],
    ]),
    [
      [0, "a"],
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ],
  );
});

test("validate() tells the meter what it threw away", () => {
  const counted: unknown[] = [];
  const meter: Meter = {
    ...UNMETERED,
    count: (name, add, labels) => counted.push([name, add, labels]),
  };
  run(
    [
      pushStream({ app: "x" }, [
        [NOW - 8n * DAY, "old"],
        [NOW - 9n * DAY, "older"],
      ]),
    ],
    {},
    meter,
  );
  const labels = { reason: "greater_than_max_sample_age", tenant: "t" };
  assert.deepEqual(counted, [
    ["loki_discarded_samples_total", 2, labels],
    ["loki_discarded_bytes_total", 8, labels],
  ]);
});
