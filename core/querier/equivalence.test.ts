/**
 * The same lines give the same answer wherever they are and however they are cut: in memory, in a bucket,
 * half in each or in both; in chunks and blocks of any size; asked for at once or a stretch at a time.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portableSearch } from "../bytes/search.ts";
import { portableCodecs } from "../compress/table.ts";
import { Flusher } from "../ingester/flush.ts";
import { Ingester } from "../ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../ingester/settings.ts";
import { IngesterSource } from "../ingester/source.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { isClose } from "../logql/exec/testing/close.ts";
import { blockOf, type TestEntry } from "../logql/exec/testing/memory-scanner.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { QueryResult } from "../model/result.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { Querier } from "./service.ts";

const SEED = 20261123;
const SECOND = 1_000_000_000n;
const EPOCH = 1_700_002_800n * SECOND;
const SCHEMA: Schema = [
  {
    fromMs: 0,
    schema: "v13",
    store: "tsdb",
    objectStore: "memory",
    indexPrefix: "index_",
    tableMs: DAY_MS,
  },
];
const LIMITS = {
  of: () => ({
    ...DEFAULT_LIMITS,
    allowStructuredMetadata: true,
    // The order of streams in a backward answer tells how it was split; here only the lines count.
    splitQueriesByIntervalMs: 0,
  }),
};

/** How lines are kept. */
interface Cut {
  /** Bytes of a block, and of a chunk. */
  readonly blockSize: number;
  readonly targetSize: number;
  /** So many tenths of the lines are flushed before the others come. */
  readonly flushed: number;
  /** Whether what is flushed stays in memory, too, so that both places have it. */
  readonly twice: boolean;
}

const MEMORY: Cut = { blockSize: 1 << 20, targetSize: 1 << 20, flushed: 0, twice: false };

const cuts: fc.Arbitrary<Cut> = fc.record({
  blockSize: fc.integer({ min: 40, max: 600 }),
  targetSize: fc.integer({ min: 60, max: 1500 }),
  flushed: fc.integer({ min: 0, max: 10 }),
  twice: fc.boolean(),
});

const entries: fc.Arbitrary<TestEntry[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom("a", "b", "c"),
      // Coarse, so that several lines have one moment.
      ms: fc.nat(120).map((half) => 500 * half),
      value: fc.integer({ min: -9, max: 99 }),
      level: fc.constantFrom("info", "warn", "error"),
      traced: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map(({ stream, ms, value, level, traced }, index) => ({
      labels: labelsOf({ app: "x", stream }),
      time: EPOCH + BigInt(ms) * 1_000_000n,
      line: `n=${index} v=${value} level=${level}`,
      metadata: traced ? labelsOf({ trace: `t${index % 2}` }) : [],
    })),
  );

const LOGS = [
  '{app="x"}',
  '{app="x"} |= "warn"',
  '{app="x", stream=~"a|b"} | logfmt | v > 10 | keep level, stream',
  '{app="x"} | trace="t1" | line_format "{{.stream}} {{.trace}}"',
  '{app="x"} |~ "v=[1-5].* level=(info|warn)" | label_format app="y"',
  '{app="x"} | pattern "n=<n> <_>" | n < 30',
];

const METRICS = [
  'sum by (stream) (count_over_time({app="x"}[15s]))',
  'rate({app="x"} |= "error" [20s])',
  'sum by (level) (sum_over_time({app="x"} | logfmt | unwrap v [10s]))',
  'max_over_time({app="x"} | logfmt | unwrap v [10s] offset 5s) by (trace)',
  'quantile_over_time(0.9, {app="x"} | logfmt | unwrap v [30s]) by (stream)',
  'first_over_time({app="x"} | logfmt | unwrap v [30s]) by (app)',
  'bytes_over_time({app="x"}[1m])',
  'topk(2, sum by (stream) (count_over_time({app="x"}[30s])))',
  'count_over_time({stream="a"}[20s]) / on(app) group_left sum by (app) (count_over_time({app="x"}[20s]))',
  'absent_over_time({app="x", stream="c"}[5s])',
];

test("cut in any way, in memory, in a bucket or in both, a log query has the same lines", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      cuts,
      fc.constantFrom(...LOGS),
      fc.constantFrom("forward", "backward"),
      fc.constantFrom(5, 1000),
      async (given, cut, query, direction, limit) => {
        const options = { direction, limit } as const;
        const want = await ask(await querierOf(given, MEMORY), query, options);
        assert.deepEqual(await ask(await querierOf(given, cut), query, options), want, query);
      },
    ),
    { seed: SEED, numRuns: 80 },
  ));

test("and a metric query the same samples", () =>
  fc.assert(
    fc.asyncProperty(entries, cuts, fc.constantFrom(...METRICS), async (given, cut, query) => {
      const want = await ask(await querierOf(given, MEMORY), query);
      close(await ask(await querierOf(given, cut), query), want, query);
    }),
    { seed: SEED, numRuns: 80 },
  ));

