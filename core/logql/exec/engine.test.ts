/**
 * Equivalences of whole queries over random lines: blocks of any length give the same answer, a
 * backward query is a forward one turned round, and a limited answer is the start of an unlimited one.
 * Then the promises that are not about answers: bounded memory, stopping early, being stopped.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portableSearch } from "../../bytes/search.ts";
import { fingerprint } from "../../labels/fingerprint.ts";
import { labelsOf, printLabels } from "../../labels/labels.ts";
import { LimitExceeded } from "../../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.ts";
import type { QueryResult } from "../../model/result.ts";
import { newScanStats, type ScanStats } from "../../model/stats.ts";
import { NS_PER_SECOND } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { QueryParams } from "../plan/params.ts";
import { parseQuery } from "../syntax/parse.ts";
import { evaluate } from "./engine.ts";
import { isClose } from "./testing/close.ts";
import { MemoryScanner, type TestEntry } from "./testing/memory-scanner.ts";

const SEED = 3076;
const BASE = 1_700_002_800n * NS_PER_SECOND;
const CLOCK: Clock = { now: () => BASE, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };

const PARAMS: QueryParams = {
  start: BASE,
  end: BASE + 100n * NS_PER_SECOND,
  step: 10n * NS_PER_SECOND,
  interval: 0n,
  limit: 1000,
  direction: "forward",
  instant: false,
  limits: DEFAULT_LIMITS,
};

interface Options {
  readonly params?: Partial<QueryParams>;
  readonly limits?: Partial<Limits>;
  readonly stats?: ScanStats;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

function ask(query: string, scanner: MemoryScanner, options: Options = {}): Promise<QueryResult> {
  const params = {
    ...PARAMS,
    ...options.params,
    limits: { ...DEFAULT_LIMITS, splitQueriesByIntervalMs: 0, ...options.limits },
  };
  return evaluate(parseQuery(query), params, {
    scanner,
    search: portableSearch,
    clock: options.clock ?? CLOCK,
    stats: options.stats ?? newScanStats(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

const entries: fc.Arbitrary<TestEntry[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom("a", "b", "c"),
      seconds: fc.integer({ min: -30, max: 120 }),
      value: fc.integer({ min: -9, max: 99 }),
      level: fc.constantFrom("info", "warn", "error"),
    }),
    { maxLength: 80 },
  )
  .map((rows) =>
    rows.map(({ stream, seconds, value, level }, index) => ({
      labels: labelsOf({ app: "x", stream }),
      time: BASE + BigInt(seconds) * NS_PER_SECOND,
      line: `n=${index} v=${value} level=${level}`,
      metadata: index % 3 === 0 ? labelsOf({ trace: `t${index % 2}` }) : [],
    })),
  );

/** Every line of an answer by itself, in the order of the sequence. */
function linesOf(result: QueryResult): string[] {
  assert.equal(result.kind, "streams");
  return result.streams
    .flatMap(({ entries }) => entries)
    .map(({ time, line }) => `${time} ${line}`);
}

test("a log query gives what sorting, filtering and cutting give", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom("forward", "backward"),
      fc.integer({ min: 1, max: 12 }),
      async (given, limit, direction, blockRows) => {
        const sign = direction === "forward" ? 1 : -1;
        const wanted = given
          .filter(({ time }) => time >= PARAMS.start && time < PARAMS.end)
          .filter(({ line }) => !line.includes("level=info"))
          .map((entry) => ({ entry, index: given.indexOf(entry) }))
          .sort((a, b) => {
            if (a.entry.time !== b.entry.time) return a.entry.time < b.entry.time ? -sign : sign;
            const [x, y] = [fingerprint(a.entry.labels), fingerprint(b.entry.labels)];
            return x < y ? -1 : x > y ? 1 : (a.index - b.index) * sign;
          })
          .slice(0, limit)
          .map(({ entry: { time, line } }) => `${time} ${line}`);
        const got = await ask(
          '{app="x"} != "info" | keep app',
          new MemoryScanner(given, blockRows),
          {
            params: { limit, direction },
          },
        );
        assert.deepEqual(linesOf(got), wanted);
        assert.ok(got.kind === "streams" && got.streams.length <= 1);
      },
    ),
    { seed: SEED, numRuns: 200 },
  ));

