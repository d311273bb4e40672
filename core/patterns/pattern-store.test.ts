/** Counts of patterns by stream, level and time, and the bounds on what is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes/text.ts";
import { labelsOf } from "../labels/labels.ts";
import type { Block, StreamId } from "../model/block.ts";
import type { Matcher } from "../model/matcher.ts";
import { SINGLE_TENANT, type Tenant } from "../model/tenant.ts";
import { SimClock } from "../sim/clock.ts";
import { DEFAULT_PATTERNS, type PatternSettings, PatternStore } from "./pattern-store.ts";

const START_S = 1_700_000_000;
const START = BigInt(START_S) * 1_000_000_000n;

function blockOf(lines: readonly (readonly [second: number, line: string])[]): Block {
  const texts = lines.map(([, line]) => utf8(line));
  const ends = new Uint32Array(texts.length);
  texts.reduce((end, { length }, row) => (ends[row] = end + length), 0);
  return {
    rows: lines.length,
    times: BigInt64Array.from(lines, ([second]) => START + BigInt(Math.round(second * 1e9))),
    text: utf8(lines.map(([, line]) => line).join("")),
    starts: ends.map((end, row) => end - texts[row]!.length),
    ends,
  };
}

function given(settings: Partial<PatternSettings> = {}) {
  const clock = new SimClock(START);
  const store = new PatternStore({ ...DEFAULT_PATTERNS, ...settings }, clock);
  const streams = new Map<string, StreamId>();
  return {
    store,
    clock,
    add(
      labels: Record<string, string>,
      lines: readonly (readonly [number, string])[],
      taken?: Uint32Array,
    ) {
      const key = JSON.stringify(labels);
      const stream = streams.get(key) ?? { labels: labelsOf(labels), fingerprint: 1n };
      streams.set(key, stream);
      store.observe(SINGLE_TENANT, stream, blockOf(lines), taken);
    },
    async ask(
      stepS = 10,
      matchers: readonly Matcher[] = [],
      range = [0, 3600],
      tenant = SINGLE_TENANT,
    ) {
      const found = await store.patterns(tenant, {
        matchers,
        startMs: (START_S + range[0]!) * 1000,
        endMs: (START_S + range[1]!) * 1000,
        stepMs: stepS * 1000,
      });
      return found.map(({ pattern, level, times, counts }) => [
        level,
        pattern,
        ...times.map((time, index) => `${time / 1000 - START_S}:${counts[index]}`),
      ]);
    },
  };
}

test("lines are counted by ten seconds, and by longer steps", async () => {
  const { add, ask } = given();
  add({ a: "1" }, [
    [0, "took 1ms"],
    [9, "took 2ms"],
    [10, "took 3ms"],
    [65, "took 4ms"],
  ]);
  assert.deepEqual(await ask(), [["unknown", "took <_>", "0:2", "10:1", "60:1"]]);
  assert.deepEqual(await ask(60), [["unknown", "took <_>", "-20:3", "40:1"]]);
  assert.deepEqual(await ask(1), await ask(10));
  assert.deepEqual(await ask(25), await ask(20));
  assert.deepEqual(await ask(10, [], [10, 59]), [["unknown", "took <_>", "10:1"]]);
  assert.deepEqual(await ask(10, [], [100, 200]), []);
});

test("equal patterns of several streams are one, others are apart, the most frequent first", async () => {
  const { add, ask } = given();
  add({ a: "1" }, [[0, "took 1ms"]]);
  add({ a: "2" }, [
    [0, "took 2ms"],
    [1, "done"],
  ]);
  assert.deepEqual(await ask(), [
    ["unknown", "took <_>", "0:2"],
    ["unknown", "done", "0:1"],
  ]);
  assert.deepEqual(await ask(10, [{ name: "a", op: "=", value: "1" }]), [
    ["unknown", "took <_>", "0:1"],
  ]);
  assert.deepEqual(await ask(10, [{ name: "a", op: "=", value: "3" }]), []);
  assert.deepEqual(await ask(10, [], [0, 3600], "other" as Tenant), []);
});

test("levels keep lines apart: of metadata, else of the line, else of the stream", async () => {
  const { add, ask, store } = given();
  add({ a: "1" }, [
    [0, "level=info took=1"],
    [0, "level=error took=2"],
    [0, "ERROR: took 5"],
    [0, "plain"],
  ]);
  add({ level: "Warning" }, [[0, "plain"]]);
  const metadata = {
    symbols: ["detected_level", "fatal", "other"],
    firsts: Uint32Array.of(0, 1, 2, 2),
    pairs: Uint32Array.of(0, 1, 0, 2),
  };
  const block = blockOf([
    [0, "info a"],
    [0, "info b"],
    [0, "info c"],
  ]);
  const stream = { labels: labelsOf({ b: "1" }), fingerprint: 2n };
  store.observe(SINGLE_TENANT, stream, { ...block, metadata }, undefined);
  assert.deepEqual((await ask()).sort(), [
    ["error", "ERROR: took <_>", "0:1"],
    ["error", "level=error took=<_>", "0:1"],
    ["fatal", "info a", "0:1"],
    ["info", "info c", "0:1"],
    ["info", "level=info took=<_>", "0:1"],
    ["unknown", "info b", "0:1"],
    ["unknown", "plain", "0:1"],
    ["warn", "plain", "0:1"],
  ]);
});

test("only rows that were taken count; empty and long lines do not", async () => {
  const { add, ask } = given({ lineBytesMax: 10 });
  add(
    { a: "1" },
    [
      [0, "one"],
      [0, "two"],
      [0, "three"],
      [0, ""],
      [0, "x".repeat(11)],
    ],
    Uint32Array.of(0, 2, 3, 4),
  );
  assert.deepEqual((await ask()).map(([, pattern]) => pattern).sort(), ["one", "three"]);
});

test("late and early lines find their bucket, very old ones do not", async () => {
  const { add, ask } = given({ retainMs: 100_000 });
  add({ a: "1" }, [[200, "x"]]);
  add({ a: "1" }, [
    [150, "x"],
    [110, "x"],
    [100, "x"],
    [300, "x"],
    [211, "x"],
    [290, "x"],
  ]);
  assert.deepEqual(await ask(), [["unknown", "x", "210:1", "290:1", "300:1"]]);
});

test("patterns are forgotten when they are old", async () => {
  const { add, ask, clock, store } = given({ retainMs: 60_000 });
  add({ a: "1" }, [[0, "old"]]);
  assert.equal((await ask()).length, 1);
  await clock.advance(120_000);
  add({ a: "2" }, [[120, "new"]]);
  assert.deepEqual(await ask(), [["unknown", "new", "120:1"]]);
  const before = store.bytes;
  await clock.advance(600_000);
  add({ a: "3" }, [[720, "neu"]]);
  assert.ok(store.bytes <= before, `${store.bytes} ${before}`);
});

test("a stream keeps so many patterns, those that came last", async () => {
  const { add, ask } = given({ clustersMax: 10 });
  const word = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26));
  for (let index = 0; index < 200; index++) {
    add({ a: "1" }, [[index * 10, `${word(index)}(${"[".repeat(index % 7)}x`]]);
  }
  const found = await ask(10, [], [0, 3600]);
  assert.ok(found.length <= 10 && found.length >= 5, String(found.length));
  assert.ok(found.some(([, pattern]) => pattern!.startsWith(word(199))));
});

test("memory has a bound, whatever comes", async () => {
  const bytesMax = 1 << 20;
  const { add, store, ask } = given({ bytesMax, clustersMax: 1000 });
  let most = 0;
  for (let index = 0; index < 300; index++) {
    const lines = Array.from({ length: 40 }, (_, row): [number, string] => [
      index,
      `${"(".repeat(row)}w${index.toString(36)} ${"z".repeat(row * 10)}`.replace(/\d/g, "q"),
    ]);
    add({ s: String(index) }, lines);
    most = Math.max(most, store.bytes);
  }
  // A push may go over it; then room is made.
  assert.ok(most < 2 * bytesMax, String(most));
  assert.ok(store.bytes <= bytesMax);
  assert.ok((await ask()).length > 0);
});