test("a log query over a stretch of time is that stretch of a longer one", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      cuts,
      fc.constantFrom(...LOGS),
      fc.nat(60_000),
      fc.nat(60_000),
      fc.constantFrom("forward", "backward"),
      async (given, cut, query, one, other, direction) => {
        const querier = await querierOf(given, cut);
        const start = EPOCH + BigInt(Math.min(one, other)) * 1_000_000n;
        const end = EPOCH + BigInt(Math.max(one, other)) * 1_000_000n;
        const all = linesOf(await ask(querier, query, { direction }));
        const part = linesOf(await ask(querier, query, { direction, start, end }));
        const want = all.filter(({ time }) => time >= start && time < end);
        assert.deepEqual(part, want, query);
      },
    ),
    { seed: SEED, numRuns: 80 },
  ));

test("asked for piece by piece, at any bounds, the lines are those of one query", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      cuts,
      fc.constantFrom(...LOGS),
      fc.array(fc.nat(60_000), { maxLength: 5 }),
      async (given, cut, query, bounds) => {
        const querier = await querierOf(given, cut);
        const moments = [0, ...bounds.toSorted((a, b) => a - b), 60_001];
        const pieces = [];
        for (let index = 1; index < moments.length; index++) {
          const [start, end] = [moments[index - 1]!, moments[index]!].map(
            (ms) => EPOCH + BigInt(ms) * 1_000_000n,
          );
          pieces.push(...linesOf(await ask(querier, query, { start: start!, end: end! })));
        }
        assert.deepEqual(inOrder(pieces), inOrder(linesOf(await ask(querier, query))), query);
      },
    ),
    { seed: SEED, numRuns: 60 },
  ));

/** A querier over lines that are kept in this way. */
async function querierOf(given: readonly TestEntry[], cut: Cut): Promise<Querier> {
  const clock = new SimClock(EPOCH + 120n * SECOND);
  const parts = { schema: SCHEMA, limits: LIMITS, codecs: portableCodecs, clock, journal: SILENT };
  const bucket = new Bucket({
    ...parts,
    objects: new MemoryObjectStore(),
    form: "plain",
    indexPrefix: "index/",
    uploader: "m-1",
  });
  const { blockSize: chunkBlockSize, targetSize: chunkTargetSize } = cut;
  const settings = { ...DEFAULT_INGESTER, chunkBlockSize, chunkTargetSize };
  const ingester = new Ingester({ ...parts, settings, meter: UNMETERED });
  const count = Math.floor((given.length * cut.flushed) / 10);
  const first = given.slice(0, count);
  await push(ingester, first);
  await new Flusher(ingester, bucket).sweep({ force: true });
  if (cut.twice) await push(ingester, first);
  await push(ingester, given.slice(count));
  const sources = [new IngesterSource(ingester), bucket.source];
  return new Querier({ sources, limits: LIMITS, clock, search: portableSearch });
}

/** Pushes lines in the order of time, so that those of one moment come in the order given. */
async function push(ingester: Ingester, given: readonly TestEntry[]): Promise<void> {
  const streams = new Map<string, TestEntry[]>();
  for (const entry of given) {
    const text = printLabels(entry.labels);
    streams.set(text, [...(streams.get(text) ?? []), entry]);
  }
  for (const [labelText, rows] of streams) {
    rows.sort((a, b) => Number(a.time - b.time));
    const { labels } = rows[0]!;
    await ingester.push(SINGLE_TENANT, [{ labels, labelText, rows: blockOf(rows) }]);
  }
}

interface Options {
  readonly start?: bigint;
  readonly end?: bigint;
  readonly direction?: "forward" | "backward";
  readonly limit?: number;
}

async function ask(querier: Querier, query: string, options: Options = {}): Promise<QueryResult> {
  const request = {
    kind: "range",
    query,
    start: EPOCH,
    end: EPOCH + 61n * SECOND,
    stepMs: 5000,
    interval: 0n,
    limit: 1000,
    direction: "forward",
    ...options,
  } as const;
  const run = querier.prepare([SINGLE_TENANT], request);
  const { result, warnings } = await run.run(new AbortController().signal);
  assert.deepEqual(warnings, []);
  return result;
}

interface Line {
  readonly labels: string;
  readonly time: bigint;
  readonly line: string;
}

function linesOf(result: QueryResult): Line[] {
  assert.ok(result.kind === "streams");
  return result.streams.flatMap(({ labels, entries: rows }) =>
    rows.map(({ time, line }) => ({ labels: printLabels(labels), time, line })),
  );
}

function inOrder(lines: readonly Line[]): Line[] {
  const key = ({ time, labels, line }: Line) => `${time} ${labels} ${line}`;
  return lines.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function close(got: QueryResult, want: QueryResult, query: string): void {
  assert.ok(got.kind === "matrix" && want.kind === "matrix");
  const shape = ({ labels, times }: { labels: unknown; times: unknown }) => ({ labels, times });
  assert.deepEqual(got.series.map(shape), want.series.map(shape), query);
  got.series.forEach(({ values }, series) => {
    values.forEach((value, index) => {
      assert.ok(isClose(value, want.series[series]!.values[index]), query);
    });
  });
}
