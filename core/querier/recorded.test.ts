/**
 * Asks what was asked of Loki 2.9.1 (../shared/golden) of lines that went the whole way: pushed to an
 * ingester, flushed into a bucket, and read from that bucket alone by a querier, as `query --store`
 * does; of the ingester alone, before it flushes; and of the bucket once its index was lost and made
 * again from the chunks.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Answer,
  ASKED_AT,
  comparison,
  jsonOf,
  type Recorded,
  readCorpus,
  recordedGroups,
  skip,
} from "../../fixtures/logql/recorded.ts";
import { portableSearch } from "../bytes/search.ts";
import { portableCodecs } from "../compress/table.ts";
import { Flusher } from "../ingester/flush.ts";
import { Ingester } from "../ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../ingester/settings.ts";
import { IngesterSource } from "../ingester/source.ts";
import { printLabels } from "../labels/labels.ts";
import { instantParams, rangeParams } from "../logql/exec/testing/http-params.ts";
import { blockOf, type TestEntry } from "../logql/exec/testing/memory-scanner.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import { checkParams } from "../logql/plan/params.ts";
import { BadRequest } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import type { LogSource } from "../ports/log-source.ts";
import { UNMETERED } from "../ports/meter.ts";
import type { QueryRequest } from "../ports/query-service.ts";
import { rebuildIndex } from "../repair/rebuild.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { Querier } from "./service.ts";

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
/** As the recording servers were set; and an import, whose lines are as old as they are. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  maxQueryLengthMs: 0,
  perStreamRateLimit: 0,
  maxGlobalStreamsPerUser: 0,
};
const LONG_MS = 1000 * 365 * DAY_MS;

for (const [file, withMetadata] of [
  ["answers.json", false],
  ["answers-3x.json", true],
] as const) {
  test(`${file}: a bucket alone, memory alone, and a rebuilt index give Loki's answers`, {
    skip,
    timeout: 120_000,
  }, async () => {
    const same = await comparison();
    const { memory, store, withoutIndex } = await machine(readCorpus(withMetadata));
    const requests = [...recordedGroups(file).values()].flat();
    await check("memory", memory);
    await check("store", await store());
    await check("rebuilt", await withoutIndex());

    async function check(place: string, querier: Querier): Promise<void> {
      const failed: string[] = [];
      for (const request of requests) {
        const difference = same(request, await answer(request, querier));
        if (difference !== null) {
          failed.push(`${request.id} ${request.params["query"]}\n   ${difference}`);
        }
      }
      const passed = requests.length - failed.length;
      assert.equal(passed, requests.length, `${place}:\n${failed.join("\n")}`);
    }
  });
}

interface Machine {
  readonly memory: Querier;
  store(): Promise<Querier>;
  withoutIndex(): Promise<Querier>;
}

/** A querier over memory, which holds the lines until `store` has moved them into a bucket. */
async function machine(entries: readonly TestEntry[]): Promise<Machine> {
  const limits = { of: () => LIMITS };
  const clock = new SimClock(ASKED_AT);
  const parts = { schema: SCHEMA, limits, codecs: portableCodecs, clock, journal: SILENT };
  const objects = new MemoryObjectStore();
  const opened = () =>
    new Bucket({ ...parts, objects, form: "plain", indexPrefix: "index/", uploader: "m-1" });
  const bucket = opened();
  const settings = { ...DEFAULT_INGESTER, maxChunkAgeMs: LONG_MS, chunkBlockSize: 20_000 };
  const ingester = new Ingester({ ...parts, settings, meter: UNMETERED });
  const streams = new Map<string, TestEntry[]>();
  for (const entry of entries) {
    const text = printLabels(entry.labels);
    streams.set(text, [...(streams.get(text) ?? []), entry]);
  }
  for (const [labelText, rows] of streams) {
    const sorted = rows.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const { labels } = rows[0]!;
    await ingester.push(SINGLE_TENANT, [{ labels, labelText, rows: blockOf(sorted) }]);
  }
  const querierOf = (source: LogSource) =>
    new Querier({ sources: [source], limits, clock, search: portableSearch });
  return {
    memory: querierOf(new IngesterSource(ingester)),
    async store() {
      await new Flusher(ingester, bucket).sweep({ force: true });
      return querierOf(bucket.source);
    },
    async withoutIndex() {
      const lost = (await Array.fromAsync(objects.list("index/"))).map(({ key }) => key);
      assert.ok(lost.length > 0);
      for (const key of lost) await objects.delete(key);
      const place = { store: objects, indexPrefix: "index/", tablePrefix: "index_" };
      const report = await rebuildIndex({
        ...{ ...parts, ...place, replace: false },
        onFinding: (finding) => assert.fail(JSON.stringify(finding)),
      });
      assert.equal(report.complete, true);
      return querierOf(opened().source);
    },
  };
}

async function answer(request: Recorded, querier: Querier): Promise<Answer> {
  try {
    const instant = request.path.endsWith("/query");
    const params = (instant ? instantParams : rangeParams)(request.params, ASKED_AT, LIMITS);
    // The frontend checks the steps of log queries, too, and before it looks at the query.
    if (!instant) checkParams(params);
    const prepared = querier.prepare([SINGLE_TENANT], requestOf(request, params));
    const { result, warnings } = await prepared.run(new AbortController().signal);
    assert.deepEqual(warnings, []);
    return { status: 200, body: { status: "success", data: jsonOf(result) } };
  } catch (error) {
    if (!(error instanceof BadRequest)) return { status: 500, body: String(error) };
    return { status: error.status, body: error.message };
  }
}

function requestOf({ params }: Recorded, asked: QueryParams): QueryRequest {
  const { start, end, step, interval, limit, direction, instant } = asked;
  const query = params["query"] ?? "";
  return instant
    ? { kind: "instant", query, time: end, limit, direction }
    : {
        kind: "range",
        query,
        start,
        end,
        stepMs: Number(step / 1_000_000n),
        interval,
        limit,
        direction,
      };
}
