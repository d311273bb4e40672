/** Queries through delete requests: what is asked for after a deletion is what is there without those lines. */
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
import { blockOf } from "../logql/stages/testing/blocks.ts";
import type { DeleteRequest } from "../model/delete-request.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import type { LogSource, Span } from "../ports/log-source.ts";
import { UNMETERED } from "../ports/meter.ts";
import { Querier } from "../querier/service.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { DeleteFilter } from "./filter.ts";
import { FilteredSource } from "./filtered-source.ts";

const EPOCH_MS = 1_700_002_800_000;
const LIMITS = { of: () => ({ ...DEFAULT_LIMITS, splitQueriesByIntervalMs: 0 }) };
const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];
const NEVER = new AbortController().signal;

interface Line {
  readonly stream: string;
  readonly ms: number;
  readonly line: string;
}

interface Rule {
  readonly stream: string | undefined;
  readonly needle: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
}

/** No two at one moment: lines of several streams have no order there. */
const lines: fc.Arbitrary<Line[]> = fc
  .uniqueArray(
    fc.record({
      stream: fc.constantFrom("a", "b"),
      ms: fc.nat(100),
      word: fc.constantFrom("red", "green", "blue"),
    }),
    { maxLength: 40, selector: ({ ms }) => ms },
  )
  .map((all) =>
    all
      .map(({ stream, ms, word }, index) => ({ stream, ms, line: `n=${index} word=${word}` }))
      .sort((a, b) => a.ms - b.ms),
  );

const rules: fc.Arbitrary<Rule[]> = fc.array(
  fc
    .record({
      stream: fc.constantFrom("a", "b", undefined),
      needle: fc.constantFrom("red", "blue", undefined),
      startMs: fc.nat(100),
      span: fc.nat(60),
    })
    .map(({ span, ...rule }) => ({ ...rule, endMs: rule.startMs + span })),
  { maxLength: 4 },
);

function requestOf({ stream, needle, startMs, endMs }: Rule, part: number): DeleteRequest {
  const selector = stream === undefined ? '{app="x"}' : `{app="x", stream="${stream}"}`;
  const query = needle === undefined ? selector : `${selector} | logfmt | word="${needle}"`;
  const bounds = { startMs: EPOCH_MS + startMs, endMs: EPOCH_MS + endMs };
  const who = { tenant: SINGLE_TENANT, id: "a", part, createdMs: 0 };
  return { ...who, ...bounds, query, status: "received" };
}

function takes({ stream, needle, startMs, endMs }: Rule, line: Line): boolean {
  const isSelected = stream === undefined || stream === line.stream;
  const isInTime = line.ms >= startMs && line.ms <= endMs;
  return isSelected && isInTime && (needle === undefined || line.line.endsWith(`=${needle}`));
}

/** Lines half in a bucket, half in memory, in small blocks; seen through the rules. */
async function querierOf(all: readonly Line[], given: readonly Rule[]): Promise<Querier> {
  const clock = new SimClock(BigInt(EPOCH_MS + 1000) * 1_000_000n);
  const parts = { schema: SCHEMA, limits: LIMITS, codecs: portableCodecs, clock, journal: SILENT };
  const place = { form: "plain", indexPrefix: "index/", uploader: "m-1" } as const;
  const bucket = new Bucket({ ...parts, ...place, objects: new MemoryObjectStore() });
  const settings = { ...DEFAULT_INGESTER, chunkBlockSize: 200, chunkTargetSize: 500 };
  const ingester = new Ingester({ ...parts, settings, meter: UNMETERED });
  const half = all.length >> 1;
  await push(ingester, all.slice(0, half));
  await new Flusher(ingester, bucket).sweep({ force: true });
  await push(ingester, all.slice(half));
  const filter = new DeleteFilter(given.map(requestOf));
  const through = (source: LogSource) => new FilteredSource(source, { of: async () => filter });
  const sources = [new IngesterSource(ingester), bucket.source];
  return new Querier({
    sources: given.length === 0 ? sources : sources.map(through),
    ...{ limits: LIMITS, clock, search: portableSearch },
  });
}

