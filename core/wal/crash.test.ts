/**
 * The promise of the log, from seeds: whatever was acknowledged comes back, in order and once, and
 * nothing comes back that was never logged. Writes tear, syncs fail, disks fill, power goes, at any
 * moment; then the log is replayed and written on.
 *
 * What is logged are numbers, one a record. The state is the list of all numbers taken; checkpoints
 * hold it. A failed number may be in it or not: nobody was told that it was.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { Unavailable } from "../model/errors.ts";
import { SimClock } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { type Fault, Faults } from "../sim/faults.ts";
import { Random } from "../sim/random.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { PAGE_SIZE } from "./layout.ts";
import { replay } from "./reader.ts";
import { encodeSeries } from "./record.ts";
import { WalWriter } from "./writer.ts";

/** A record that carries a number and some weight. */
function numbered(number: number, size: number): Uint8Array {
  const out = new ByteWriter();
  const labels = [["pad", "x".repeat(size)]] as const;
  encodeSeries(out, { tenant: String(number), series: [{ ref: 1n, labels }] });
  return out.take();
}

async function checkpoint(disk: SimDisk, index: number, numbers: readonly number[]) {
  const zeros = { fingerprint: 0n, to: 0n, entryCt: 0n, highestTs: 0n };
  const lastLine = utf8(JSON.stringify(numbers));
  const record = {
    kind: "checkpoint",
    tenant: "",
    labels: [],
    chunks: [],
    ...zeros,
    lastLine,
  } as const;
  await writeCheckpoint(disk, index, [record], { segmentSize: 2 * PAGE_SIZE });
}

/** The state that a replay gives. Numbers are logged in ascending order, so they must come so. */
async function replayed(disk: SimDisk): Promise<number[]> {
  const state: number[] = [];
  const known = new Set<number>();
  let last = -1;
  await replay(disk, (record) => {
    if (record.kind === "checkpoint") {
      for (const number of JSON.parse(fromUtf8(record.lastLine)) as number[]) {
        state.push(number);
        known.add(number);
      }
      return;
    }
    const number = Number(record.tenant);
    assert.ok(number > last, `${number} after ${last}`);
    last = number;
    if (!known.has(number)) state.push(number);
    known.add(number);
  });
  return state;
}

function randomFault(random: Random, stop: boolean): Fault {
  const op = random.pick(["write", "write", "sync", "sync", "append", "rename", "remove"]);
  const part = random.fraction();
  return { op, nth: random.int(1, 20), part, stop, error: random.pick(["EIO", "ENOSPC"]) };
}

/** One life after another of a server on one disk. */
async function run(seed: number, kind: "process" | "power"): Promise<void> {
  const random = new Random(seed);
  const disk = new SimDisk({ seed, faults: new Faults() });
  const acknowledged = new Set<number>();
  let next = 0;
  for (let life = 0; life < 4; life++) {
    const state = await replayed(disk);
    const back = new Set(state);
    for (const number of acknowledged) assert.ok(back.has(number), `${number} is lost`);
    for (const number of state) assert.ok(number < next, `${number} is invented`);

    disk.faults.add(randomFault(random, true));
    for (let count = random.int(0, 3); count > 0; count--)
      disk.faults.add(randomFault(random, false));
    await live(disk, random, state).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error;
    });
    disk.faults.clear();
    disk.crash(kind);
  }

  async function live(on: SimDisk, chance: Random, state: number[]): Promise<void> {
    const segmentSize = chance.pick([PAGE_SIZE, 3 * PAGE_SIZE]);
    const wal = await WalWriter.open(on, { sync: "commit", clock: new SimClock(), segmentSize });
    for (let turn = 0; turn < 8; turn++) {
      const calls = Array.from({ length: chance.int(1, 6) }, async () => {
        const number = next++;
        state.push(number);
        const size = chance.chance(0.1) ? chance.int(0, 50_000) : chance.int(0, 400);
        await wal.log(numbered(number, size));
        acknowledged.add(number);
      });
      const settled = Promise.allSettled(calls);
      if (chance.chance(0.5)) await settled;
      try {
        if (chance.chance(0.3)) {
          const through = await wal.roll();
          await checkpoint(on, through, state);
          await wal.truncate(through);
        }
      } finally {
        await settled;
      }
    }
    if (chance.chance(0.3)) await wal.close();
  }
}

for (const kind of ["process", "power"] as const) {
  test(`what was acknowledged survives crashes of the ${kind}, nothing else appears`, async () => {
    for (let seed = 1; seed <= 250; seed++) {
      await run(seed, kind).catch((cause: unknown) => {
        throw new Error(`seed ${seed}`, { cause });
      });
    }
  });
}

test("a disk that is full at any one write loses nothing that was acknowledged", async () => {
  for (const op of ["append", "write", "sync"]) {
    for (let nth = 1; nth <= 12; nth++) {
      const disk = new SimDisk({ faults: new Faults([{ op, nth, part: 0.4, error: "ENOSPC" }]) });
      const open = () =>
        WalWriter.open(disk, { sync: "commit", clock: new SimClock(), segmentSize: PAGE_SIZE });
      let wal = await open();
      const acknowledged: number[] = [];
      for (let number = 0; number < 12; number++) {
        await wal.log(numbered(number, 8000)).then(
          () => acknowledged.push(number),
          (error: unknown) => assert.ok(error instanceof Unavailable),
        );
        if (number === 6) wal = await open();
      }
      assert.ok(acknowledged.length >= 11, `${op} ${nth}`);
      const state = await replayed(disk);
      assert.deepEqual(
        acknowledged.filter((number) => !state.includes(number)),
        [],
        `${op} ${nth}`,
      );
    }
  }
});
