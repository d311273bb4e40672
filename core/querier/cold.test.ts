/**
 * A query over a bucket far away: each object is asked for once, some at the same time, no more than
 * fits into the bounds, and no more than the answer needs. The store counts, and answers late.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { START } from "../../fixtures/http/served.ts";
import { portableSearch } from "../bytes/search.ts";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { Flusher } from "../ingester/flush.ts";
import { Ingester } from "../ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../ingester/settings.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import type { BlockHandle, Span } from "../ports/log-source.ts";
import { UNMETERED } from "../ports/meter.ts";
import type { GetOptions } from "../ports/object-store.ts";
import type { RangeRequest } from "../ports/query-service.ts";
import { SimClock } from "../sim/clock.ts";
import { Random } from "../sim/random.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { FetchAhead, type FetchBounds } from "./fetch-ahead.ts";
import { Querier } from "./service.ts";

const PERIOD = { fromMs: 0, schema: "v13", store: "tsdb", objectStore: "s3" } as const;
const SCHEMA: Schema = [{ ...PERIOD, indexPrefix: "index_", tableMs: DAY_MS }];
const LIMITS = {
  of: () => ({ ...DEFAULT_LIMITS, maxEntriesLimitPerQuery: 0, rejectOldSamples: false }),
};
const DAYS = 3;
const CHUNKS_A_DAY = 20;
const LINES = 30;

class FarStore extends MemoryObjectStore {
  readonly gets = new Map<string, number>();
  /** On their way, and the most there were. */
  flying = 0;
  flyingMax = 0;
  fetched = 0;

  override async get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    this.gets.set(key, (this.gets.get(key) ?? 0) + 1);
    this.flying++;
    this.flyingMax = Math.max(this.flyingMax, this.flying);
    // Others get their turn: whoever can ask for more will have asked by then.
    for (let turn = 0; turn < 20; turn++) await undefined;
    const bytes = await super.get(key, options);
    this.flying--;
    this.fetched += bytes?.length ?? 0;
    return bytes;
  }
}

/** A stream of a chunk each, over three days, of lines that do not compress. */
const filled = (async (): Promise<MemoryObjectStore> => {
  const objects = new MemoryObjectStore();
  const clock = new SimClock(START);
  const parts = { codecs: portableCodecs, clock, limits: LIMITS, journal: SILENT, schema: SCHEMA };
  const bucket = new Bucket({
    ...{ ...parts, objects, form: "plain", indexPrefix: "index/", uploader: "u" },
  });
  const random = new Random(7);
  for (let day = 0; day < DAYS; day++) {
    const ingester = new Ingester({ ...parts, settings: DEFAULT_INGESTER, meter: UNMETERED });
    for (let chunk = 0; chunk < CHUNKS_A_DAY; chunk++) {
      const labels = labelsOf({ app: `a${day}-${chunk}` });
      const texts = Array.from({ length: LINES }, () => hex(random.bytes(200)));
      const ends = new Uint32Array(LINES);
      texts.reduce((end, text, row) => (ends[row] = end + text.length), 0);
      const at = START - BigInt((day * 24 + 1 + (chunk % 8)) * 3600) * 10n ** 9n;
      await ingester.push(SINGLE_TENANT, [
        {
          ...{ labels, labelText: printLabels(labels) },
          rows: {
            ...{ rows: LINES, text: utf8(texts.join("")), ends },
            times: BigInt64Array.from(texts, (_, row) => at + BigInt(row)),
            starts: ends.map((end, row) => end - texts[row]!.length),
          },
        },
      ]);
    }
    await new Flusher(ingester, bucket).sweep({ force: true });
  }
  return objects;
})();

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A process that has not read anything yet. */
async function given(fetch?: FetchBounds): Promise<{ far: FarStore; querier: Querier }> {
  const far = new FarStore();
  const near = await filled;
  for await (const { key } of near.list("")) await far.put(key, (await near.get(key))!);
  const clock = new SimClock(START);
  const bucket = new Bucket({
    ...{ objects: far, codecs: portableCodecs, clock, limits: LIMITS, journal: SILENT },
    ...{ schema: SCHEMA, form: "plain", indexPrefix: "index/", uploader: "u" },
  });
  const search = portableSearch;
  const sources = [bucket.source];
  const bounds = fetch === undefined ? {} : { fetch };
  return { far, querier: new Querier({ sources, limits: LIMITS, clock, search, ...bounds }) };
}

const RANGE: Omit<RangeRequest, "query"> = {
  ...{ kind: "range", start: START - BigInt(DAYS * 24 * 3600) * 10n ** 9n, end: START },
  ...{ stepMs: 3_600_000, interval: 0n, limit: 10 ** 6, direction: "backward" },
};

