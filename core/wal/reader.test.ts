/**
 * What a replay promises: everything sound comes back in order, everything else is told with its
 * place. The damages are those of spec wal §4.1, where Loki loses what follows; here it does not.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordedWal } from "../../fixtures/wal/recorded.ts";
import { crc32c } from "../bytes/crc32c.ts";
import { utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { snappyEncodeBlock } from "../compress/snappy.ts";
import { Unavailable } from "../model/errors.ts";
import { SimDisk } from "../sim/disk.ts";
import { Random } from "../sim/random.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import type { CheckpointSeries } from "./checkpoint-record.ts";
import { frameRecord, padPage } from "./frame.ts";
import { PAGE_SIZE, SNAPPY_FLAG, ZSTD_FLAG } from "./layout.ts";
import { replay } from "./reader.ts";
import { encodeSeries } from "./record.ts";

/** A series record that is known by its tenant. */
function record(tenant: string): Uint8Array {
  const out = new ByteWriter();
  encodeSeries(out, { tenant, series: [{ ref: 1n, labels: [["a", "b"]] }] });
  return out.take();
}

function checkpointed(tenant: string): CheckpointSeries {
  const empty = new Uint8Array();
  const times = { to: 0n, highestTs: 0n };
  const rest = { fingerprint: 1n, labels: [], chunks: [], lastLine: empty, entryCt: 0n };
  return { kind: "checkpoint", tenant, ...times, ...rest };
}

async function put(disk: SimDisk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.append(path);
  await file.write(bytes);
  await file.sync();
}

/** Segments of four records each, closed, as in the spec: `00000001` holds s1r0, s1r1, … */
async function given(...indexes: number[]): Promise<SimDisk> {
  const disk = new SimDisk();
  for (const index of indexes) {
    const out = new ByteWriter();
    let offset = 0;
    for (let at = 0; at < 4; at++) offset = frameRecord(out, offset, record(`s${index}r${at}`));
    padPage(out, offset);
    await put(disk, `0000000${index}`, out.view());
  }
  return disk;
}

/** Bytes that a framed record of these tests takes. */
const FRAMED = 7 + record("s0r0").length;

async function read(disk: SimDisk) {
  const tenants: string[] = [];
  const report = await replay(disk, ({ tenant }) => void tenants.push(tenant));
  const damage = report.damage.map(({ kind, segment, offset }) => `${kind} ${segment} ${offset}`);
  return { tenants: tenants.join(" "), damage, report };
}

const S0 = "s0r0 s0r1 s0r2 s0r3";
const S1 = "s1r0 s1r1 s1r2 s1r3";
const S2 = "s2r0 s2r1 s2r2 s2r3";

test("replay() reads the segments in order and counts", async () => {
  const { tenants, report } = await read(await given(2, 0, 1));
  assert.equal(tenants, `${S0} ${S1} ${S2}`);
  assert.deepEqual(report, {
    checkpoint: undefined,
    segments: 3,
    bytes: 3 * PAGE_SIZE,
    records: 12,
    corrupt: 0,
    torn: 0,
    holes: 0,
    damage: [],
  });
});

test("an empty log is no error", async () => {
  const { tenants, report } = await read(new SimDisk());
  assert.equal(tenants, "");
  assert.equal(report.segments, 0);
});

test("a flipped byte costs its record, not what follows", async () => {
  const disk = await given(0, 1, 2);
  disk.damage("00000001", (bytes) => {
    bytes[2 * FRAMED + 12]! ^= 1;
    return bytes;
  });
  const { tenants, damage } = await read(disk);
  assert.equal(tenants, `${S0} s1r0 s1r1 s1r3 ${S2}`);
  assert.deepEqual(damage, [`corrupt 00000001 ${2 * FRAMED}`]);
});

test("a segment cut in a record costs that record, in the middle and at the end", async () => {
  const disk = await given(0, 1, 2);
  for (const name of ["00000001", "00000002"]) {
    disk.damage(name, (bytes) => bytes.slice(0, 3 * FRAMED + 12));
  }
  const { tenants, damage } = await read(disk);
  assert.equal(tenants, `${S0} s1r0 s1r1 s1r2 s2r0 s2r1 s2r2`);
  assert.deepEqual(damage, [`torn 00000001 ${3 * FRAMED}`, `torn 00000002 ${3 * FRAMED}`]);
});

