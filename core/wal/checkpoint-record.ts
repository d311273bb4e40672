/**
 * A stream with all its chunks, as a checkpoint keeps it: byte 3 and a protobuf message. The chunks'
 * bytes are not looked into here. Most of a message is chunk data, so sizes are reckoned first and
 * the data is copied once.
 */
import { ProtoReader, ProtoWriter, WIRE } from "../bytes/proto.ts";
import { utf8 } from "../bytes/text.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { Corrupt } from "../model/errors.ts";
import type { Label, Labels } from "../model/labels.ts";
import { RECORD } from "./layout.ts";

export interface CheckpointSeries {
  readonly kind: "checkpoint";
  readonly tenant: string;
  /** The (mapped) fingerprint that entries records call their ref. */
  readonly fingerprint: bigint;
  readonly labels: Labels;
  readonly chunks: readonly CheckpointChunk[];
  /** Time of the line pushed last, Unix nanoseconds. */
  readonly to: bigint;
  readonly lastLine: Uint8Array;
  /** Entries taken since the stream was made; entries groups with no larger counter are in the chunks. */
  readonly entryCt: bigint;
  /** Latest time of any line, Unix nanoseconds. */
  readonly highestTs: bigint;
}

export interface CheckpointChunk {
  /** Time of the earliest and the latest entry, Unix nanoseconds. */
  readonly from: bigint;
  readonly to: bigint;
  /** Unix nanoseconds; absent while the chunk is not in the store. */
  readonly flushedAt?: bigint | undefined;
  readonly lastUpdated: bigint;
  readonly closed: boolean;
  readonly synced: boolean;
  /** The chunk without its head, its table of symbols not compressed (spec chunk-format §1.6). */
  readonly data: Uint8Array;
  /** The head block (spec chunk-format §3). */
  readonly head: Uint8Array;
}

/** 0001-01-01T00:00:00Z, which is how Go says "no time"; Unix nanoseconds. */
const GO_ZERO_TIME = -62_135_596_800_000_000_000n;
const SECOND = 1_000_000_000n;

/** Field numbers of the message of a stream. */
const SERIES = {
  tenant: 1,
  fingerprint: 2,
  labels: 3,
  chunks: 4,
  to: 5,
  lastLine: 6,
  entryCt: 7,
  highestTs: 8,
} as const;

/** Field numbers of the message of a chunk. */
const CHUNK = {
  from: 1,
  to: 2,
  flushedAt: 3,
  lastUpdated: 4,
  closed: 5,
  synced: 6,
  data: 7,
  head: 8,
} as const;

export function encodeCheckpointSeries(
  out: ByteWriter,
  series: Omit<CheckpointSeries, "kind">,
): void {
  out.u8(RECORD.checkpoint);
  const before = new ProtoWriter();
  if (series.tenant !== "") before.string(SERIES.tenant, series.tenant);
  if (series.fingerprint !== 0n) before.int64(SERIES.fingerprint, series.fingerprint);
  for (const [name, value] of series.labels) {
    before.message(SERIES.labels, new ProtoWriter().string(1, name).string(2, value));
  }
  out.raw(before.take());
  for (const chunk of series.chunks) writeChunk(out, chunk);

  const after = new ProtoWriter().message(SERIES.to, timestamp(series.to));
  if (series.lastLine.length > 0) after.bytes(SERIES.lastLine, series.lastLine);
  if (series.entryCt !== 0n) after.int64(SERIES.entryCt, series.entryCt);
  after.message(SERIES.highestTs, timestamp(series.highestTs));
  out.raw(after.take());
}

function writeChunk(out: ByteWriter, chunk: CheckpointChunk): void {
  const fields = new ProtoWriter()
    .message(CHUNK.from, timestamp(chunk.from))
    .message(CHUNK.to, timestamp(chunk.to))
    .message(CHUNK.flushedAt, timestamp(chunk.flushedAt ?? GO_ZERO_TIME))
    .message(CHUNK.lastUpdated, timestamp(chunk.lastUpdated));
  if (chunk.closed) fields.bool(CHUNK.closed, true);
  if (chunk.synced) fields.bool(CHUNK.synced, true);
  const small = fields.take();
  out.uvarint(SERIES.chunks * 8 + WIRE.bytes);
  out.uvarint(small.length + sizeOfBytes(chunk.data) + sizeOfBytes(chunk.head));
  out.raw(small);
  writeBytes(out, CHUNK.data, chunk.data);
  writeBytes(out, CHUNK.head, chunk.head);
}