async function push(ingester: Ingester, all: readonly Line[]): Promise<void> {
  for (const name of ["a", "b"]) {
    const rows = all
      .filter(({ stream }) => stream === name)
      .map(({ ms, line }) => ({ time: BigInt(EPOCH_MS + ms) * 1_000_000n, line }));
    if (rows.length === 0) continue;
    const labels = labelsOf({ app: "x", stream: name });
    const labelText = printLabels(labels);
    await ingester.push(SINGLE_TENANT, [{ labels, labelText, rows: blockOf(rows) }]);
  }
}

const EVERYTHING = {
  kind: "range",
  start: BigInt(EPOCH_MS) * 1_000_000n,
  end: BigInt(EPOCH_MS + 101) * 1_000_000n,
  stepMs: 10,
  interval: 0n,
  limit: 1000,
} as const;

/** Everything that can be asked, as text. */
async function answers(querier: Querier): Promise<string[]> {
  const tenants = [SINGLE_TENANT];
  const texts: string[] = [];
  for (const query of ['{app="x"}', '{app="x"} |= "green"']) {
    for (const direction of ["forward", "backward"] as const) {
      const request = { ...EVERYTHING, query, direction };
      texts.push(print((await querier.prepare(tenants, request).run(NEVER)).result));
      const around = { ...request, limit: 7, around: { before: 1, after: 2 } };
      for await (const batch of querier.lines(tenants, around, NEVER).batches) {
        texts.push(print(batch.map(({ time, line }) => [time, line])));
      }
    }
  }
  const metric = 'sum by (stream) (count_over_time({app="x"}[20ms]))';
  const request = { ...EVERYTHING, query: metric, direction: "forward" } as const;
  texts.push(print((await querier.prepare(tenants, request).run(NEVER)).result));
  const { start: time } = EVERYTHING;
  const matchers = [{ name: "app", op: "=", value: "x" }] as const;
  const context = { matchers, time: time + 50_000_000n, before: 5, after: 5 };
  const near = querier.context(tenants, context, NEVER);
  texts.push(await near.then(({ result }) => print(result), String));
  return texts;
}

function print(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item));
}

test("every kind of query answers as if the lines that requests take had never come", () =>
  fc.assert(
    fc.asyncProperty(lines, rules, async (all, given) => {
      const left = all.filter((line) => !given.some((rule) => takes(rule, line)));
      const [got, want] = [await querierOf(all, given), await querierOf(left, [])];
      assert.deepEqual(await answers(got), await answers(want));
    }),
    { seed: 5, numRuns: 30 },
  ));

test("spans that go whole are not opened, those that no request touches are passed on as they are", async () => {
  const opened: number[] = [];
  const span = (ms: number): Span => ({
    minTime: BigInt(EPOCH_MS + ms) * 1_000_000n,
    maxTime: BigInt(EPOCH_MS + ms + 9) * 1_000_000n,
    bytes: 0,
    open: async () => {
      opened.push(ms);
      return [];
    },
  });
  const stream = { labels: labelsOf({ app: "x" }), fingerprint: 1n };
  const spans = [span(0), span(10), span(20), span(30)];
  const source = { streams: async () => [{ stream, spans }] } as unknown as LogSource;
  const rule = { stream: undefined, needle: undefined, startMs: 10, endMs: 25 };
  const filter = new DeleteFilter([requestOf(rule, 0)]);
  const seen = new FilteredSource(source, { of: async () => filter });
  const select = { tenant: SINGLE_TENANT, matchers: [], from: 0n, through: 2n ** 62n };
  const [found] = await seen.streams(select);
  assert.deepEqual(
    found?.spans.map(({ minTime }) => minTime),
    [0, 2, 3].map((at) => spans[at]!.minTime),
  );
  assert.equal(found?.spans[0], spans[0]);
  assert.equal(found?.spans[2], spans[3]);
  for (const one of found!.spans) await one.open();
  assert.deepEqual(opened, [0, 20, 30]);
  // Of what is not asked for nothing matters: within these bounds all of the third goes.
  const [narrow] = await seen.streams({ ...select, through: BigInt(EPOCH_MS + 25) * 1_000_000n });
  assert.equal(narrow?.spans.length, 2);
});