test("a segment cut between records is not damaged", async () => {
  const disk = await given(0, 1, 2);
  disk.damage("00000001", (bytes) => bytes.slice(0, 3 * FRAMED));
  const { tenants, damage } = await read(disk);
  assert.equal(tenants, `${S0} s1r0 s1r1 s1r2 ${S2}`);
  assert.deepEqual(damage, []);
});

test("a byte in the padding costs nothing", async () => {
  const disk = await given(0, 1, 2);
  disk.damage("00000001", (bytes) => {
    bytes[20_000] = 1;
    return bytes;
  });
  const { tenants, damage } = await read(disk);
  assert.equal(tenants, `${S0} ${S1} ${S2}`);
  assert.deepEqual(damage, [`corrupt 00000001 ${4 * FRAMED}`]);
});

test("a well-framed record that means nothing is told and skipped", async () => {
  const disk = await given(0);
  const out = new ByteWriter();
  let offset = 0;
  const strange = [utf8("\x09?"), new Uint8Array(), utf8("\x01\x7f"), record("after")];
  for (const bytes of strange) offset = frameRecord(out, offset, bytes);
  await put(disk, "00000001", out.view());
  const { tenants, report } = await read(disk);
  assert.equal(tenants, `${S0} after`);
  assert.deepEqual(
    report.damage.map(({ kind, offset: at, what }) => [kind, at, what]),
    [
      ["corrupt", 0, "unknown record type: 9"],
      ["corrupt", 9, "1 bytes wanted at 0, 0 left"],
      ["corrupt", 16, "127 bytes wanted at 2, 0 left"],
    ],
  );
});

test("missing segments are holes, unless a checkpoint covers them", async () => {
  const middle = await read(await given(0, 2));
  assert.equal(middle.tenants, `${S0} ${S2}`);
  assert.deepEqual(middle.damage, ["hole 00000002 0"]);
  assert.equal(middle.report.damage[0]!.what, "00000001 missing before it");

  const first = await read(await given(2));
  assert.equal(first.tenants, S2);
  assert.equal(first.report.damage[0]!.what, "00000000 to 00000001 missing before it");

  const disk = await given(3, 5);
  await writeCheckpoint(disk, 2, [checkpointed("cp")]);
  const covered = await read(disk);
  assert.equal(covered.report.holes, 1);
  assert.equal(covered.report.damage[0]!.what, "00000004 missing before it");
});

test("a checkpoint stands for the segments up to its index", async () => {
  const disk = await given(0, 1, 2);
  await writeCheckpoint(disk, 0, [checkpointed("old")]);
  await writeCheckpoint(disk, 1, [checkpointed("new"), checkpointed("er")]);
  await put(disk, "checkpoint.000002.tmp/00000000", utf8("never finished"));
  const { tenants, damage, report } = await read(disk);
  assert.equal(tenants, `new er ${S2}`);
  assert.deepEqual(damage, []);
  assert.equal(report.checkpoint, "checkpoint.000001");
});

test("what a damaged checkpoint lost is looked for in the segments that it covers", async () => {
  const disk = await given(0, 1, 2);
  await writeCheckpoint(disk, 1, [checkpointed("one"), checkpointed("two")]);
  disk.damage("checkpoint.000001/00000000", (bytes) => {
    bytes[10]! ^= 1;
    return bytes;
  });
  const { tenants, damage, report } = await read(disk);
  assert.equal(tenants, `two ${S0} ${S1} ${S2}`);
  assert.deepEqual(damage, ["corrupt checkpoint.000001/00000000 0"]);
  assert.equal(report.bytes, 4 * PAGE_SIZE);
});

/** One record under a compression flag, as a writer with compression frames it. */
function compressed(flag: number, bytes: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.u8(1 | flag);
  out.u16(bytes.length);
  out.u32(crc32c(bytes));
  out.raw(bytes);
  return out.take();
}