/** Size of a field of bytes whose tag takes one byte; proto3 leaves an empty one out. */
function sizeOfBytes(value: Uint8Array): number {
  if (value.length === 0) return 0;
  let size = 2 + value.length;
  for (let left = value.length; left >= 128; left = Math.floor(left / 128)) size++;
  return size;
}

function writeBytes(out: ByteWriter, field: number, value: Uint8Array): void {
  if (value.length === 0) return;
  out.uvarint(field * 8 + WIRE.bytes);
  out.uvarint(value.length);
  out.raw(value);
}

/** Reads a whole checkpoint record. Line, data and head are views of it. Throws Corrupt. */
export function decodeCheckpointSeries(record: Uint8Array): CheckpointSeries {
  if (record[0] !== RECORD.checkpoint) throw new Corrupt(`record type is ${record[0]}`);
  let tenant = "";
  let fingerprint = 0n;
  const labels: Label[] = [];
  const chunks: CheckpointChunk[] = [];
  let to = 0n;
  let lastLine = EMPTY;
  let entryCt = 0n;
  let highestTs = 0n;
  const field = new ProtoReader(record, 1);
  while (field.next()) {
    if (field.number === SERIES.tenant) tenant = field.string();
    else if (field.number === SERIES.fingerprint) fingerprint = field.uint64();
    else if (field.number === SERIES.labels) labels.push(readLabel(field.message()));
    else if (field.number === SERIES.chunks) chunks.push(readChunk(field.message()));
    else if (field.number === SERIES.to) to = readTimestamp(field.message());
    else if (field.number === SERIES.lastLine) lastLine = field.bytes();
    else if (field.number === SERIES.entryCt) entryCt = field.int64();
    else if (field.number === SERIES.highestTs) highestTs = readTimestamp(field.message());
    else field.skip();
  }
  return {
    kind: "checkpoint",
    tenant,
    fingerprint,
    labels,
    chunks,
    to,
    lastLine,
    entryCt,
    highestTs,
  };
}

const EMPTY: Uint8Array = utf8("");

function readChunk(field: ProtoReader): CheckpointChunk {
  let from = 0n;
  let to = 0n;
  let flushedAt = GO_ZERO_TIME;
  let lastUpdated = 0n;
  let closed = false;
  let synced = false;
  let data = EMPTY;
  let head = EMPTY;
  while (field.next()) {
    if (field.number === CHUNK.from) from = readTimestamp(field.message());
    else if (field.number === CHUNK.to) to = readTimestamp(field.message());
    else if (field.number === CHUNK.flushedAt) flushedAt = readTimestamp(field.message());
    else if (field.number === CHUNK.lastUpdated) lastUpdated = readTimestamp(field.message());
    else if (field.number === CHUNK.closed) closed = field.bool();
    else if (field.number === CHUNK.synced) synced = field.bool();
    else if (field.number === CHUNK.data) data = field.bytes();
    else if (field.number === CHUNK.head) head = field.bytes();
    else field.skip();
  }
  const flushed = flushedAt === GO_ZERO_TIME ? undefined : flushedAt;
  return { from, to, flushedAt: flushed, lastUpdated, closed, synced, data, head };
}

function readLabel(field: ProtoReader): Label {
  let name = "";
  let value = "";
  while (field.next()) {
    if (field.number === 1) name = field.string();
    else if (field.number === 2) value = field.string();
    else field.skip();
  }
  return [name, value];
}

/** google.protobuf.Timestamp: seconds, which may be negative, and nanoseconds, which may not. */
function timestamp(time: bigint): ProtoWriter {
  const nanos = ((time % SECOND) + SECOND) % SECOND;
  const seconds = (time - nanos) / SECOND;
  const message = new ProtoWriter();
  if (seconds !== 0n) message.int64(1, seconds);
  if (nanos !== 0n) message.int64(2, nanos);
  return message;
}

function readTimestamp(field: ProtoReader): bigint {
  let seconds = 0n;
  let nanos = 0n;
  while (field.next()) {
    if (field.number === 1) seconds = field.int64();
    else if (field.number === 2) nanos = field.int64();
    else field.skip();
  }
  return seconds * SECOND + nanos;
}
