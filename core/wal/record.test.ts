/** Are records the bytes of spec wal §2 and §3, and does everything come back, to the last nanosecond? */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, fromUtf8, toHex, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Block } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { Random } from "../sim/random.ts";
import { type CheckpointSeries, encodeCheckpointSeries } from "./checkpoint-record.ts";
import { decodeRecord, type EntriesToLog, encodeEntries, encodeSeries } from "./record.ts";

type Row = readonly [time: bigint, line: string, ...metadata: (readonly [string, string])[]];

/** A block as decoders make it: lines between other bytes, metadata by a table of symbols. */
function blockOf(rows: readonly Row[]): Block {
  const symbols: string[] = [];
  const indexOf = (symbol: string) => {
    if (!symbols.includes(symbol)) symbols.push(symbol);
    return symbols.indexOf(symbol);
  };
  const text = new ByteWriter();
  const firsts = [0];
  const pairs: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const [, line, ...metadata] of rows) {
    text.u8(0xff);
    starts.push(text.size);
    text.text(line);
    ends.push(text.size);
    for (const [name, value] of metadata) pairs.push(indexOf(name), indexOf(value));
    firsts.push(pairs.length / 2);
  }
  const metadata = { symbols, firsts: Uint32Array.from(firsts), pairs: Uint32Array.from(pairs) };
  return {
    rows: rows.length,
    times: BigInt64Array.from(rows.map(([time]) => time)),
    text: text.take(),
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    ...(pairs.length > 0 ? { metadata } : {}),
  };
}

function rowsOf({ rows, times, text, starts, ends, metadata }: Block): Row[] {
  return Array.from({ length: rows }, (_, row) => {
    const pairs: [string, string][] = [];
    for (let pair = metadata?.firsts[row] ?? 0; pair < (metadata?.firsts[row + 1] ?? 0); pair++) {
      const symbol = (index: number) => metadata!.symbols[metadata!.pairs[index]!]!;
      pairs.push([symbol(2 * pair), symbol(2 * pair + 1)]);
    }
    return [times[row]!, fromUtf8(text, starts[row], ends[row]), ...pairs];
  });
}

function entriesBytes(tenant: string, groups: readonly EntriesToLog[]): Uint8Array {
  const out = new ByteWriter();
  encodeEntries(out, tenant, groups);
  return out.take();
}

const REF = 0x090eb45def17f924n;
const LABELS: Labels = [["foo", "bar"]];
const ROWS: Row[] = [
  [1700000000000000001n, "hello"],
  [1700000000000000000n, "w", ["k", "v"]],
];
const VECTORS = {
  series: "010466616b6501090eb45def17f9240103666f6f03626172",
  entries1: "020466616b6517979cfe362a0001090eb45def17f92402000568656c6c6f010177",
  entries2: "040466616b6517979cfe362a0001090eb45def17f924000000000000000302000568656c6c6f010177",
  entries3:
    "050466616b6517979cfe362a0001090eb45def17f924000000000000000302000568656c6c6f0001017701016b0176",
  checkpoint:
    "030a0466616b6510a4f2dff8de8bad87091a0a0a03666f6f120362617222300a080880e2cfaa06100112060881e2cfaa061a0b088092b8c398feffffff0122060882e2cfaa0628013a0201024201032a060881e2cfaa06320568656c6c6f380342060881e2cfaa06",
};

test("encodeSeries() gives the recorded bytes, and they come back", () => {
  const out = new ByteWriter();
  encodeSeries(out, { tenant: "fake", series: [{ ref: REF, labels: LABELS }] });
  assert.equal(toHex(out.view()), VECTORS.series);
  assert.deepEqual(decodeRecord(out.view()), {
    kind: "series",
    tenant: "fake",
    series: [{ ref: REF, labels: LABELS }],
  });
});

test("encodeEntries() gives the recorded bytes", () => {
  const bytes = entriesBytes("fake", [{ ref: REF, counter: 3, rows: blockOf(ROWS) }]);
  assert.equal(toHex(bytes), VECTORS.entries3);
});

test("decodeRecord() reads entries of all three types", () => {
  const given = (hex: string) => {
    const record = decodeRecord(fromHex(hex));
    assert.equal(record.kind, "entries");
    const [group, ...others] = record.kind === "entries" ? record.groups : [];
    assert.deepEqual(others, []);
    return { tenant: record.tenant, ...group!, rows: rowsOf(group!.rows) };
  };
  const bare = ROWS.map(([time, line]) => [time, line] as Row);
  assert.deepEqual(given(VECTORS.entries1), { tenant: "fake", ref: REF, counter: 0, rows: bare });
  assert.deepEqual(given(VECTORS.entries2), { tenant: "fake", ref: REF, counter: 3, rows: bare });
  assert.deepEqual(given(VECTORS.entries3), { tenant: "fake", ref: REF, counter: 3, rows: ROWS });
});

const SECOND = 1_000_000_000n;
const BASE = 1_700_000_000n * SECOND;
const CHECKPOINT: CheckpointSeries = {
  kind: "checkpoint",
  tenant: "fake",
  fingerprint: REF,
  labels: LABELS,
  chunks: [
    {
      from: BASE + 1n,
      to: BASE + SECOND,
      flushedAt: undefined,
      lastUpdated: BASE + 2n * SECOND,
      closed: true,
      synced: false,
      data: new Uint8Array([1, 2]),
      head: new Uint8Array([3]),
    },
  ],
  to: BASE + SECOND,
  lastLine: utf8("hello"),
  entryCt: 3n,
  highestTs: BASE + SECOND,
};

