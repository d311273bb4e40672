/** Is what real Loki wrote read whole, and written again byte for byte? Loki's own are in fixtures/wal. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { RECORDED, recordedWal } from "../../fixtures/wal/recorded.ts";
import { fromUtf8, toHex, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import type { Labels } from "../model/labels.ts";
import type { LogDisk } from "../ports/log-disk.ts";
import { encodeCheckpointSeries } from "./checkpoint-record.ts";
import { frameRecord, padPage } from "./frame.ts";
import { type Place, replay } from "./reader.ts";
import { encodeEntries, encodeSeries, type WalRecord } from "./record.ts";

async function recordsOf(disk: LogDisk) {
  const records: { record: WalRecord; place: Place }[] = [];
  const report = await replay(disk, (record, place) => void records.push({ record, place }));
  return { records, report };
}

function encode(record: WalRecord): Uint8Array {
  const out = new ByteWriter();
  if (record.kind === "series") encodeSeries(out, record);
  else if (record.kind === "checkpoint") encodeCheckpointSeries(out, record);
  else encodeEntries(out, record.tenant, record.groups);
  return out.take();
}

/** Number and SHA-256 of the lines of all entries records, in the form of digests.json. */
async function digestOf(records: readonly WalRecord[]) {
  const labels = new Map<bigint, Labels>();
  const lines: string[] = [];
  for (const record of records) {
    if (record.kind === "series") for (const one of record.series) labels.set(one.ref, one.labels);
    if (record.kind === "checkpoint") labels.set(record.fingerprint, record.labels);
    if (record.kind !== "entries") continue;
    for (const { ref, rows } of record.groups) {
      for (let row = 0; row < rows.rows; row++) {
        const line = fromUtf8(rows.text, rows.starts[row], rows.ends[row]);
        lines.push(JSON.stringify([labels.get(ref), String(rows.times[row]), line]));
      }
    }
  }
  const text = utf8(lines.sort().join("\n"));
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
  return { lines: lines.length, sha256 };
}

async function expected(part: "first" | "second") {
  const path = new URL("../../fixtures/wal/digests.json", import.meta.url);
  return JSON.parse(await readFile(path, "utf8"))[part];
}

test("replay() reads the four logs without damage", async () => {
  const given = async (name: (typeof RECORDED)[number]) => {
    const { report, records } = await recordsOf(await recordedWal(name));
    const kinds = records.map(({ record }) => record.kind).join(" ");
    const { checkpoint, segments, damage } = report;
    return { checkpoint, segments, damage, kinds };
  };
  const six = Array(6).fill("checkpoint").join(" ");
  assert.deepEqual(await given("291"), {
    checkpoint: "checkpoint.000002",
    segments: 3,
    damage: [],
    kinds: six,
  });
  assert.deepEqual(await given("37"), {
    checkpoint: "checkpoint.000004",
    segments: 2,
    damage: [],
    kinds: six,
  });
  assert.deepEqual(await given("mixed-291"), {
    checkpoint: "checkpoint.000002",
    segments: 3,
    damage: [],
    kinds: `${six} series entries`,
  });
  assert.deepEqual(await given("nocheckpoint-291"), {
    checkpoint: undefined,
    segments: 1,
    damage: [],
    kinds: "series entries entries",
  });
});

test("the entries records hold the lines that were pushed", async () => {
  const given = async (name: (typeof RECORDED)[number]) => {
    const { records } = await recordsOf(await recordedWal(name));
    return digestOf(records.map(({ record }) => record));
  };
  assert.deepEqual(await given("nocheckpoint-291"), await expected("first"));
  assert.deepEqual(await given("mixed-291"), await expected("second"));
});

test("the checkpoint records hold whole streams, whose entries add up", async () => {
  for (const name of ["291", "mixed-291", "37"] as const) {
    const { records } = await recordsOf(await recordedWal(name));
    let entries = 0n;
    for (const { record } of records) {
      if (record.kind !== "checkpoint") continue;
      assert.equal(record.tenant, "fake");
      assert.equal(record.fingerprint, fingerprint(record.labels));
      assert.ok(record.chunks.length > 0);
      for (const chunk of record.chunks) {
        assert.ok(chunk.data.length + chunk.head.length > 0);
        assert.ok(chunk.from <= chunk.to && chunk.to <= record.highestTs);
      }
      entries += record.entryCt;
    }
    assert.equal(entries, 900n, name);
  }
});

test("every record is written again byte for byte, and so is every segment", async () => {
  for (const name of RECORDED) {
    const disk = await recordedWal(name);
    const { records } = await recordsOf(disk);
    const segments = new Map<string, { out: ByteWriter; offset: number }>();
    for (const { record, place } of records) {
      const segment = segments.get(place.segment) ?? { out: new ByteWriter(), offset: 0 };
      segments.set(place.segment, segment);
      assert.equal(segment.offset, place.offset);
      segment.offset = frameRecord(segment.out, segment.offset, encode(record));
    }
    for (const [path, { out, offset }] of segments) {
      const size = await disk.size(path);
      if (size % 32_768 === 0) padPage(out, offset);
      assert.deepEqual(out.take(), await disk.read(path, 0, size), `${name}/${path}`);
    }
  }
});
