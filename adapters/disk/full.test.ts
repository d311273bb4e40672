/**
 * What happens on a disk without room: a small file system of its own, filled to the last byte. Nothing
 * that was answered is lost, nothing half written stays, and all goes on when there is room again.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { utf8 } from "../../core/bytes/text.ts";
import { portableCodecs } from "../../core/compress/table.ts";
import { Ingester } from "../../core/ingester/ingester.ts";
import { IngesterLife } from "../../core/ingester/lifecycle.ts";
import { DEFAULT_INGESTER } from "../../core/ingester/settings.ts";
import { IngesterSource } from "../../core/ingester/source.ts";
import { labelsOf, printLabels } from "../../core/labels/labels.ts";
import { Unavailable } from "../../core/model/errors.ts";
import { DEFAULT_LIMITS } from "../../core/model/limits.ts";
import { DAY_MS, type Schema } from "../../core/model/schema.ts";
import { SINGLE_TENANT } from "../../core/model/tenant.ts";
import { SILENT } from "../../core/ports/journal.ts";
import type { LogFile } from "../../core/ports/log-disk.ts";
import { UNMETERED } from "../../core/ports/meter.ts";
import { SimClock } from "../../core/sim/clock.ts";
import { Random } from "../../core/sim/random.ts";
import { Bucket } from "../../core/store/bucket.ts";
import { DiskLogDisk } from "./log-disk.ts";
import { DiskObjectStore } from "./object-store.ts";

const SIZE = 2 << 20;
const START = 1_700_000_000_000_000_000n;
const random = new Random(11);

/** Where two MiB are mounted; or why that is not allowed here. */
const mounted = mount();
const options = mounted.root === undefined ? { skip: mounted.reason } : {};

function mount(): { root?: string; reason: string } {
  const root = mkdtempSync(join(tmpdir(), "lokits-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", root], { stdio: "pipe" });
    return { root, reason: "" };
  } catch (error) {
    rmSync(root, { recursive: true });
    return { reason: `a tmpfs cannot be mounted: ${String(error).split("\n")[0]}` };
  }
}

after(() => {
  if (mounted.root === undefined) return;
  // Logs of processes that "crashed" are still open.
  execFileSync("umount", ["-l", mounted.root]);
  rmSync(mounted.root, { recursive: true });
});