test("records compressed with Snappy are read, with Zstandard told", async () => {
  const disk = new SimDisk();
  await put(disk, "00000000", compressed(SNAPPY_FLAG, snappyEncodeBlock(record("snappy"))));
  await put(disk, "00000001", compressed(ZSTD_FLAG, record("zstd")));
  const { tenants, report } = await read(disk);
  assert.equal(tenants, "snappy");
  assert.match(report.damage[0]!.what, /^zstd record of \d+ bytes is not supported$/);
});

test("progress, damage and records are told as they come, and a signal ends it", async () => {
  const disk = await given(0, 1);
  disk.damage("00000001", (bytes) => bytes.slice(0, FRAMED + 1));
  const told: string[] = [];
  await replay(
    disk,
    async ({ tenant }, { segment, offset }) => {
      await undefined;
      told.push(`${tenant} ${segment} ${offset}`);
    },
    {
      onDamage: ({ kind, segment, offset }) => told.push(`${kind} ${segment} ${offset}`),
      onProgress: (done, total) => told.push(`${done} of ${total}`),
    },
  );
  const total = PAGE_SIZE + FRAMED + 1;
  assert.deepEqual(told, [
    ...[0, 1, 2, 3].map((at) => `s0r${at} 00000000 ${at * FRAMED}`),
    `${PAGE_SIZE} of ${total}`,
    "s1r0 00000001 0",
    `torn 00000001 ${FRAMED}`,
    `${total} of ${total}`,
  ]);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    replay(disk, () => assert.fail("not visited"), { signal }),
    /enough/,
  );
});

test("an error of the visitor or of the disk ends the replay", async () => {
  const disk = await given(0);
  const visit = () => {
    throw new Error("no room");
  };
  await assert.rejects(replay(disk, visit), /no room/);
  disk.faults.add({ op: "read" });
  await assert.rejects(
    replay(disk, () => {}),
    Unavailable,
  );
});

test("of much damage the first is kept and all is counted", async () => {
  const disk = new SimDisk();
  const out = new ByteWriter();
  let offset = 0;
  for (let index = 0; index < 150; index++) offset = frameRecord(out, offset, utf8("\x09"));
  await put(disk, "00000000", out.view());
  const { report } = await read(disk);
  assert.equal(report.corrupt, 150);
  assert.equal(report.damage.length, 100);
});

test("a recorded log with one bit flipped anywhere gives all other records and says so", async () => {
  const path = "00000000";
  const sound = await recordedWal("nocheckpoint-291");
  const places: number[] = [];
  await replay(sound, (_, { offset }) => void places.push(offset));
  const original = await sound.read(path, 0, 1_000_000);
  const disk = await recordedWal("nocheckpoint-291");
  const random = new Random(2023);
  for (let turn = 0; turn < 150; turn++) {
    const bit = random.int(0, 8 * original.length);
    disk.damage(path, () => {
      const bytes = original.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes;
    });
    const found: number[] = [];
    const report = await replay(disk, (_, { offset }) => void found.push(offset));
    const hit = places.findLast((offset) => offset <= bit >> 3);
    assert.deepEqual(
      found.filter((offset) => offset !== hit),
      places.filter((offset) => offset !== hit),
      `bit ${bit}`,
    );
    assert.ok(report.damage.length > 0, `bit ${bit} is told`);
  }
});

test("a recorded log cut anywhere near its end gives all records before the cut", async () => {
  const sound = await recordedWal("mixed-291");
  const original = await sound.read("00000003", 0, 1_000_000);
  const ends: number[] = [];
  await replay(sound, (_, { segment, offset }) => {
    if (segment === "00000003") ends.push(offset);
  });
  const disk = await recordedWal("mixed-291");
  for (let size = original.length; size >= 0; size -= 251) {
    disk.damage("00000003", () => original.slice(0, size));
    const found: number[] = [];
    const report = await replay(disk, (_, { segment, offset }) => {
      if (segment === "00000003") found.push(offset);
    });
    assert.deepEqual(found, ends.slice(0, found.length), `${size} bytes`);
    assert.ok(found.length >= ends.filter((offset) => offset < size).length - 1, `${size} bytes`);
    assert.equal(report.corrupt, 0, `${size} bytes`);
  }
});
