/**
 * The series of an index file in the order of the file, for whoever wants all of them: nothing is made
 * of a series but numbers. Series and symbols are proven; what else is in the file is made anew by a
 * merge and not looked at, but for the count of series.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import {
  CHECKSUM_BYTES,
  HEADER_BYTES,
  type IndexVersion,
  LIST_ALIGN,
  MAGIC,
  SERIES_ALIGN,
} from "../index/layout.ts";
import { checkSum, readSection } from "../index/section.ts";
import { readToc, type Toc } from "../index/toc.ts";
import { Corrupt } from "../model/errors.ts";

/** A series as it lies in the file; the same object for each, good until the next. */
export interface RawSeries {
  fingerprintHigh: number;
  fingerprintLow: number;
  /** References of symbols: name, value, name, value. */
  refs: Uint32Array;
  pairs: number;
  /** The chunks as index version 2 has them, after their count: `bytes[chunksAt, end)`. */
  count: number;
  chunksAt: number;
  end: number;
  readonly bytes: Uint8Array;
}

export interface WalkedFile {
  readonly version: IndexVersion;
  /** The payload of the symbol table. */
  readonly symbols: ByteCursor;
  each(visit: (series: RawSeries) => void): void;
}

/** Takes a whole, decompressed file. Throws Corrupt, also out of `each`. */
export function walkFile(bytes: Uint8Array): WalkedFile {
  const version = versionOf(bytes);
  const { toc } = readToc(bytes);
  const symbols = readSection(bytes, toc.symbols, "symbol table");
  // The first list is that of all series.
  const all = readSection(bytes, aligned(toc.postings, LIST_ALIGN), "postings list").u32();
  return {
    version,
    symbols,
    each(visit) {
      const count = eachSeries(bytes, toc, version, visit);
      if (count !== all) throw new Corrupt(`${count} series, ${all} in the postings`);
    },
  };
}

function eachSeries(
  bytes: Uint8Array,
  toc: Toc,
  version: IndexVersion,
  visit: (series: RawSeries) => void,
): number {
  const end = toc.labelIndices;
  // One cursor for all: another for each series would take a quarter of the time.
  const cursor = new ByteCursor(bytes, 0, end);
  const raw: RawSeries = {
    ...{ fingerprintHigh: 0, fingerprintLow: 0, refs: new Uint32Array(64), pairs: 0 },
    ...{ count: 0, chunksAt: 0, end: 0, bytes },
  };
  let count = 0;
  for (let at = aligned(toc.series); at < end; at = aligned(raw.end + CHECKSUM_BYTES)) {
    cursor.at = at;
    const size = cursor.uvarint();
    const start = cursor.at;
    raw.end = start + size;
    if (raw.end + CHECKSUM_BYTES > end) {
      throw new Corrupt(`series at ${at} claims ${size} bytes, series end at ${end}`);
    }
    checkSum(bytes, start, raw.end, "series");
    readHead(cursor, raw);
    if (version === 3) skipMarkers(cursor, raw.count);
    raw.chunksAt = cursor.at;
    if (cursor.at > raw.end) throw new Corrupt(`series at ${at} is longer than ${size} bytes`);
    visit(raw);
    count++;
  }
  return count;
}

function readHead(cursor: ByteCursor, raw: RawSeries): void {
  raw.fingerprintHigh = cursor.u32();
  raw.fingerprintLow = cursor.u32();
  const pairs = cursor.uvarint();
  if (2 * pairs > cursor.left) throw new Corrupt(`${pairs} labels claimed in ${cursor.left} bytes`);
  if (2 * pairs > raw.refs.length) raw.refs = new Uint32Array(4 * pairs);
  for (let index = 0; index < 2 * pairs; index++) {
    const symbol = cursor.uvarint();
    if (symbol > 0xffffffff) throw new Corrupt(`symbol ${symbol} of a series`);
    raw.refs[index] = symbol;
  }
  raw.pairs = pairs;
  raw.count = cursor.uvarint();
}

/** Without chunks the count of markers is there but is not part of their length. */
function skipMarkers(cursor: ByteCursor, chunks: number): void {
  cursor.skip(cursor.u32());
  if (chunks === 0) cursor.skip(1);
}

function aligned(at: number, align: number = SERIES_ALIGN): number {
  return Math.ceil(at / align) * align;
}

function versionOf(bytes: Uint8Array): IndexVersion {
  if (bytes.length < HEADER_BYTES) throw new Corrupt(`index file has ${bytes.length} bytes`);
  const cursor = new ByteCursor(bytes);
  const magic = cursor.u32();
  if (magic !== MAGIC) throw new Corrupt(`index magic is ${magic.toString(16)}`);
  const version = cursor.u8();
  if (version === 1 || version === 2 || version === 3) return version;
  throw new Corrupt(`index version is ${version}`);
}
