/** Cuts records into fragments that never cross a page: what a segment is made of. */
import { crc32c } from "../bytes/crc32c.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { FRAGMENT, FRAGMENT_DATA_MAX, FRAGMENT_HEADER_SIZE, PAGE_SIZE } from "./layout.ts";

/**
 * Appends a record to `out` as the fragments that stand at `offset` of a segment, and gives the
 * offset after them. The record is copied once.
 */
export function frameRecord(out: ByteWriter, offset: number, record: Uint8Array): number {
  const size = record.length;
  let start = 0;
  let begun = false;
  do {
    // A page with just a header left takes a fragment without data, as Prometheus writes it.
    const free = PAGE_SIZE - (offset % PAGE_SIZE) - FRAGMENT_HEADER_SIZE;
    const end = Math.min(start + free, size);
    out.u8(fragmentType(begun, end === size));
    out.u16(end - start);
    out.u32(crc32c(record, start, end));
    out.slice(record, start, end);
    offset += FRAGMENT_HEADER_SIZE + end - start;
    start = end;
    begun = true;
    const rest = PAGE_SIZE - (offset % PAGE_SIZE);
    if (rest < FRAGMENT_HEADER_SIZE) offset = padPage(out, offset);
  } while (start < size);
  return offset;
}

/** Fills the page that `offset` stands in with zeros, and gives the offset of the next one. */
export function padPage(out: ByteWriter, offset: number): number {
  const rest = (PAGE_SIZE - (offset % PAGE_SIZE)) % PAGE_SIZE;
  out.zeros(rest);
  return offset + rest;
}

/** No record of `size` bytes takes more of a segment than this, wherever in a page it starts. */
export function framedSizeMax(size: number): number {
  const fragments = Math.ceil(size / FRAGMENT_DATA_MAX) + 1;
  return size + (fragments + 1) * FRAGMENT_HEADER_SIZE;
}

function fragmentType(begun: boolean, complete: boolean): number {
  if (begun) return complete ? FRAGMENT.last : FRAGMENT.middle;
  return complete ? FRAGMENT.full : FRAGMENT.first;
}
