/**
 * The records of the log: which streams there are, and which entries came. Entries are written in
 * the one form that Loki writes (type 5) and read in all three. Checkpoint records are in
 * checkpoint-record.ts.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import type { Block } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import type { Label, Labels } from "../model/labels.ts";
import { type CheckpointSeries, decodeCheckpointSeries } from "./checkpoint-record.ts";
import { readRows, writeRows } from "./entries.ts";
import { RECORD } from "./layout.ts";

/** The streams that a push created. */
export interface SeriesRecord {
  readonly kind: "series";
  readonly tenant: string;
  readonly series: readonly { readonly ref: bigint; readonly labels: Labels }[];
}

/** The entries that a push brought, by stream. */
export interface EntriesRecord {
  readonly kind: "entries";
  readonly tenant: string;
  readonly groups: readonly EntriesGroup[];
}

export interface EntriesGroup {
  /** The (mapped) fingerprint under which a series record or a checkpoint introduced the stream. */
  readonly ref: bigint;
  /** Entries that the stream had taken when these had been appended; 0 in records of type 2. */
  readonly counter: number;
  /** In the order they came, which need not be that of time. `text` is the record itself. */
  readonly rows: Block;
}

export type WalRecord = SeriesRecord | EntriesRecord | CheckpointSeries;

/** What Prometheus calls a record of series, inside Loki's. */
const PROMETHEUS_SERIES = 1;

export function encodeSeries(out: ByteWriter, record: Omit<SeriesRecord, "kind">): void {
  out.u8(RECORD.series);
  out.string(record.tenant);
  out.u8(PROMETHEUS_SERIES);
  for (const { ref, labels } of record.series) {
    out.u64(ref);
    out.uvarint(labels.length);
    for (const [name, value] of labels) {
      out.string(name);
      out.string(value);
    }
  }
}

/** What one stream adds to an entries record. */
export interface EntriesToLog {
  readonly ref: bigint;
  /** Entries that the stream has taken once these are appended. */
  readonly counter: number;
  readonly rows: Block;
  /** Indexes of the rows that were accepted, in the order to log them; absent means all. */
  readonly selection?: Uint32Array;
}

/**
 * Writes an entries record of type 5 and gives the number of entries in it. With 0 nothing was
 * written: Loki logs no record without entries, and no stream without any.
 */
export function encodeEntries(
  out: ByteWriter,
  tenant: string,
  groups: Iterable<EntriesToLog>,
): number {
  let entries = 0;
  let base = 0n;
  for (const { ref, counter, rows, selection } of groups) {
    const count = selection === undefined ? rows.rows : selection.length;
    if (count === 0) continue;
    if (entries === 0) {
      base = rows.times[selection === undefined ? 0 : selection[0]!]!;
      out.u8(RECORD.entries3);
      out.string(tenant);
      out.u64(base);
    }
    entries += count;
    out.u64(ref);
    out.size64(counter);
    writeRows(out, rows, selection, base);
  }
  return entries;
}

/** Reads a record of any type. What it gives shares memory with `bytes`. Throws Corrupt. */
export function decodeRecord(bytes: Uint8Array): WalRecord {
  const cursor = new ByteCursor(bytes);
  const type = cursor.u8();
  switch (type) {
    case RECORD.series:
      return readSeries(cursor);
    case RECORD.entries1:
    case RECORD.entries2:
    case RECORD.entries3:
      return readEntries(cursor, type);
    case RECORD.checkpoint:
      return decodeCheckpointSeries(bytes);
    default:
      throw new Corrupt(`unknown record type: ${type}`);
  }
}

function readSeries(cursor: ByteCursor): SeriesRecord {
  const tenant = cursor.string();
  const type = cursor.u8();
  if (type !== PROMETHEUS_SERIES) throw new Corrupt(`series record holds type ${type}`);
  const series: { ref: bigint; labels: Labels }[] = [];
  while (cursor.left > 0) {
    const ref = cursor.u64();
    const count = cursor.uvarint();
    const labels: Label[] = [];
    for (let index = 0; index < count; index++) labels.push([cursor.string(), cursor.string()]);
    series.push({ ref, labels });
  }
  return { kind: "series", tenant, series };
}

function readEntries(cursor: ByteCursor, type: number): EntriesRecord {
  const tenant = cursor.string();
  const base = cursor.i64();
  const groups: EntriesGroup[] = [];
  while (cursor.left > 0) {
    const ref = cursor.u64();
    const counter = type === RECORD.entries1 ? 0 : cursor.size64();
    const rows = readRows(cursor, base, { metadata: type === RECORD.entries3 });
    groups.push({ ref, counter, rows });
  }
  return { kind: "entries", tenant, groups };
}
