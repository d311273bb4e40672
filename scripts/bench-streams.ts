/**
 * How long labels, values, series, stats and volumes take over very many streams, warm: from the memory of
 * an ingester, from a bucket with an index file as an ingester leaves it, from one with that of a compactor,
 * and from several of them that know the same streams. `bun scripts/bench-streams.ts [streams]`. The
 * requests go through the HTTP API without a socket.
 */
import { portableSearch } from "../core/bytes/search.ts";
import { utf8 } from "../core/bytes/text.ts";
import { portableCodecs } from "../core/compress/table.ts";
import { makeApp } from "../core/http/app.ts";
import { DEFAULT_HTTP_SETTINGS } from "../core/http/services.ts";
import { withoutTenant } from "../core/index/table.ts";
import { IndexWriter } from "../core/index/writer.ts";
import { Ingester } from "../core/ingester/ingester.ts";
import { IngesterLife } from "../core/ingester/lifecycle.ts";
import { DEFAULT_INGESTER } from "../core/ingester/settings.ts";
import { IngesterSource } from "../core/ingester/source.ts";
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import { DEFAULT_LIMITS } from "../core/model/limits.ts";
import { DAY_MS, type Schema } from "../core/model/schema.ts";
import { SINGLE_TENANT } from "../core/model/tenant.ts";
import { SILENT } from "../core/ports/journal.ts";
import type { LogSource } from "../core/ports/log-source.ts";
import { UNMETERED } from "../core/ports/meter.ts";
import { Querier } from "../core/querier/service.ts";
import { SimClock } from "../core/sim/clock.ts";
import { MemoryObjectStore } from "../core/sim/store.ts";
import { Bucket } from "../core/store/bucket.ts";
import { testServices } from "../fixtures/http/fakes.ts";

/** `bun scripts/bench-streams.ts 100000 memory` measures the first alone. */
const ONLY = process.argv[3] ?? "";

const START = 1_700_000_000_000_000_000n;
const STREAMS = Number(process.argv[2] ?? 100_000);
const AT_ONCE = 1000;
const ROUNDS = 7;

const schema: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];
const clock = new SimClock(START);
const limits = {
  of: () => ({
    ...DEFAULT_LIMITS,
    ...{ maxGlobalStreamsPerUser: 0, volumeEnabled: true, volumeMaxSeries: 1_000_000 },
  }),
};
const parts = { schema, limits, codecs: portableCodecs, clock, journal: SILENT };

/** Labels as Kubernetes gives them: a pod has a name of its own, the rest is shared. */
function labelsAt(index: number) {
  return labelsOf({
    cluster: "eu-1",
    namespace: `ns-${index % 50}`,
    app: `app-${index % 500}`,
    container: `c-${index % 7}`,
    pod: `app-${index % 500}-${index.toString(36)}`,
    stream: index % 2 === 0 ? "stdout" : "stderr",
  });
}

const ingester = new Ingester({
  ...{ ...parts, meter: UNMETERED },
  settings: { ...DEFAULT_INGESTER, chunkEncoding: "none" },
});
const objects = new MemoryObjectStore();
const bucket = new Bucket({
  ...parts,
  ...{ objects, form: "plain", indexPrefix: "index/", uploader: "u" },
});
const life = new IngesterLife(ingester, bucket, undefined);
await life.start();
const memory = new IngesterSource(ingester);

await pushAll(0);
await measure("memory", [memory]);
await flush();
await measure("bucket", [bucket.source]);
await compact();
bucket.files.forget();
await measure("bucket, compacted", [bucket.source]);
await pushAll(1);
await measure("memory and bucket, compacted", [memory, bucket.source]);
await flush();
await measure("bucket, compacted and one file", [bucket.source]);
await pushAll(2);
await flush();
await pushAll(3);
await flush();
await measure("bucket, compacted and three files", [bucket.source]);
await pushAll(4);
await measure("memory and bucket, compacted and three files", [memory, bucket.source]);
process.exit(0);

