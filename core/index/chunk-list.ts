/**
 * The chunks of one series in an index file. Each is written against the end of the one before it.
 * Version 3 puts markers in front, one for a page of chunks, so that a reader skips pages by time and
 * counts a page without opening it.
 */
import type { ByteCursor } from "../bytes/cursor.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { assert, Corrupt } from "../model/errors.ts";
import type { ChunkColumns } from "./chunk-columns.ts";
import { CHUNK_BYTES_MIN, type IndexVersion, MARKERS_FROM, PAGE_CHUNKS } from "./layout.ts";

/** A chunk is inside when `fromMs <= chunk.throughMs && throughMs > chunk.fromMs`: the end is not part of it. */
export interface Window {
  readonly fromMs: number;
  readonly throughMs: number;
}

export const ALWAYS: Window = { fromMs: -Infinity, throughMs: Infinity };

export interface ChunkTotals {
  chunks: number;
  /** KiB. */
  kb: number;
  entries: number;
}

interface Marker {
  readonly chunks: number;
  readonly kb: number;
  readonly entries: number;
  /** Bytes from the first chunk of the series to the first of the page. */
  readonly offset: number;
  readonly fromMs: number;
  readonly throughMs: number;
}

/** The chunks inside the window, in the order of the file, which is that of their start. */
export function readChunks(cursor: ByteCursor, version: IndexVersion, window: Window): ChunkRef[] {
  const list: ChunkRef[] = [];
  let left = readCount(cursor);
  let page: Marker | undefined;
  if (version === 3) {
    if (left >= MARKERS_FROM && window !== ALWAYS) {
      const markers = readMarkers(cursor, left);
      page = markers.find((marker) => overlaps(marker, window));
      if (page === undefined) return list;
      for (const before of markers) {
        if (before === page) break;
        left -= before.chunks;
      }
      cursor.skip(page.offset);
    } else {
      skipMarkers(cursor, left);
    }
  }
  let lastMs = 0;
  for (; left > 0; left--) {
    const delta = readVarint(cursor);
    // What the first chunk of a page is written against was not read.
    const fromMs = page === undefined ? lastMs + delta : page.fromMs;
    page = undefined;
    const throughMs = fromMs + cursor.uvarint();
    const kb = cursor.uvarint();
    const entries = cursor.uvarint();
    const checksum = cursor.u32();
    if (fromMs >= window.throughMs) return list;
    if (throughMs >= window.fromMs) list.push({ fromMs, throughMs, checksum, kb, entries });
    lastMs = throughMs;
  }
  if (cursor.left > 0) throw new Corrupt(`${cursor.left} bytes after the chunks of a series`);
  return list;
}

/**
 * Adds up the chunks inside the window. One that is partly inside counts with the share of its time
 * that is, rounded down; pages wholly inside are counted by their markers.
 */
export function sumChunks(cursor: ByteCursor, version: IndexVersion, window: Window): ChunkTotals {
  const totals = { chunks: 0, kb: 0, entries: 0 };
  if (version !== 3) {
    for (const chunk of readChunks(cursor, version, window)) addShare(totals, chunk, window);
    return totals;
  }
  const markers = readMarkers(cursor, readCount(cursor));
  const first = cursor.at;
  for (const page of markers) {
    if (page.fromMs >= window.fromMs && page.throughMs <= window.throughMs) {
      totals.chunks += page.chunks;
      totals.kb += page.kb;
      totals.entries += page.entries;
    } else if (overlaps(page, window)) {
      cursor.at = first;
      cursor.skip(page.offset);
      sumPage(cursor, page, window, totals);
    }
  }
  return totals;
}

/** Writes chunk lists, one after the other in the same memory: what is measured must be written aside first. */
export class ChunkListWriter {
  readonly #version: 2 | 3;
  readonly #list = new ByteWriter();
  readonly #markers = new ByteWriter();

  constructor(version: 2 | 3) {
    this.#version = version;
  }