test("encodeCheckpointSeries() gives the recorded bytes, and they come back", () => {
  const out = new ByteWriter();
  encodeCheckpointSeries(out, CHECKPOINT);
  assert.equal(toHex(out.view()), VECTORS.checkpoint);
  assert.deepEqual(decodeRecord(out.view()), CHECKPOINT);
});

test("checkpoint records come back with times before 1970, zeros and large chunks", () => {
  const chunk = CHECKPOINT.chunks[0]!;
  for (const size of [0, 1, 127, 128, 16_383, 16_384, 100_000]) {
    const series: CheckpointSeries = {
      ...CHECKPOINT,
      tenant: "",
      fingerprint: 2n ** 64n - 1n,
      labels: [],
      chunks: [
        { ...chunk, from: -1n, to: 0n, flushedAt: BASE, synced: true, data: new Uint8Array(size) },
        { ...chunk, head: new Uint8Array(size).fill(5), closed: false },
      ],
      to: -1_500_000_000n,
      lastLine: new Uint8Array([0xff, 0x00]),
      entryCt: 0n,
      highestTs: 0n,
    };
    const out = new ByteWriter();
    encodeCheckpointSeries(out, series);
    assert.deepEqual(decodeRecord(out.view()), series, `${size} bytes`);
  }
});

test("entries come back exactly, however far apart their times are", () => {
  const low = -(2n ** 63n);
  const high = 2n ** 63n - 1n;
  const edges = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, -(2n ** 32n), 2n ** 53n, BASE, low, high];
  for (const first of edges) {
    const rows = [first, ...edges].map((time): Row => [time, String(time)]);
    const bytes = entriesBytes("t", [{ ref: 1n, counter: 1, rows: blockOf(rows) }]);
    const record = decodeRecord(bytes);
    assert.deepEqual(record.kind === "entries" && rowsOf(record.groups[0]!.rows), rows);
  }
});

test("encodeEntries() writes what was selected, and no stream without entries", () => {
  const rows = Array.from({ length: 5 }, (_, row): Row => [BigInt(row), `line ${row}`]);
  const none = { ref: 1n, counter: 9, rows: blockOf(rows), selection: new Uint32Array() };
  const some = { ref: 2n, counter: 2, rows: blockOf(rows), selection: Uint32Array.of(4, 1) };
  const all = { ref: 3n, counter: 5, rows: blockOf(rows) };
  const record = decodeRecord(entriesBytes("t", [none, some, all]));
  assert.deepEqual(
    record.kind === "entries" &&
      record.groups.map(({ ref, counter, rows }) => [ref, counter, rowsOf(rows)]),
    [
      [2n, 2, [rows[4], rows[1]]],
      [3n, 5, rows],
    ],
  );
  const out = new ByteWriter();
  assert.equal(encodeEntries(out, "t", [none]), 0);
  assert.equal(out.size, 0);
  assert.equal(encodeEntries(out, "t", [some, all]), 7);
});

test("random entries come back as they were", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const word = () => random.pick(["", "a", "é\0", "a😀b"]).repeat(random.int(0, 60));
    const groups = Array.from({ length: random.int(1, 5) }, (_, index) => {
      const rows = Array.from({ length: random.int(1, 40) }, (): Row => {
        const metadata = Array.from({ length: random.int(0, 3) }, () => [word(), word()] as const);
        return [BASE + BigInt(random.int(-1_000_000_000, 1_000_000_000)), word(), ...metadata];
      });
      return { ref: BigInt(index), counter: random.int(0, 2 ** 48), rows };
    });
    const bytes = entriesBytes(
      "tenant",
      groups.map((group) => ({ ...group, rows: blockOf(group.rows) })),
    );
    const record = decodeRecord(bytes);
    assert.deepEqual(
      record.kind === "entries" &&
        record.groups.map((group) => ({ ...group, rows: rowsOf(group.rows) })),
      groups,
      `seed ${seed}`,
    );
  }
});

test("records that are cut short or damaged are Corrupt, or read as something, never worse", () => {
  const random = new Random(3);
  for (const hex of Object.values(VECTORS)) {
    const bytes = fromHex(hex);
    for (let turn = 0; turn < 3000; turn++) {
      const damaged = bytes.slice(0, random.chance(0.5) ? random.int(0, bytes.length) : undefined);
      for (let hits = random.int(0, 4); hits > 0 && damaged.length > 0; hits--) {
        damaged[random.int(0, damaged.length)] = random.int(0, 256);
      }
      try {
        decodeRecord(damaged);
      } catch (error) {
        assert.ok(error instanceof Corrupt, `${toHex(damaged)}: ${error}`);
      }
    }
  }
});

test("a count that the record cannot hold is Corrupt before memory is taken for it", () => {
  const claim = `050466616b6517979cfe362a0001090eb45def17f9240000000000000003ffffffff7f`;
  assert.throws(() => decodeRecord(fromHex(claim)), /34359738367 entries in 0 bytes/);
  assert.throws(() => decodeRecord(fromHex("06")), /unknown record type: 6/);
  assert.throws(() => decodeRecord(new Uint8Array()), Corrupt);
});