test("a backward query is the forward one turned round, but for ties between streams", () =>
  fc.assert(
    fc.asyncProperty(entries, fc.integer({ min: 1, max: 9 }), async (given, blockRows) => {
      // One entry of each moment, so that there are no ties.
      const times = new Set<bigint>();
      const apart = given.filter(({ time }) => !times.has(time) && times.add(time) !== undefined);
      const scanner = new MemoryScanner(apart, blockRows);
      const query = '{app="x"} | logfmt | v > 10 | keep app';
      const forward = await ask(query, scanner);
      const backward = await ask(query, scanner, { params: { direction: "backward" } });
      assert.deepEqual(linesOf(backward), linesOf(forward).toReversed());
    }),
    { seed: SEED, numRuns: 100 },
  ));

const METRICS = [
  'count_over_time({app="x"}[25s])',
  'sum by (level) (rate({app="x"} | logfmt [10s]))',
  'sum(bytes_over_time({app="x"} |= "warn" [30s]))',
  'avg_over_time({app="x"} | logfmt | unwrap v [20s]) by (stream)',
  'quantile_over_time(0.7, {app="x"} | logfmt | unwrap v [20s]) by (level)',
  'first_over_time({app="x"} | logfmt | unwrap v [20s]) by (app)',
  'last_over_time({app="x"} | logfmt | unwrap v [20s]) by (app)',
  'rate_counter({app="x"} | logfmt | unwrap v [30s])',
  'stddev_over_time({app="x"} | logfmt | unwrap v [30s] offset 5s) by (trace)',
  'topk(1, sum by (level) (count_over_time({app="x"} | logfmt [20s])))',
  'sum by (level) (count_over_time({app="x"} | logfmt [20s])) / ignoring(level) group_left sum(count_over_time({app="x"}[20s]))',
  'count_over_time({app="x"}[20s]) > 2 or count_over_time({app="x"} | logfmt | keep app [20s])',
  'absent_over_time({app="x", stream="b"}[10s])',
];

test("the bounds of blocks do not show in the answer of a metric query", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      fc.constantFrom(...METRICS),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      async (given, query, sizes) => {
        let turn = 0;
        const cut = new MemoryScanner(given, () => sizes[turn++ % sizes.length]!);
        assertClose(await ask(query, cut), await ask(query, new MemoryScanner(given, 1000)), query);
      },
    ),
    { seed: SEED, numRuns: 300 },
  ));

test("each step of a range query is the instant query at its time", () =>
  fc.assert(
    fc.asyncProperty(entries, fc.constantFrom(...METRICS), async (given, query) => {
      const scanner = new MemoryScanner(given, 6);
      const matrix = await ask(query, scanner);
      assert.equal(matrix.kind, "matrix");
      for (let time = PARAMS.start; time <= PARAMS.end; time += PARAMS.step) {
        const vector = await ask(query, scanner, {
          params: { start: time, end: time, instant: true },
        });
        assert.equal(vector.kind, "vector");
        const timeMs = Number(time / 1_000_000n);
        const column: { key: string; value: number }[] = matrix.series.flatMap(
          ({ labels, times, values }) => {
            const index = times.indexOf(timeMs);
            return index < 0 ? [] : [{ key: printLabels(labels), value: values[index]! }];
          },
        );
        const want = new Map(
          vector.samples.map(({ labels, value }) => [printLabels(labels), value]),
        );
        assert.equal(column.length, want.size, query);
        for (const { key, value } of column) assert.ok(isClose(value, want.get(key)), query);
      }
    }),
    { seed: SEED, numRuns: 60 },
  ));

function assertClose(got: QueryResult, want: QueryResult, query: string): void {
  assert.ok(got.kind === "matrix" && want.kind === "matrix");
  const shape = ({ labels, times }: { labels: unknown; times: unknown }) => ({ labels, times });
  assert.deepEqual(got.series.map(shape), want.series.map(shape), query);
  got.series.forEach(({ values }, series) => {
    values.forEach((value, index) => {
      assert.ok(isClose(value, want.series[series]!.values[index]), query);
    });
  });
}

function entriesOf(count: number, labelOf: (index: number) => Record<string, string>): TestEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: labelsOf({ app: "x", ...labelOf(index) }),
    time: BASE + BigInt(index) * 10_000_000n,
    line: `v=${index} text`,
    metadata: [],
  }));
}

test("a limited log query stops reading when it has enough", async () => {
  const scanner = new MemoryScanner(
    entriesOf(1000, () => ({})),
    10,
  );
  const stats = newScanStats();
  await ask('{app="x"}', scanner, { params: { limit: 15 }, stats });
  assert.ok(scanner.handedOut <= 3, `${scanner.handedOut} blocks`);
  assert.ok(stats.postFilterLines <= 30, `${stats.postFilterLines} lines`);
});

