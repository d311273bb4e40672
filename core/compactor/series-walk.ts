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
  MAGIC,
  SERIES_ALIGN,
} from "../index/layout.ts";
import { Postings } from "../index/postings.ts";
import { checkSum, readSection } from "../index/section.ts";
import { SymbolTable } from "../index/symbols.ts";
import { readToc } from "../index/toc.ts";
import { Corrupt } from "../model/errors.ts";

/** A series as it lies in the file; the same object for each, good until the next. */
export interface RawSeries {
  fingerprintHigh: number;
  fingerprintLow: number;
  /** References of symbols: name, value, name, value. */
  refs: Uint32Array;
  pairs: number;
  /** Stands at the count of chunks, and ends with the series. */
  chunks: ByteCursor;
}

export interface WalkedFile {
  readonly version: IndexVersion;
  readonly symbols: SymbolTable;
  each(visit: (series: RawSeries) => void): void;
}

/** Takes a whole, decompressed file. Throws Corrupt, also out of `each`. */
export function walkFile(bytes: Uint8Array): WalkedFile {
  const version = versionOf(bytes);
  const { toc } = readToc(bytes);
  const symbols = new SymbolTable(readSection(bytes, toc.symbols, "symbol table"), version);
  const postings = new Postings(bytes, readSection(bytes, toc.postingsTable, "postings table"));
  const wanted = postings.all().length;
  return {
    version,
    symbols,
    each(visit) {
      const count = eachSeries(bytes, toc, visit);
      if (count !== wanted) throw new Corrupt(`${count} series, ${wanted} in the postings`);
    },
  };
}

function eachSeries(
  bytes: Uint8Array,
  toc: { readonly series: number; readonly labelIndices: number },
  visit: (series: RawSeries) => void,
): number {
  const { series: first, labelIndices: end } = toc;
  const head = new ByteCursor(bytes, first, end);
  const raw: RawSeries = {
    ...{ fingerprintHigh: 0, fingerprintLow: 0, refs: new Uint32Array(64), pairs: 0, chunks: head },
  };
  let count = 0;
  for (let at = aligned(first); at < end; at = aligned(head.at)) {
    head.at = at;
    const size = head.uvarint();
    const start = head.at;
    if (start + size + CHECKSUM_BYTES > end) {
      throw new Corrupt(`series at ${at} claims ${size} bytes, series end at ${end}`);
    }
    checkSum(bytes, start, start + size, "series");
    readHead(new ByteCursor(bytes, start, start + size), raw);
    visit(raw);
    head.at = start + size + CHECKSUM_BYTES;
    count++;
  }
  return count;
}

function readHead(body: ByteCursor, raw: RawSeries): void {
  raw.fingerprintHigh = body.u32();
  raw.fingerprintLow = body.u32();
  const pairs = body.uvarint();
  if (2 * pairs > body.left) throw new Corrupt(`${pairs} labels claimed in ${body.left} bytes`);
  if (2 * pairs > raw.refs.length) raw.refs = new Uint32Array(4 * pairs);
  for (let index = 0; index < 2 * pairs; index++) {
    const symbol = body.uvarint();
    if (symbol > 0xffffffff) throw new Corrupt(`symbol ${symbol} of a series`);
    raw.refs[index] = symbol;
  }
  raw.pairs = pairs;
  raw.chunks = body;
}

function aligned(at: number): number {
  return Math.ceil(at / SERIES_ALIGN) * SERIES_ALIGN;
}

function versionOf(bytes: Uint8Array): IndexVersion {
  const cursor = new ByteCursor(bytes);
  if (bytes.length < HEADER_BYTES) throw new Corrupt(`index file has ${bytes.length} bytes`);
  const magic = cursor.u32();
  if (magic !== MAGIC) throw new Corrupt(`index magic is ${magic.toString(16)}`);
  const version = cursor.u8();
  if (version === 1 || version === 2 || version === 3) return version;
  throw new Corrupt(`index version is ${version}`);
}
