/** Tails: frames, pings, what a slow client misses, and the ways to end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsOf } from "../labels/labels.ts";
import { BadRequest } from "../model/errors.ts";
import type { TailBatch, TailEntry } from "../ports/query-service.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { encodeLegacyTailFrame, encodeTailFrame } from "./tail-json.ts";
import { tailSession } from "./tail-session.ts";

const LABELS = labelsOf({ g: "x" });

function entries(first: number, count: number): TailEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: LABELS,
    time: BigInt(first + index),
    line: `l${first + index}`,
  }));
}

/** A client that a test lets take frames, and a source that a test feeds. */
function start(options: { slow?: boolean; durationMaxMs?: number } = {}) {
  const clock = new SimClock();
  const gone = new AbortController();
  const sent: string[] = [];
  const closed: [number, string][] = [];
  let pings = 0;
  let take = () => {};
  const batches: (TailBatch | Error | "end")[] = [];
  let wake = () => {};
  let sourceAborted = false;
  const done = tailSession({
    clock,
    durationMaxMs: options.durationMaxMs ?? 3_600_000,
    encode: encodeTailFrame,
    socket: {
      gone: gone.signal,
      ping: () => void pings++,
      close: (code, reason) => void closed.push([code, reason]),
      send: (text) => {
        sent.push(text);
        return options.slow ? new Promise((resolve) => (take = resolve)) : Promise.resolve();
      },
    },
    batches: async function* (signal) {
      signal.addEventListener("abort", () => {
        sourceAborted = true;
        wake();
      });
      for (;;) {
        while (batches.length === 0 && !signal.aborted)
          await new Promise<void>((next) => (wake = next));
        const batch = batches.shift();
        if (batch === undefined || batch === "end") return;
        if (batch instanceof Error) throw batch;
        yield batch;
      }
    },
  });
  return {
    clock,
    gone,
    sent,
    closed,
    done,
    pings: () => pings,
    aborted: () => sourceAborted,
    async give(batch: TailBatch | Error | "end") {
      batches.push(batch);
      wake();
      await settle();
    },
    async takeFrame() {
      take();
      await settle();
    },
  };
}

test("every entry is a stream of its own, at most 100 in a frame", async () => {
  const tail = start();
  await tail.give({ entries: entries(1, 2) });
  assert.deepEqual(tail.sent, [
    '{"streams":[{"stream":{"g":"x"},"values":[["1","l1"]]},{"stream":{"g":"x"},"values":[["2","l2"]]}]}',
  ]);
  await tail.give({ entries: entries(10, 250) });
  assert.deepEqual(
    tail.sent.slice(1).map((text) => JSON.parse(text).streams.length),
    [100, 100, 50],
  );
  tail.gone.abort();
  await tail.done;
  assert.deepEqual([tail.closed, tail.aborted()], [[], true]);
});

test("a slow client loses entries, in order and with a word", async () => {
  const tail = start({ slow: true });
  for (let batch = 0; batch < 15; batch++) await tail.give({ entries: entries(batch * 10, 2) });
  // One frame is on its way, ten wait, four batches were dropped.
  for (let frame = 0; frame < 20; frame++) await tail.takeFrame();
  const frames = tail.sent.map((text) => JSON.parse(text));
  assert.deepEqual(
    frames.map(({ streams }) => streams?.[0].values[0][0]),
    ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"],
  );
  assert.deepEqual(
    frames[1].dropped_entries.map((each: { timestamp: string }) => each.timestamp),
    ["110", "111", "120", "121", "130", "131", "140", "141"],
  );
  assert.deepEqual(frames[1].dropped_entries[0].labels, { g: "x" });
  assert.ok(frames.slice(2).every((frame) => frame.dropped_entries === undefined));
  tail.gone.abort();
  await tail.done;
});

test("no more than 1000 dropped entries are remembered, and the past comes whole", async () => {
  const tail = start({ slow: true });
  await tail.give({ entries: entries(0, 5000) });
  await tail.give({ entries: entries(5000, 3000) });
  for (let frame = 0; frame < 60; frame++) await tail.takeFrame();
  const frames = tail.sent.map((text) => JSON.parse(text));
  assert.equal(
    frames.reduce((sum, { streams = [] }) => sum + streams.length, 0),
    5000,
  );
  assert.equal(
    frames.reduce((sum, { dropped_entries = [] }) => sum + dropped_entries.length, 0),
    1000,
  );
  tail.gone.abort();
  await tail.done;
});

test("the client is pinged every second, and closed after the longest time", async () => {
  const tail = start({ durationMaxMs: 5500 });
  await tail.clock.advance(4000);
  assert.equal(tail.pings(), 4);
  await tail.clock.advance(2000);
  await tail.done;
  assert.deepEqual(
    [tail.closed, tail.aborted()],
    [[[1011, "reached tail max duration limit"]], true],
  );
  assert.equal(tail.clock.sleepers, 0);
});

test("a query that fails closes with its text, after what it gave", async () => {
  const tail = start();
  await tail.give({ entries: entries(1, 1) });
  await tail.give(new BadRequest("only log selector is supported"));
  await tail.done;
  assert.equal(tail.sent.length, 1);
  assert.deepEqual(tail.closed, [[1011, "only log selector is supported"]]);
});

test("a source that ends by itself closes the tail", async () => {
  const tail = start();
  await tail.give("end");
  await tail.done;
  assert.deepEqual(tail.closed, [[1011, "all ingesters closed the connection"]]);
});

test("a long reason is cut to what a close frame holds", async () => {
  const tail = start();
  await tail.give(new BadRequest("é".repeat(100)));
  await tail.done;
  assert.deepEqual(tail.closed, [[1011, "é".repeat(61)]]);
});

test("what a source dropped is told with the next frame", async () => {
  const tail = start();
  await tail.give({ entries: [], dropped: [{ time: 7n, labels: LABELS }] });
  assert.deepEqual(tail.sent, ['{"dropped_entries":[{"timestamp":"7","labels":{"g":"x"}}]}']);
  tail.gone.abort();
  await tail.done;
});

test("frames of the old path, and with categories", () => {
  const [entry] = entries(1, 1) as [TailEntry];
  const exact = { ...entry, time: 1795416244525792471n, line: "<l>" };
  assert.equal(
    encodeLegacyTailFrame({ entries: [exact], dropped: [] }),
    '{"streams":[{"labels":"{g=\\"x\\"}","entries":[{"ts":"2026-11-23T06:44:04.525792471Z","line":"\\u003cl\\u003e"}]}],"dropped_entries":null}\n',
  );
  const labels = labelsOf({ g: "x", trace: "t" });
  const frame = {
    entries: [{ ...exact, labels, metadata: labelsOf({ trace: "t" }) }],
    dropped: [],
  };
  assert.equal(
    encodeTailFrame(frame, { categorize: true }),
    '{"streams":[{"stream":{"g":"x"},"values":[["1795416244525792471","\\u003cl\\u003e",{"structuredMetadata":{"trace":"t"}}]]}],"encodingFlags":["categorize-labels"]}',
  );
});