/** An empty folder on the small disk, and what fills the rest of it. */
class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  constructor() {
    const root = mounted.root!;
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
    this.folder = join(root, "data");
    this.#ballast = join(root, "ballast");
    mkdirSync(this.folder);
  }

  get left(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return Number(bavail) * Number(bsize);
  }

  /** Leaves no byte, or so many. */
  fill(left = 0): void {
    rmSync(this.#ballast, { force: true });
    writeFileSync(this.#ballast, new Uint8Array(this.left - left));
  }

  free(): void {
    rmSync(this.#ballast);
  }

  files(): string[] {
    const all = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    return all.filter((item) => item.isFile()).map(({ name }) => name);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Unavailable && error.message.includes("ENOSPC");
}

test("a put on a full disk says so, leaves the old object and nothing else", options, async () => {
  const disk = new SmallDisk();
  const store = new DiskObjectStore(disk.folder);
  const old = random.bytes(1000);
  await store.put("chunks/a", old);
  for (const left of [0, 4096, 100_000]) {
    disk.fill(left);
    await assert.rejects(store.put("chunks/a", random.bytes(200_000)), isFull);
    await assert.rejects(store.put("chunks/b", random.bytes(200_000)), isFull);
    await assert.rejects(store.put("chunks/c", random.bytes(200_000), { ifAbsent: true }), isFull);
    assert.deepEqual(await store.get("chunks/a"), old);
    assert.equal(await store.get("chunks/b"), undefined);
    assert.deepEqual(disk.files(), ["a"]);
    assert.equal(disk.left, left - (left % 4096));
  }
  disk.free();
  assert.equal(await store.put("chunks/b", random.bytes(200_000)), true);
  assert.deepEqual(disk.files().sort(), ["a", "b"]);
});

test("objects can be read and removed on a full disk", options, async () => {
  const disk = new SmallDisk();
  const store = new DiskObjectStore(disk.folder);
  const bytes = random.bytes(100_000);
  await store.put("a/1", bytes);
  await store.put("a/2", bytes);
  disk.fill();
  assert.deepEqual(await store.get("a/1"), bytes);
  assert.equal((await Array.fromAsync(store.list("a/"))).length, 2);
  await store.delete("a/1");
  assert.equal(await store.put("a/3", bytes), true);
});

const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "filesystem" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];
const limits = {
  of: () => ({
    ...DEFAULT_LIMITS,
    ...{ ingestionRateBytes: 1e9, ingestionBurstBytes: 1e9, perStreamRateLimit: 1e9 },
    perStreamRateLimitBurst: 1e9,
  }),
};

/** An ingester with its WAL and its bucket on the small disk. */
class Process {
  readonly ingester: Ingester;
  readonly life: IngesterLife;
  readonly acknowledged: string[];
  readonly #clock = new SimClock(START);
  readonly #open: LogFile[] = [];

  constructor(disk: SmallDisk, acknowledged: string[] = []) {
    const parts = { codecs: portableCodecs, clock: this.#clock, limits, journal: SILENT };
    const objects = new DiskObjectStore(join(disk.folder, "bucket"));
    const bucket = new Bucket({
      ...{ ...parts, objects, schema: SCHEMA, form: "filesystem", indexPrefix: "index/" },
      uploader: "u",
    });
    this.acknowledged = acknowledged;
    const settings = { ...DEFAULT_INGESTER, chunkTargetSize: 1 << 30 };
    this.ingester = new Ingester({ ...parts, settings, schema: SCHEMA, meter: UNMETERED });
    const wal = new DiskLogDisk(join(disk.folder, "wal"));
    const { append } = wal;
    wal.append = async (path) => {
      const file = await append.call(wal, path);
      this.#open.push(file);
      return file;
    };
    this.life = new IngesterLife(this.ingester, bucket, wal);
  }

  /** What the system does for a process that is gone: its files are closed, and nothing else. */
  async die(): Promise<void> {
    for (const file of this.#open) await file.close().catch(() => {});
  }

  async push(number: number): Promise<void> {
    const line = `${number} ${[...random.bytes(20_000)].map((byte) => (byte % 36).toString(36)).join("")}`;
    const labels = labelsOf({ app: "a" });
    const rows = {
      ...{ rows: 1, times: BigInt64Array.of(START + BigInt(number)), text: utf8(line) },
      ...{ starts: Uint32Array.of(0), ends: Uint32Array.of(line.length) },
    };
    await this.ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
    this.acknowledged.push(line);
  }

  /** Pushes until the disk refuses; gives the next number. */
  async pushAll(from: number): Promise<number> {
    for (let number = from; ; number++) {
      try {
        await this.push(number);
      } catch (error) {
        assert.ok(isFull(error), String(error));
        return number + 1;
      }
      assert.ok(number < from + 1000, "the disk never fills");
    }
  }

  /** Every line in memory. */
  async lines(): Promise<Set<string>> {
    const found = new Set<string>();
    const source = new IngesterSource(this.ingester);
    const select = { tenant: SINGLE_TENANT, matchers: [], from: START, through: START + 10n ** 9n };
    for (const { spans } of await source.streams(select)) {
      for (const span of spans) {
        for (const handle of await span.open()) {
          const { rows, text, starts, ends } = await handle.read();
          for (let row = 0; row < rows; row++) {
            found.add(new TextDecoder().decode(text.subarray(starts[row], ends[row])));
          }
        }
      }
    }
    return found;
  }

  async assertWhole(): Promise<void> {
    const found = await this.lines();
    const lost = this.acknowledged.filter((line) => !found.has(line));
    assert.equal(lost.length, 0, `${lost.length} of ${this.acknowledged.length} lines lost`);
  }
}

test(
  "a full disk under the WAL refuses pushes and loses nothing that was answered",
  options,
  async () => {
    const disk = new SmallDisk();
    const first = new Process(disk);
    await first.life.start();
    disk.fill(500_000);
    let next = await first.pushAll(0);
    assert.ok(next > 10);
    await assert.rejects(first.push(next++), isFull);
    // The process is gone; the next one starts with no room at all, and can be asked.
    await first.die();
    disk.fill();
    const second = new Process(disk, first.acknowledged);
    await second.life.start();
    assert.equal(second.life.phase.name, "running");
    await second.assertWhole();
    await assert.rejects(second.push(next++), isFull);
    await second.assertWhole();
    // There is room again: pushes go on without a start.
    disk.free();
    await second.push(next++);
    await second.push(next++);
    await second.die();
    const third = new Process(disk, second.acknowledged);
    await third.life.start();
    await third.assertWhole();
    await third.life.stop({ flush: false });
  },
);

test(
  "a full disk under the bucket keeps lines in memory until they can be stored",
  options,
  async () => {
    const disk = new SmallDisk();
    const process = new Process(disk);
    await process.life.start();
    for (let number = 0; number < 20; number++) await process.push(number);
    disk.fill();
    await assert.rejects(process.life.flusher.sweep({ force: true }), isFull);
    await process.assertWhole();
    assert.deepEqual(
      disk.files().filter((name) => name.endsWith(".partial")),
      [],
    );
    disk.free();
    await process.life.flusher.sweep({ force: true });
    assert.ok(disk.files().some((name) => name.endsWith(".tsdb.gz")));
    await process.life.stop({ flush: true });
  },
);