async function run(querier: Querier, query: string, limit = RANGE.limit) {
  const prepared = querier.prepare([SINGLE_TENANT], { ...RANGE, query, limit });
  return await prepared.run(new AbortController().signal);
}

for (const query of [
  '{app=~".+"}',
  '{app=~".+"} |= "abc" | logfmt',
  'sum(count_over_time({app=~".+"}[1h]))',
  'sum(rate({app=~".+"}[1h])) / sum(count_over_time({app=~".+"} |= "0" [2h]))',
]) {
  test(`${query} asks for each object once`, async () => {
    const { far, querier } = await given();
    const { warnings } = await run(querier, query);
    assert.deepEqual(warnings, []);
    assert.equal(far.gets.size, DAYS * (CHUNKS_A_DAY + 1));
    for (const [key, count] of far.gets) assert.equal(count, 1, key);
  });
}

test("several queries at once fetch an index file once", async () => {
  const { far, querier } = await given();
  await Promise.all([1, 2, 3].map(() => run(querier, '{app=~".+"}')));
  const index = [...far.gets].filter(([key]) => key.startsWith("index/"));
  assert.deepEqual(
    index.map(([, count]) => count),
    [1, 1, 1],
  );
});

test("objects are asked for side by side, and no more than the bound says", async () => {
  const parallel = await given();
  await run(parallel.querier, '{app=~".+"}');
  assert.ok(parallel.far.flyingMax > 8, `${parallel.far.flyingMax} at once`);
  assert.ok(parallel.far.flyingMax <= 32 + 1);
  const narrow = await given({ bytes: 1 << 30, spans: 3 });
  await run(narrow.querier, '{app=~".+"}');
  assert.ok(narrow.far.flyingMax <= Math.max(DAYS, 3 + 1), `${narrow.far.flyingMax} at once`);
});

test("a query that has its lines fetches no more than the bound ahead of them", async () => {
  const { far, querier } = await given({ bytes: 30_000, spans: 32 });
  await run(querier, '{app=~".+"}', 5);
  const chunks = [...far.gets.keys()].filter((key) => !key.startsWith("index/"));
  assert.ok(chunks.length < (DAYS * CHUNKS_A_DAY) / 2, `${chunks.length} chunks for five lines`);
});

/** Spans that say too little of their size, and how much of them is in memory or on its way. */
class Shelf {
  readonly spans: readonly Span[];
  held = 0;
  heldMax = 0;

  constructor(count: number, { told, real }: { told: number; real: number }) {
    this.spans = Array.from({ length: count }, (_, index) => this.#span(index, told, real));
  }

  #span(index: number, told: number, real: number): Span {
    return {
      ...{ minTime: BigInt(index), maxTime: BigInt(index), bytes: told, held: () => real },
      open: async () => {
        this.held += real;
        this.heldMax = Math.max(this.heldMax, this.held);
        for (let turn = 0; turn < 5; turn++) await undefined;
        return [] as BlockHandle[];
      },
    };
  }
}

test("what is held stays within the bound, whatever order spans are taken in", async () => {
  const random = new Random(3);
  for (const size of [1, 10, 99]) {
    const shelf = new Shelf(200, { told: size, real: size });
    const ahead = new FetchAhead(shelf.spans, { bytes: 100, spans: 1000 });
    const order = shelf.spans.map((span, index) => ({ span, at: index + random.int(0, 6) }));
    for (const { span } of order.sort((a, b) => a.at - b.at)) {
      await ahead.take(span);
      shelf.held -= size;
    }
    assert.equal(shelf.held, 0);
    // The one that is waited for is fetched even when there is no room.
    assert.ok(shelf.heldMax <= 100 + size, `${shelf.heldMax} of spans of ${size}`);
    assert.ok(shelf.heldMax > 100 - size);
  }
});

test("spans larger than they said are counted as they are once they are there", async () => {
  const shelf = new Shelf(400, { told: 1, real: 10 });
  const ahead = new FetchAhead(shelf.spans, { bytes: 100, spans: 8 });
  let later = 0;
  for (const [index, span] of shelf.spans.entries()) {
    await ahead.take(span);
    shelf.held -= 10;
    if (index > 50) later = Math.max(later, shelf.held);
  }
  assert.ok(later <= 100, `${later} held`);
});

test("a scan that is left takes back what it has asked for", async () => {
  const { far, querier } = await given();
  const seen: AbortSignal[] = [];
  const get = far.get.bind(far);
  far.get = (key, options = {}) => {
    if (options.signal !== undefined) seen.push(options.signal);
    return get(key, options);
  };
  await run(querier, '{app=~".+"}', 1);
  assert.ok(seen.length > 0 && seen.every((signal) => signal.aborted));
});