test("`last` reads from the end and stops, whatever the direction", async () => {
  const query = { kind: "log", matchers: [{ name: "app", op: "=", value: "x" }] } as const;
  const scanner = new MemoryScanner(
    entriesOf(1000, () => ({})),
    10,
  );
  const result = await evaluate({ ...query, stages: [{ kind: "last", count: 2 }] }, PARAMS, {
    scanner,
    search: portableSearch,
    clock: CLOCK,
    stats: newScanStats(),
  });
  assert.deepEqual(
    linesOf(result).map((line) => line.split(" ")[1]),
    ["v=998", "v=999"],
  );
  assert.ok(scanner.handedOut <= 2, `${scanner.handedOut} blocks`);
});

test("an answer of too many series is refused in Loki's words", async () => {
  const scanner = new MemoryScanner(entriesOf(30, (index) => ({ id: `${index}` })));
  const limits = { maxQuerySeries: 10 };
  const message = "maximum of series (10) reached for a single query";
  const query = 'count_over_time({app="x"}[1m])';
  await assert.rejects(ask(query, scanner, { limits }), { message, limit: "max_query_series" });
  const time = PARAMS.start + PARAMS.step;
  const params = { start: time, end: time, instant: true };
  await assert.rejects(ask(query, scanner, { limits, params }), { message, status: 400 });
  await ask(`sum(${query})`, scanner, { limits });
  await ask(query, scanner, { limits: { maxQuerySeries: 30 } });
});

test("a query that holds too much ends with the numbers", async () => {
  const scanner = new MemoryScanner(entriesOf(5000, () => ({})));
  const limits = { maxQueryMemoryBytes: 30_000 };
  const given = (query: string) =>
    assert.rejects(ask(query, scanner, { limits, params: { limit: 5000 } }), (error) => {
      assert.ok(error instanceof LimitExceeded);
      assert.equal(error.limit, "max_query_memory_bytes");
      assert.match(error.message, /\d+ bytes wanted, max_query_memory_bytes allows 30000/);
      return true;
    });
  await given('{app="x"}');
  await given('quantile_over_time(0.5, {app="x"} | logfmt | unwrap v [1m])');
  await given('count(count_over_time({app="x"} | logfmt [1m]))');
  await ask('sum(count_over_time({app="x"}[1m]))', scanner, { limits });
});

test("an aborted query rejects with the reason at the next block", async () => {
  const scanner = new MemoryScanner(
    entriesOf(1000, () => ({})),
    10,
  );
  const controller = new AbortController();
  const reason = new Error("gone");
  const stats = newScanStats();
  const clock = { ...CLOCK, ticksMs: () => (scanner.handedOut >= 3 ? 1000 : 0) };
  // Long work gives others their turn; here they use it to abort.
  const sleep = async () => controller.abort(reason);
  const run = ask('count_over_time({app="x"}[1m])', scanner, {
    clock: { ...clock, sleep },
    signal: controller.signal,
    stats,
  });
  await assert.rejects(run, (error) => error === reason);
  assert.equal(scanner.handedOut, 3);
});

test("templates' now is the clock's", async () => {
  const scanner = new MemoryScanner(entriesOf(1, () => ({})));
  const clock = { ...CLOCK, now: () => 1_234_567_890_123_456_789n };
  const format = "`{{ unixEpochNanos now }}`";
  const got = await ask(`{app="x"} | line_format ${format}`, scanner, { clock });
  assert.match(linesOf(got)[0]!, / 1234567890123456789$/);
  const counted = `count_over_time({app="x"} | label_format t=${format} [1m])`;
  const series = await ask(counted, scanner, { clock });
  assert.equal(series.kind, "matrix");
  const [labels] = series.series.map((each) => printLabels(each.labels));
  assert.match(labels!, /t="1234567890123456789"/);
});

test("lines that are left after the stages are counted", async () => {
  const scanner = new MemoryScanner(entriesOf(100, () => ({})));
  const stats = newScanStats();
  await ask('sum(count_over_time({app="x"} |= "v=9" [10s]))', scanner, { stats });
  assert.equal(stats.postFilterLines, 11);
});

test("the index is asked for the streams that label filters leave", async () => {
  const scanner = new MemoryScanner(entriesOf(100, (index) => ({ pod: `p${index % 10}` })));
  const stats = newScanStats();
  const got = await ask('{app="x"} | pod="p3" | drop pod', scanner, { stats });
  assert.equal(linesOf(got).length, 10);
  assert.equal(scanner.handedOut, 1);
});
