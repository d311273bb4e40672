/** What is remembered of streams never shows: who was asked all along answers as one who was not asked before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "../store/bucket.ts";
import { Ingester } from "./ingester.ts";
import { IngesterLife } from "./lifecycle.ts";
import { DEFAULT_INGESTER } from "./settings.ts";
import { IngesterSource } from "./source.ts";

const START = 1_700_000_000_000_000_000n;

/** All that is pushed. */
const WIDE = [START - 1_000_000_000n, START + 1_000_000_000n] as const;

/** Times next to whole milliseconds, where numbers of them round. */
const time = fc
  .tuple(fc.nat(3), fc.constantFrom(-1n, 0n, 1n))
  .map(([ms, ns]) => START + BigInt(ms) * 1_000_000n + ns);
const line = fc.record({
  app: fc.constantFrom("a", "b"),
  time,
  text: fc.constantFrom("x", "longer"),
});
const step = fc.oneof(
  { weight: 5, arbitrary: line },
  { weight: 1, arbitrary: fc.constantFrom("flush" as const, "drop" as const) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function boot() {
  const schema = [
    {
      ...{ fromMs: 0, schema: "v13" as const, store: "tsdb" as const, objectStore: "memory" },
      ...{ indexPrefix: "index_", tableMs: DAY_MS },
    },
  ];
  const clock = new SimClock(START);
  const limits = { of: () => DEFAULT_LIMITS };
  const parts = { schema, limits, codecs: portableCodecs, clock, journal: SILENT };
  const objects = new MemoryObjectStore();
  const bucket = new Bucket({
    ...{ ...parts, objects, form: "plain", indexPrefix: "index/", uploader: "u" },
  });
  // Stored chunks stay for a while, so that streams are asked for that have both kinds.
  const settings = { ...DEFAULT_INGESTER, chunkRetainPeriodMs: 500 };
  const ingester = new Ingester({ ...parts, settings, meter: UNMETERED });
  const life = new IngesterLife(ingester, bucket, undefined);
  await life.start();
  return { ingester, life, bucket, clock, source: new IngesterSource(ingester) };
}

type Server = Awaited<ReturnType<typeof boot>>;

async function take({ ingester, life, bucket, clock }: Server, step: Step): Promise<void> {
  if (step === "flush") {
    await life.flusher.sweep({ force: true });
  } else if (step === "drop") {
    await bucket.uploadIndex();
    await clock.advance(1000);
    await life.flusher.sweep();
  } else {
    const [labels, text] = [labelsOf({ app: step.app }), utf8(step.text)];
    const bounds = { starts: Uint32Array.of(0), ends: Uint32Array.of(text.length) };
    const rows = { rows: 1, times: BigInt64Array.of(step.time), text, ...bounds };
    await ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
  }
}

async function answers({ source }: Server, from: bigint, through: bigint) {
  const select = { tenant: SINGLE_TENANT, matchers: [], from, through };
  return {
    names: await source.labelNames(select),
    values: await source.labelValues(select, "app"),
    series: (await source.series(select)).map(({ labels }) => printLabels(labels)),
    volumes: (await source.volume(select)).map(({ stream, chunks, entries, bytes }) => {
      return { labels: printLabels(stream.labels), chunks, entries, bytes };
    }),
  };
}

test("after each push, flush and letting go", async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 6 }),
    ...[time, time],
    async (steps, from, through) => {
      const asked = await boot();
      for (const [at, each] of steps.entries()) {
        await take(asked, each);
        const fresh = await boot();
        for (const before of steps.slice(0, at + 1)) await take(fresh, before);
        for (const [start, end] of [[from, through] as const, WIDE]) {
          assert.deepEqual(await answers(asked, start, end), await answers(fresh, start, end));
        }
      }
    },
  );
  await fc.assert(property, { seed: 20231207, numRuns: 150 });
});

test("a stream counts by the nanosecond, although milliseconds are remembered", async () => {
  const property = fc.asyncProperty(
    fc.array(line, { minLength: 1, maxLength: 4 }),
    ...[time, time],
    async (lines, from, through) => {
      const server = await boot();
      for (const each of lines) await take(server, each);
      const alive = ["a", "b"].filter((app) => {
        const times = lines.filter((each) => each.app === app).map((each) => each.time);
        // A chunk counts with its first and last line, whether or not one between them is in the time.
        return times.some((own) => own >= from) && times.some((own) => own < through);
      });
      const { values, volumes } = await answers(server, from, through);
      assert.deepEqual(values, alive);
      assert.equal(volumes.length, alive.length);
    },
  );
  await fc.assert(property, { seed: 20231208, numRuns: 300 });
});
