/**
 * Measures the compactor: `npx bun scripts/bench-compactor.ts [compact|retention] [--files 1000] [--keep DIR] [--watch]`.
 * `compact` merges ingester index files of 10,000 series each, the same series in all of them, as one
 * ingester uploads them; `retention` goes through a million chunk references of which half have expired,
 * and sweeps. Each is done by a process of its own, whose largest memory is told.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { systemClock } from "../adapters/bun/clock.ts";
import { bunCodecs } from "../adapters/bun/codecs.ts";
import { systemRandom } from "../adapters/bun/random.ts";
import { DiskObjectStore } from "../adapters/disk/object-store.ts";
import { crc32c } from "../core/bytes/crc32c.ts";
import { ByteCursor } from "../core/bytes/cursor.ts";
import { type PassOptions, runCompaction, runRetention, runSweep } from "../core/compactor/pass.ts";
import { withTenant } from "../core/index/table.ts";
import { readToc } from "../core/index/toc.ts";
import { IndexWriter } from "../core/index/writer.ts";
import { fingerprint } from "../core/labels/fingerprint.ts";
import { labelsOf } from "../core/labels/labels.ts";
import { DEFAULT_LIMITS } from "../core/model/limits.ts";
import { DAY_MS, type Schema } from "../core/model/schema.ts";
import { SILENT } from "../core/ports/journal.ts";
import { UNMETERED } from "../core/ports/meter.ts";
import { Random } from "../core/sim/random.ts";
import { ChunkStore } from "../core/store/chunks.ts";

const SERIES = 10_000;
const TENANT = "bench";
/** Of `retention`: days, and chunks of a series each day. */
const DAYS = 20;
const CHUNKS_A_DAY = 5;

const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v12", store: "tsdb", objectStore: "filesystem" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", default: "1000" },
    keep: { type: "string" },
    // Tells the memory every few seconds.
    watch: { type: "boolean", default: false },
    // Of the process that is measured.
    work: { type: "string" },
  },
});

if (values.work !== undefined) await work(positionals[0]!, values.work);
else await main();

