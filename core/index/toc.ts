/** The table of contents, the last 76 bytes of an index file. Its checksum is the identity of the file. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { Corrupt } from "../model/errors.ts";
import { CHECKSUM_BYTES, HEADER_BYTES, TOC_BYTES } from "./layout.ts";
import { checkSum } from "./section.ts";

export interface Toc {
  readonly symbols: number;
  readonly series: number;
  readonly labelIndices: number;
  readonly labelIndicesTable: number;
  readonly postings: number;
  readonly postingsTable: number;
  readonly fingerprintOffsets: number;
  /** First and last moment of any chunk, Unix milliseconds, both inclusive; 0 when there is none. */
  readonly fromMs: number;
  readonly throughMs: number;
}

export function readToc(bytes: Uint8Array): { toc: Toc; checksum: number } {
  const end = bytes.length - CHECKSUM_BYTES;
  const start = bytes.length - TOC_BYTES;
  if (start < HEADER_BYTES) throw new Corrupt(`index file has ${bytes.length} bytes`);
  checkSum(bytes, start, end, "table of contents");
  const cursor = new ByteCursor(bytes, start);
  const offset = (): number => {
    const value = cursor.size64();
    if (value < HEADER_BYTES || value > start) {
      throw new Corrupt(`a section at ${value}, contents are in ${HEADER_BYTES} to ${start}`);
    }
    return value;
  };
  const toc = {
    symbols: offset(),
    series: offset(),
    labelIndices: offset(),
    labelIndicesTable: offset(),
    postings: offset(),
    postingsTable: offset(),
    fingerprintOffsets: offset(),
    fromMs: Number(cursor.i64()),
    throughMs: Number(cursor.i64()),
  };
  return { toc, checksum: cursor.u32() };
}

export function writeToc(out: ByteWriter, toc: Toc): void {
  const start = out.size;
  out.size64(toc.symbols);
  out.size64(toc.series);
  out.size64(toc.labelIndices);
  out.size64(toc.labelIndicesTable);
  out.size64(toc.postings);
  out.size64(toc.postingsTable);
  out.size64(toc.fingerprintOffsets);
  out.u64(BigInt(toc.fromMs));
  out.u64(BigInt(toc.throughMs));
  out.u32(crc32c(out.view(start)));
}