/** A line for each stream, each round in another second. */
async function pushAll(round: number): Promise<void> {
  for (let done = 0; done < STREAMS; done += AT_ONCE) {
    const streams = Array.from({ length: Math.min(AT_ONCE, STREAMS - done) }, (_, at) => {
      const labels = labelsAt(done + at);
      const text = utf8(`line of stream ${done + at}`);
      const time = START + BigInt(round) * 1_000_000_000n + BigInt(done + at);
      const rows = {
        ...{ rows: 1, times: BigInt64Array.of(time), text },
        ...{ starts: Uint32Array.of(0), ends: Uint32Array.of(text.length) },
      };
      return { labels, labelText: printLabels(labels), rows };
    });
    await ingester.push(SINGLE_TENANT, streams);
  }
}

async function flush(): Promise<void> {
  await life.flusher.sweep({ force: true });
  await bucket.uploadIndex();
  // Chunks that were stored a moment ago are kept for those who asked for them before.
  await clock.advance(1000);
  await life.flusher.sweep();
}

/** Puts a file of the tenant in the place of the common ones. */
async function compact(): Promise<void> {
  const { files } = bucket;
  for (const table of await files.tables()) {
    const places = await files.list(table, SINGLE_TENANT);
    for (const { key } of places) {
      const writer = new IndexWriter({ version: 3 });
      const { reader } = (await files.open({ key, common: true }))!;
      for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
        writer.add(withoutTenant(labels), fingerprint, chunks);
      }
      await files.upload(table, `${SINGLE_TENANT}/1-compacted.tsdb`, writer.finish());
      await objects.delete(key);
    }
  }
}

async function measure(name: string, sources: readonly LogSource[]): Promise<void> {
  if (!name.includes(ONLY)) return;
  const querier = new Querier({ sources, limits, clock, search: portableSearch });
  const app = makeApp(testServices({ query: querier, limits, clock }), {
    ...DEFAULT_HTTP_SETTINGS,
    authEnabled: false,
  });
  console.log(`${name}, ${STREAMS} streams`);
  const all = encodeURIComponent('{cluster="eu-1"}');
  const regex = encodeURIComponent('{app=~"app-.*"}');
  const one = encodeURIComponent('{app="app-7"}');
  for (const path of [
    "labels",
    `labels?query=${all}`,
    "label/app/values",
    "label/pod/values",
    `label/app/values?query=${all}`,
    "series",
    `series?match[]=${all}`,
    `series?match[]=${regex}`,
    `series?match[]=${one}`,
    `series?match[]=${one}&match[]=${all}`,
    "detected_labels",
    `index/stats?query=${all}`,
    `index/stats?query=${regex}`,
    `index/stats?query=${one}`,
    `index/volume?query=${all}`,
    `index/volume?query=${all}&targetLabels=app`,
    `index/volume?query=${all}&targetLabels=pod`,
    `index/volume?query=${all}&aggregateBy=labels`,
  ]) {
    const bounds = `start=${START - 3_600_000_000_000n}&end=${START + 3_600_000_000_000n}`;
    const url = `/loki/api/v1/${path}${path.includes("?") ? "&" : "?"}${bounds}`;
    const wall: number[] = [];
    const cpu: number[] = [];
    let size = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const used = process.cpuUsage();
      const started = performance.now();
      const response = await app.request(url);
      size = (await response.arrayBuffer()).byteLength;
      wall.push(performance.now() - started);
      const { user, system } = process.cpuUsage(used);
      cpu.push((user + system) / 1000);
      if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
    }
    const ms = (times: number[]) =>
      Math.min(...times.slice(1))
        .toFixed(0)
        .padStart(5);
    console.log(
      `${ms(wall)} ms (${ms(cpu)} of processor) ${decodeURIComponent(path)} ${(size / 1024).toFixed(0)} KiB`,
    );
  }
}