async function main(): Promise<void> {
  for (const kind of positionals.length > 0 ? positionals : ["compact", "retention"]) {
    const folder = values.keep ?? mkdtempSync(join(tmpdir(), "lokits-bench-"));
    const bucket = join(folder, kind);
    try {
      if (!existsSync(bucket)) await (kind === "compact" ? fillCompact : fillRetention)(bucket);
      // The work changes the bucket, so a kept one is copied.
      const copy = `${bucket}-copy`;
      rmSync(copy, { recursive: true, force: true });
      spawnSync("cp", ["-r", bucket, copy]);
      const args = [import.meta.filename, kind, "--work", copy];
      if (values.watch) args.push("--watch");
      spawnSync(process.execPath, args, { stdio: "inherit" });
      rmSync(copy, { recursive: true, force: true });
    } finally {
      if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function work(kind: string, folder: string): Promise<void> {
  const store = new DiskObjectStore(folder);
  const nowMs = Date.now();
  const options: PassOptions = {
    sites: [
      {
        ...{ store, prefix: "index/", objects: store },
        chunks: new ChunkStore({ objects: store, schema: SCHEMA, form: "filesystem" }),
      },
    ],
    ...{ schema: SCHEMA, codecs: bunCodecs, clock: systemClock, random: systemRandom },
    ...{ journal: SILENT, meter: UNMETERED },
    tenantLimits: { of: () => ({ ...DEFAULT_LIMITS, retentionPeriodMs: (DAYS / 2) * DAY_MS }) },
    choice: { skipLatestTables: 0, tablesMax: 0, parallelism: 1 },
    retention: { enabled: true, sizeBytes: 0, confirmed: true, tableTimeoutMs: 0 },
    sweeping: { delayMs: 0, workers: 150 },
  };
  const before = memory();
  const { live, watch } = watching();
  if (kind === "compact") {
    const { filesIn, filesOut, bytes, failures } = await runCompaction(options);
    if (failures.length > 0) throw failures[0]!.error;
    tell(`compact: ${filesIn} files of ${SERIES} series to ${filesOut} of ${mb(bytes)}`, nowMs);
  } else {
    const report = await runRetention(options);
    if (report!.failures.length > 0) throw report!.failures[0]!.error;
    tell(
      `retention: ${SERIES * CHUNKS_A_DAY * DAYS} references, ${report!.losses.total.chunks} expired`,
      nowMs,
    );
    const sweepMs = Date.now();
    const { chunksDeleted } = await runSweep(options);
    tell(`sweep: ${chunksDeleted} chunks`, sweepMs);
  }
  clearInterval(watch);
  const { peak } = memory();
  console.log(
    `memory: ${mb(peak)} at most, ${mb(before.now)} of it before the work, ${mb(live.bytes)} of it live at most`,
  );
}

/** Looks at the live heap while the work goes on; the process's own count of its peak is exact. */
function watching() {
  const live = { bytes: 0 };
  let count = 0;
  const watch = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    live.bytes = Math.max(live.bytes, heapUsed + external);
    if (!values.watch || count++ % 10 > 0) return;
    console.log(`  ${mb(memory().now)}, of it live ${mb(heapUsed)} + ${mb(external)}`);
  }, 200);
  return { live, watch };
}

function tell(what: string, startMs: number): void {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpu = ((userCPUTime + systemCPUTime) / 1e6).toFixed(1);
  // On a machine that has other work too, the processor's time is what can be compared.
  console.log(
    `${what} in ${((Date.now() - startMs) / 1000).toFixed(1)} s, ${cpu} s of processor so far`,
  );
}

/** Resident bytes of this process, now and at most, as Linux counts them. */
function memory(): { now: number; peak: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const of = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function seriesOf(number: number) {
  const labels = labelsOf({
    ...{ app: `app-${number % 200}`, cluster: "prod-eu", namespace: `team-${number % 40}` },
    ...{ container: `main-${number % 7}`, level: ["info", "warn", "error"][number % 3]! },
    pod: `pod-${number.toString(36)}-x7k2p`,
  });
  return { labels: withTenant(labels, TENANT), own: labels, fingerprint: fingerprint(labels) };
}

/** A table of files, each with a chunk of every series. */
async function fillCompact(folder: string): Promise<void> {
  const store = new DiskObjectStore(folder);
  const random = new Random(1);
  const writer = new IndexWriter({ version: 2 });
  for (let number = 0; number < SERIES; number++) {
    const { labels, fingerprint } = seriesOf(number);
    writer.add(labels, fingerprint, [chunkAt(19_658 * DAY_MS + random.int(0, 50_000), random)]);
  }
  const file = writer.finish();
  const files = Number(values.files);
  for (let index = 0; index < files; index++) {
    // Building each anew would take most of an hour: the chunks of the last one are moved and renamed.
    moveChunks(file, Math.floor(DAY_MS / (files + 1)), random);
    const stored = gzipSync(file, { level: 1 });
    await store.put(`index/index_19658/${1_698_000_000 + index}-ingester-0.tsdb.gz`, stored);
  }
}

/** Moves the only chunk of every series by some time and gives it another checksum, in place. */
function moveChunks(file: Uint8Array, byMs: number, random: Random): void {
  const { toc } = readToc(file);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const cursor = new ByteCursor(file, Math.ceil(toc.series / 16) * 16);
  while (cursor.at < toc.labelIndices) {
    const size = cursor.uvarint();
    const start = cursor.at;
    cursor.skip(8);
    for (let left = 2 * cursor.uvarint(); left > 0; left--) cursor.uvarint();
    cursor.uvarint();
    const at = cursor.at;
    // Zigzag doubles; a moment of these years takes six bytes before and after.
    let moment = cursor.uvarint() + 2 * byMs;
    for (let byte = at; byte < cursor.at; byte++) {
      file[byte] = (moment % 128) + (byte < cursor.at - 1 ? 128 : 0);
      moment = Math.floor(moment / 128);
    }
    view.setUint32(start + size - 4, random.int(0, 2 ** 32));
    view.setUint32(start + size, crc32c(file, start, start + size));
    cursor.at = Math.ceil((start + size + 4) / 16) * 16;
  }
}

async function fillRetention(folder: string): Promise<void> {
  const store = new DiskObjectStore(folder);
  const random = new Random(1);
  const today = Math.floor(Date.now() / DAY_MS);
  for (let day = today - DAYS + 1; day <= today; day++) {
    const writer = new IndexWriter({ version: 2 });
    for (let number = 0; number < SERIES; number++) {
      const { own, fingerprint } = seriesOf(number);
      const chunks = Array.from({ length: CHUNKS_A_DAY }, (_, chunk) =>
        chunkAt(day * DAY_MS + chunk * 4 * 3_600_000 + random.int(0, 50_000), random),
      );
      writer.add(own, fingerprint, chunks);
    }
    const stored = gzipSync(writer.finish(), { level: 1 });
    await store.put(
      `index/index_${day}/${TENANT}/1698000000-compactor-1-${day}-abc.tsdb.gz`,
      stored,
    );
  }
}

function chunkAt(fromMs: number, random: Random) {
  return {
    ...{ fromMs, throughMs: fromMs + random.int(1000, 80_000), checksum: random.int(0, 2 ** 32) },
    ...{ kb: random.int(1, 1500), entries: random.int(1, 10_000) },
  };
}
