/**
 * The writer on a simulated disk and clock: what shares a sync, what a failure costs and whom, what
 * is on the disk after it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { Bug, LimitExceeded, Unavailable } from "../model/errors.ts";
import type { LogDisk, LogFile } from "../ports/log-disk.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { type Fault, Faults } from "../sim/faults.ts";
import { PAGE_SIZE, RECORD_SIZE_MAX, segmentsIn } from "./layout.ts";
import { readSegment } from "./segment.ts";
import { type WalOptions, WalWriter } from "./writer.ts";

/** A disk whose writes and syncs take a millisecond and ten, and which tells what was done. */
class SlowDisk implements LogDisk {
  readonly #disk: LogDisk;
  readonly #clock: SimClock;
  readonly done: string[] = [];

  constructor(disk: LogDisk, clock: SimClock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  async append(path: string): Promise<LogFile> {
    const file = await this.#disk.append(path);
    return {
      write: async (bytes) => {
        await this.#clock.sleep(1);
        this.done.push(`write ${path}`);
        await file.write(bytes);
      },
      sync: async () => {
        await this.#clock.sleep(10);
        this.done.push(`sync ${path}`);
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  list = (folder: string) => this.#disk.list(folder);
  size = (path: string) => this.#disk.size(path);
  read = (path: string, offset: number, size: number) => this.#disk.read(path, offset, size);
  rename = (source: string, target: string) => this.#disk.rename(source, target);
  remove = (path: string) => this.#disk.remove(path);
}

async function given(options: Partial<WalOptions> = {}, ...faults: Fault[]) {
  const clock = new SimClock();
  const disk = new SimDisk({ faults: new Faults(faults) });
  const journal: string[] = [];
  const wal = await WalWriter.open(disk, {
    sync: "commit",
    clock,
    journal: { log: (level, message) => void journal.push(`${level} ${message}`) },
    ...options,
  });
  return { clock, disk, wal, journal };
}

/** The texts of all records, by segment. */
async function contentOf(disk: LogDisk): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const { name } of segmentsIn(await disk.list(""))) {
    const texts: string[] = [];
    content[name] = texts;
    const size = await disk.size(name);
    const source = { size, read: (at: number, count: number) => disk.read(name, at, count) };
    await readSegment(source, {
      record: ({ bytes }) => void texts.push(fromUtf8(bytes)),
      damage: ({ kind }) => void texts.push(`(${kind})`),
    });
  }
  return content;
}

test("log() makes a segment and leaves its last page open", async () => {
  const { wal, disk } = await given();
  await wal.log(utf8("one"));
  await wal.log([utf8("two"), utf8("three")]);
  assert.deepEqual(await contentOf(disk), { "00000000": ["one", "two", "three"] });
  assert.equal(await disk.size("00000000"), 3 * 7 + 11);
  await wal.close();
  assert.equal(await disk.size("00000000"), PAGE_SIZE);
});

test("open() writes nothing and goes on after the last segment or checkpoint", async () => {
  const { disk, clock } = await given();
  for (const path of ["00000002", "checkpoint.000007/00000000", "checkpoint.000008.tmp/00000000"]) {
    await disk.append(path);
  }
  const wal = await WalWriter.open(disk, { sync: "commit", clock });
  assert.deepEqual((await disk.list("")).sort(), ["00000002", "checkpoint.000007"]);
  await wal.log(utf8("one"));
  assert.deepEqual((await contentOf(disk))["00000008"], ["one"]);
});

test("what comes during a write and sync shares the next", async () => {
  const { disk, clock } = await given();
  const slow = new SlowDisk(disk, clock);
  const wal = await WalWriter.open(slow, { sync: "commit", clock });
  const done: string[] = [];
  const log = (text: string) => void wal.log(utf8(text)).then(() => done.push(text));
  log("a");
  await clock.advance(5);
  for (const text of ["b", "c", "d"]) log(text);
  await clock.advance(5);
  assert.deepEqual(done, []);
  await clock.advance(1);
  assert.deepEqual(done, ["a"]);
  log("e");
  await clock.advance(11);
  assert.deepEqual(done, ["a", "b", "c", "d"]);
  await clock.advance(11);
  assert.deepEqual(done, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(slow.done, Array(3).fill(["write 00000000", "sync 00000000"]).flat());
  assert.deepEqual(await contentOf(disk), { "00000000": ["a", "b", "c", "d", "e"] });
});

test("with commit a resolved log() survives a loss of power, whatever comes after", async () => {
  const { wal, disk } = await given();
  await wal.log(utf8("one"));
  disk.crash("power");
  assert.deepEqual(await contentOf(disk), { "00000000": ["one"] });
});

test("with interval records are synced together, once in a while", async () => {
  const { disk, clock } = await given();
  const slow = new SlowDisk(disk, clock);
  const wal = await WalWriter.open(slow, { sync: "interval", syncIntervalMs: 100, clock });
  const logged = Promise.all([wal.log(utf8("a")), wal.log(utf8("b"))]);
  await clock.advance(1);
  await logged;
  assert.deepEqual(slow.done, ["write 00000000"]);
  await clock.advance(110);
  assert.deepEqual(slow.done, ["write 00000000", "sync 00000000"]);
  await clock.advance(1000);
  assert.deepEqual(slow.done.length, 2);
  const closed = wal.close();
  await clock.advance(1000);
  await closed;
  assert.equal(clock.sleepers, 0);
});

test("with never only a finished segment is synced", async () => {
  const { disk, clock } = await given();
  const slow = new SlowDisk(disk, clock);
  const wal = await WalWriter.open(slow, { sync: "never", clock });
  const rolled = wal.log(utf8("a")).then(() => wal.roll());
  await clock.advance(1000);
  assert.equal(await rolled, 0);
  assert.deepEqual(slow.done, ["write 00000000", "write 00000000", "sync 00000000"]);
});

test("a record never crosses a segment", async () => {
  const { wal, disk } = await given({ segmentSize: 2 * PAGE_SIZE });
  const sizes = [30_000, 30_000, 200_000, 10];
  await Promise.all(sizes.map((size, index) => wal.log(new Uint8Array(size).fill(65 + index))));
  await wal.close();
  const content = await contentOf(disk);
  assert.deepEqual(
    Object.values(content).map((texts) => texts.map((text) => text.length)),
    [[30_000, 30_000], [200_000], [10]],
  );
});

test("roll() gives the index of a finished segment, a new one each time", async () => {
  const { wal, disk } = await given();
  await wal.log(utf8("one"));
  assert.equal(await wal.roll(), 0);
  await wal.log(utf8("two"));
  assert.equal(await wal.roll(), 1);
  assert.equal(await wal.roll(), 2);
  assert.deepEqual(await contentOf(disk), {
    "00000000": ["one"],
    "00000001": ["two"],
    "00000002": [],
    "00000003": [],
  });
});

test("truncate() removes what a checkpoint covers and no more", async () => {
  const { wal, disk } = await given();
  for (const text of ["one", "two", "three"]) {
    await wal.log(utf8(text));
    await wal.roll();
  }
  for (const name of ["checkpoint.000000", "checkpoint.000001", "checkpoint.000000.tmp"]) {
    await disk.append(`${name}/00000000`);
  }
  await wal.truncate(1);
  assert.deepEqual((await disk.list("")).sort(), ["00000002", "00000003", "checkpoint.000001"]);
  await assert.rejects(wal.truncate(3), Bug);
});

test("a failed write rejects those who wait for it, and the next goes into a new segment", async () => {
  const { wal, disk, journal } = await given({}, { op: "write", nth: 2, part: 0.5 });
  await wal.log(utf8("one"));
  const failed = await Promise.allSettled([wal.log(utf8("two")), wal.log(utf8("three"))]);
  for (const result of failed) {
    assert.ok(result.status === "rejected" && result.reason instanceof Unavailable);
  }
  await wal.log(utf8("four"));
  assert.deepEqual(await contentOf(disk), {
    "00000000": ["one", "two", "(torn)"],
    "00000001": ["four"],
  });
  assert.deepEqual(journal, ["error wal cannot be written", "info wal can be written again"]);
});

test("a failed sync is not believed, and the next goes into a new segment", async () => {
  const { wal, disk } = await given({}, { op: "sync", nth: 2 });
  await wal.log(utf8("one"));
  await assert.rejects(wal.log(utf8("two")), Unavailable);
  await wal.log(utf8("three"));
  disk.crash("power");
  const content = await contentOf(disk);
  assert.equal(content["00000000"]![0], "one");
  assert.deepEqual(content["00000001"], ["three"]);
});

test("a full disk rejects every log() and leaves no trail of segments", async () => {
  const { wal, disk, journal } = await given();
  await wal.log(utf8("one"));
  disk.faults.add({ op: "write", error: "ENOSPC", part: 0.3 });
  for (let tries = 0; tries < 5; tries++) {
    await assert.rejects(wal.log(utf8("two")), { name: "Unavailable", message: /^ENOSPC/ });
  }
  disk.faults.add({ op: "append", error: "ENOSPC" });
  await assert.rejects(wal.log(utf8("two")), Unavailable);
  await assert.rejects(wal.roll(), Unavailable);
  disk.faults.clear();
  await wal.log(utf8("three"));
  assert.deepEqual(await contentOf(disk), {
    "00000000": ["one", "(torn)"],
    "00000001": ["three"],
  });
  assert.equal(journal.length, 2);
});

test("a failed segment that cannot be taken back is left, and the next has the next index", async () => {
  const { wal, disk } = await given({}, { op: "write", nth: 1, part: 0.5 }, { op: "remove" });
  await assert.rejects(wal.log(utf8("one")), Unavailable);
  await wal.log(utf8("two"));
  assert.deepEqual(await contentOf(disk), { "00000000": ["(torn)"], "00000001": ["two"] });
});

test("a segment that cannot be finished is left, and the batch that found it full is not harmed", async () => {
  const { wal, disk } = await given(
    { segmentSize: PAGE_SIZE },
    { op: "write", nth: 2, error: "ENOSPC" },
  );
  await wal.log(new Uint8Array(20_000).fill(65));
  await wal.log(new Uint8Array(20_000).fill(66));
  assert.deepEqual(Object.keys(await contentOf(disk)), ["00000000", "00000001"]);
});

test("close() waits for what was logged before, and refuses what comes after", async () => {
  const { wal, disk } = await given({ segmentSize: PAGE_SIZE });
  const logged = Array.from({ length: 10 }, () => wal.log(new Uint8Array(30_000).fill(65)));
  await wal.close();
  await Promise.all(logged);
  await assert.rejects(wal.log(utf8("late")), /wal is stopped/);
  await assert.rejects(wal.roll(), /wal is stopped/);
  await wal.close();
  assert.equal(Object.keys(await contentOf(disk)).length, 10);
});

test("a roll takes its turn while others log without end", async () => {
  const { disk, clock } = await given();
  const wal = await WalWriter.open(new SlowDisk(disk, clock), { sync: "commit", clock });
  let going = true;
  const writer = async () => {
    while (going) await wal.log(utf8("line"));
  };
  const writers = [writer(), writer(), writer()];
  await clock.advance(50);
  let rolled: number | undefined;
  void wal.roll().then((index) => {
    rolled = index;
  });
  await clock.advance(50);
  assert.equal(rolled, 0);
  going = false;
  await clock.advance(100);
  await Promise.all(writers);
  await settle();
});

test("a record past the limit is refused before anything is written", async () => {
  const { wal, disk } = await given();
  const large = new Uint8Array(RECORD_SIZE_MAX + 1);
  await assert.rejects(wal.log(large), LimitExceeded);
  assert.deepEqual(await disk.list(""), []);
});