  /** Takes the chunks in the order of their start. */
  write(out: ByteWriter, chunks: ChunkColumns): void {
    const { count } = chunks;
    out.uvarint(count);
    if (this.#version === 2) {
      writeList(out, chunks);
      return;
    }
    this.#list.reset();
    this.#markers.reset();
    const pages = Math.ceil(count / PAGE_CHUNKS);
    this.#markers.uvarint(pages);
    for (let first = 0; first < count; first += PAGE_CHUNKS) {
      const end = Math.min(first + PAGE_CHUNKS, count);
      writeMarker(this.#markers, chunks, { first, end, offset: this.#list.size });
      writeList(this.#list, chunks, first, end);
    }
    // Without chunks the count of markers is there but is not part of their length.
    out.u32(pages === 0 ? 0 : this.#markers.size);
    out.raw(this.#markers.view());
    out.raw(this.#list.view());
  }
}

/** Adds chunks as version 2 has them, after their count. */
export function readList(cursor: ByteCursor, count: number, chunks: ChunkColumns): void {
  let lastMs = 0;
  for (let left = checkedCount(cursor, count); left > 0; left--) {
    const fromMs = lastMs + readVarint(cursor);
    const throughMs = fromMs + cursor.uvarint();
    const kb = cursor.uvarint();
    const entries = cursor.uvarint();
    chunks.add(fromMs, throughMs, cursor.u32(), kb, entries);
    lastMs = throughMs;
  }
}

/** Writes chunks as version 2 has them, after their count: all, or a part of them after those before it. */
export function writeList(
  out: ByteWriter,
  chunks: ChunkColumns,
  first = 0,
  end = chunks.count,
): void {
  const { fromMs, throughMs, kb, entries, checksum } = chunks;
  let lastMs = first === 0 ? 0 : throughMs[first - 1]!;
  for (let index = first; index < end; index++) {
    writeVarint(out, fromMs[index]! - lastMs);
    lastMs = throughMs[index]!;
    out.uvarint(lastMs - fromMs[index]!);
    out.uvarint(kb[index]!);
    out.uvarint(entries[index]!);
    out.u32(checksum[index]!);
  }
}

export function overlaps(chunk: Window, window: Window): boolean {
  return window.fromMs <= chunk.throughMs && window.throughMs > chunk.fromMs;
}

function sumPage(cursor: ByteCursor, page: Marker, window: Window, totals: ChunkTotals): void {
  let lastMs = 0;
  for (let index = 0; index < page.chunks; index++) {
    const delta = readVarint(cursor);
    const fromMs = index === 0 ? page.fromMs : lastMs + delta;
    const throughMs = fromMs + cursor.uvarint();
    const chunk = { fromMs, throughMs, kb: cursor.uvarint(), entries: cursor.uvarint() };
    cursor.skip(4);
    lastMs = throughMs;
    if (overlaps(chunk, window)) addShare(totals, chunk, window);
  }
}

function addShare(
  totals: ChunkTotals,
  chunk: Pick<ChunkRef, "fromMs" | "throughMs" | "kb" | "entries">,
  window: Window,
): void {
  const spanMs = chunk.throughMs - chunk.fromMs;
  const leadingMs = Math.max(0, window.fromMs - chunk.fromMs);
  const trailingMs = Math.max(0, chunk.throughMs - window.throughMs);
  const share = spanMs === 0 ? 1 : (spanMs - leadingMs - trailingMs) / spanMs;
  totals.chunks++;
  totals.kb += Math.floor(chunk.kb * share);
  totals.entries += Math.floor(chunk.entries * share);
}

function readCount(cursor: ByteCursor): number {
  return checkedCount(cursor, cursor.uvarint());
}

function checkedCount(cursor: ByteCursor, count: number): number {
  if (count * CHUNK_BYTES_MIN > cursor.left) {
    throw new Corrupt(`${count} chunks claimed in ${cursor.left} bytes`);
  }
  return count;
}

function skipMarkers(cursor: ByteCursor, chunks: number): void {
  cursor.skip(cursor.u32());
  if (chunks === 0) cursor.skip(1);
}

function readMarkers(cursor: ByteCursor, chunks: number): Marker[] {
  const size = cursor.u32();
  const end = cursor.at + (chunks === 0 ? 1 : size);
  const markers: Marker[] = [];
  let left = chunks;
  for (let pages = cursor.uvarint(); pages > 0; pages--) {
    const inPage = cursor.uvarint();
    const kb = cursor.u32();
    const entries = cursor.u32();
    const offset = cursor.uvarint();
    const fromMs = readVarint(cursor);
    const throughMs = fromMs + readVarint(cursor);
    markers.push({ chunks: inPage, kb, entries, offset, fromMs, throughMs });
    left -= inPage;
  }
  if (cursor.at !== end || left !== 0) {
    throw new Corrupt(`markers for ${chunks - left} of ${chunks} chunks end at ${cursor.at}`);
  }
  return markers;
}

function writeMarker(
  out: ByteWriter,
  chunks: ChunkColumns,
  page: { first: number; end: number; offset: number },
): void {
  let [fromMs, throughMs, kb, entries] = [Infinity, 0, 0, 0];
  for (let index = page.first; index < page.end; index++) {
    fromMs = Math.min(fromMs, chunks.fromMs[index]!);
    throughMs = Math.max(throughMs, chunks.throughMs[index]!);
    kb += chunks.kb[index]!;
    entries += chunks.entries[index]!;
  }
  out.uvarint(page.end - page.first);
  out.u32(kb);
  out.u32(entries);
  out.uvarint(page.offset);
  writeVarint(out, fromMs);
  writeVarint(out, throughMs - fromMs);
}

/** Zigzag LEB128 of a whole number below 2^52: milliseconds and their differences, without a BigInt. */
function readVarint(cursor: ByteCursor): number {
  const raw = cursor.uvarint();
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

function writeVarint(out: ByteWriter, value: number): void {
  assert(Number.isSafeInteger(2 * value), `a time or difference of ${value} ms`);
  out.uvarint(value < 0 ? -2 * value - 1 : 2 * value);
}
