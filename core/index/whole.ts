/**
 * Accounts for every byte of an index file: sections follow one another without a gap, what lies
 * between lists is zeros, and each checksum agrees, those of the parts that no question reads among
 * them. For those who check buckets: a reader proves only what it uses.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { Corrupt } from "../model/errors.ts";
import { CHECKSUM_BYTES, HEADER_BYTES, LIST_ALIGN, SERIES_ALIGN, TOC_BYTES } from "./layout.ts";
import { checkSum, readSection } from "./section.ts";
import { readToc } from "./toc.ts";

/** Throws Corrupt. Takes a file that IndexReader opens. */
export function proveLayout(bytes: Uint8Array): void {
  // Files of version 1 have no writer any more, and were not laid out by these rules.
  if (bytes[HEADER_BYTES - 1] === 1) return;
  const { toc } = readToc(bytes);
  const section = (at: number, what: string) => readSection(bytes, at, what).end + CHECKSUM_BYTES;
  const meet = (end: number, next: number, what: string) => {
    if (end !== next) throw new Corrupt(`${what} ends at ${end}, what follows begins at ${next}`);
  };
  meet(HEADER_BYTES, toc.symbols, "header");
  meet(section(toc.symbols, "symbol table"), toc.series, "symbol table");
  proveList(bytes, { from: toc.series, end: toc.labelIndices, align: SERIES_ALIGN }, (at) => {
    const head = new ByteCursor(bytes, at);
    const size = head.uvarint();
    if (head.at + size + CHECKSUM_BYTES > toc.labelIndices) {
      throw new Corrupt(`series at ${at} claims ${size} bytes, series end at ${toc.labelIndices}`);
    }
    checkSum(bytes, head.at, head.at + size, "series");
    return head.at + size + CHECKSUM_BYTES;
  });
  proveList(bytes, { from: toc.labelIndices, end: toc.postings, align: LIST_ALIGN }, (at) =>
    section(at, "label index"),
  );
  proveList(bytes, { from: toc.postings, end: toc.labelIndicesTable, align: LIST_ALIGN }, (at) =>
    section(at, "postings list"),
  );
  meet(section(toc.labelIndicesTable, "label index table"), toc.postingsTable, "label index table");
  meet(section(toc.postingsTable, "postings table"), toc.fingerprintOffsets, "postings table");
  const end = section(toc.fingerprintOffsets, "fingerprint table");
  meet(end, bytes.length - TOC_BYTES, "fingerprint table");
}

/** Items that begin at multiples of `align`; `prove` gives where one ends. */
function proveList(
  bytes: Uint8Array,
  { from, end, align }: { from: number; end: number; align: number },
  prove: (at: number) => number,
): void {
  let at = from;
  while (at < end) {
    const start = Math.min(end, align * Math.ceil(at / align));
    for (; at < start; at++) {
      if (bytes[at] !== 0) throw new Corrupt(`byte ${at} between lists is ${bytes[at]}, not 0`);
    }
    if (at === end) return;
    at = prove(at);
    if (at > end) throw new Corrupt(`a list ends at ${at}, after the lists at ${end}`);
  }
}
