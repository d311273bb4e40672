/**
 * Reads stored chunks: first the table of blocks, then any block by itself.
 * The bytes are drawn in FORMAT.md beside this file.
 */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import type { Block } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import { type Codecs, ENCODINGS, type Encoding } from "../ports/codecs.ts";
import {
  BLOCK_BYTES_GRANTED,
  BLOCK_BYTES_MAX,
  CHECKSUM_SIZE,
  FOOTER_SECTION_SIZE,
  HEADER_SIZE,
  HEADER_SIZE_1,
  MAGIC,
  NEWEST_FORMAT,
  OFFSET_SIZE,
  OLDEST_FORMAT,
  SYMBOL_BYTES_MAX,
} from "./layout.ts";
import { splitRows } from "./rows.ts";
import { decodeSymbols } from "./symbols.ts";

/** What is known of a block before opening it. */
export interface BlockMeta {
  /** The most rows that it has; see FORMAT.md. */
  readonly rows: number;
  /** First and last entry, Unix nanoseconds, both inclusive. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
  /** Where its compressed bytes lie in the chunk, checksum excluded. */
  readonly offset: number;
  readonly size: number;
  /** Bytes of lines, and eight a pair of metadata; 0 in formats 1 and 2. */
  readonly uncompressedSize: number;
}

export interface ChunkTable {
  readonly format: number;
  readonly encoding: Encoding;
  readonly blocks: readonly BlockMeta[];
  /** Where the symbols lie; formats 1 to 3 have none. */
  readonly symbols?: { readonly offset: number; readonly size: number };
}

/** Reads the header and the table of blocks. A query drops blocks by time before it opens any. */
export function readTable(chunk: Uint8Array): ChunkTable {
  const header = new ByteCursor(chunk);
  const magic = header.u32();
  if (magic !== MAGIC) throw new Corrupt(`chunk magic is ${magic.toString(16)}`);
  const format = header.u8();
  if (format < OLDEST_FORMAT || format > NEWEST_FORMAT) {
    throw new Corrupt(`chunk format is ${format}`);
  }
  const encoding = format === 1 ? ENCODINGS.gzip : knownEncoding(header.u8());

  const { metas, symbols } = readFooter(chunk, format);
  const cursor = new ByteCursor(checked(chunk, metas, "metas"));
  const count = cursor.uvarint();
  // A meta takes five bytes at least.
  if (count > cursor.left / 5) throw new Corrupt(`chunk claims ${count} blocks`);
  const blocks = Array.from({ length: count }, () => readMeta(cursor, format));
  if (cursor.left > 0) throw new Corrupt(`${cursor.left} bytes after the last of ${count} metas`);
  return { format, encoding, blocks, ...(symbols && { symbols }) };
}

/**
 * The strings that structured metadata of a chunk is made of; none in formats 1 to 3. `plain` says
 * that the chunk lay in a checkpoint, where they are not compressed.
 */
export function readSymbols(
  chunk: Uint8Array,
  table: ChunkTable,
  codecs: Codecs,
  options: { plain?: boolean } = {},
): readonly string[] | Promise<readonly string[]> {
  if (table.symbols === undefined) return [];
  const cursor = new ByteCursor(checked(chunk, table.symbols, "symbols"));
  const count = cursor.uvarint();
  const packed = cursor.take(cursor.left);
  const encoding = options.plain ? ENCODINGS.none : table.encoding;
  const text = codecs.decompress(encoding, packed, { sizeMax: SYMBOL_BYTES_MAX });
  return text instanceof Promise
    ? text.then((bytes) => decodeSymbols(bytes, count))
    : decodeSymbols(text, count);
}

/** Decompresses one block and splits it into columns. Damage is of this block alone: the others can be read. */
export function readBlock(
  chunk: Uint8Array,
  table: ChunkTable,
  meta: BlockMeta,
  symbols: readonly string[],
  codecs: Codecs,
): Block | Promise<Block> {
  const { format, encoding } = table;
  const packed = blockBytes(chunk, table, meta);
  const block = decodeBlock(packed, meta, { format, encoding, symbols, codecs });
  return block instanceof Promise ? block.then((rows) => timely(rows, meta)) : timely(block, meta);
}

/**
 * The block, if its rows lie in the time that its meta says. No checksum covers the header of a chunk:
 * sound bytes that are read in the wrong encoding may come out as rows by chance, but not in time.
 */
function timely(block: Block, { offset, minTime, maxTime }: BlockMeta): Block {
  const { rows, times } = block;
  if (rows === 0 || (times[0]! >= minTime && times[rows - 1]! <= maxTime)) return block;
  throw new Corrupt(
    `block at ${offset} has times ${times[0]} to ${times[rows - 1]}, its meta ${minTime} to ${maxTime}`,
  );
}

/** The same of compressed bytes that need no check. */
export function decodeBlock(
  packed: Uint8Array,
  meta: Pick<BlockMeta, "rows" | "uncompressedSize">,
  options: { format: number; encoding: Encoding; symbols: readonly string[]; codecs: Codecs },
): Block | Promise<Block> {
  const { format, encoding, symbols, codecs } = options;
  const text = codecs.decompress(encoding, packed, {
    sizeMax: decodedSizeMax(meta),
    sizeHint: meta.uncompressedSize + ROW_OVERHEAD * meta.rows,
  });
  const rows = {
    rowsMax: meta.rows,
    tail: format >= 4 ? "sized-pairs" : "none",
    symbols,
  } as const;
  return text instanceof Promise
    ? text.then((bytes) => splitRows(bytes, rows))
    : splitRows(text, rows);
}

/** The compressed bytes of a block, checked. A view of the chunk. */
export function blockBytes(chunk: Uint8Array, table: ChunkTable, meta: BlockMeta): Uint8Array {
  const bytes = sound(chunk, meta.offset, meta.size);
  if (bytes !== undefined) return bytes;
  const before = table.blocks[table.blocks.indexOf(meta) - 1];
  const start = before ? before.offset + before.size + CHECKSUM_SIZE : firstOffset(table);
  const moved = start === meta.offset ? undefined : sound(chunk, start, meta.size);
  if (moved !== undefined) return moved;
  throw new Corrupt(`block of ${meta.size} bytes at ${meta.offset} is damaged`);
}

/** Bytes that a row usually takes beside its line: nine of time, two of length and a little. */
const ROW_OVERHEAD = 12;

/** What a block may hold when decoded: what its meta says, with the widest times, lengths and indexes around it. */
function decodedSizeMax({
  rows,
  uncompressedSize,
}: Pick<BlockMeta, "rows" | "uncompressedSize">): number {
  const claimed = 25 * rows + 3 * uncompressedSize;
  return Math.min(Math.max(claimed, BLOCK_BYTES_GRANTED), BLOCK_BYTES_MAX);
}

function firstOffset({ format, symbols }: ChunkTable): number {
  if (symbols !== undefined) return symbols.offset + symbols.size + CHECKSUM_SIZE;
  return format === 1 ? HEADER_SIZE_1 : HEADER_SIZE;
}

interface Section {
  readonly offset: number;
  readonly size: number;
}

/**
 * Finds metas and symbols. Metas end where the footer begins, which format 4 lets us check: without
 * that, a chunk short of its last 16 bytes would read as a sound chunk of no blocks.
 */
function readFooter(chunk: Uint8Array, format: number): { metas: Section; symbols?: Section } {
  const footerSize = format >= 4 ? 2 * FOOTER_SECTION_SIZE : OFFSET_SIZE;
  const end = chunk.length - footerSize - CHECKSUM_SIZE;
  if (end < 0) throw new Corrupt(`chunk of ${chunk.length} bytes has no footer`);
  const footer = new ByteCursor(chunk, chunk.length - footerSize);
  if (format < 4) {
    const offset = footer.size64();
    return { metas: { offset, size: end - offset } };
  }
  const symbols = readSection(footer);
  const metas = readSection(footer);
  if (metas.offset + metas.size !== end) {
    throw new Corrupt(`chunk metas end at ${metas.offset + metas.size}, not ${end}`);
  }
  return { metas, symbols };
}

function readSection(footer: ByteCursor): Section {
  const size = footer.size64();
  return { size, offset: footer.size64() };
}

function readMeta(cursor: ByteCursor, format: number): BlockMeta {
  const rows = cursor.uvarint();
  const minTime = cursor.varint64();
  const maxTime = cursor.varint64();
  const offset = cursor.uvarint();
  const uncompressedSize = format >= 3 ? cursor.uvarint() : 0;
  return { rows, minTime, maxTime, offset, uncompressedSize, size: cursor.uvarint() };
}

function knownEncoding(byte: number): Encoding {
  const encoding = Object.values(ENCODINGS).find((known) => known === byte);
  if (encoding === undefined) throw new Corrupt(`chunk encoding is ${byte}`);
  return encoding;
}

/** A section whose stored checksum agrees, or Corrupt. */
function checked(chunk: Uint8Array, { offset, size }: Section, name: string): Uint8Array {
  const bytes = sound(chunk, offset, size);
  if (bytes === undefined) throw new Corrupt(`chunk ${name} at ${offset} are damaged`);
  return bytes;
}

/** The bytes, if they lie within the chunk and agree with the checksum behind them. */
function sound(chunk: Uint8Array, offset: number, size: number): Uint8Array | undefined {
  const end = offset + size;
  if (offset < 0 || size < 0 || end + CHECKSUM_SIZE > chunk.length) return undefined;
  const stored = new ByteCursor(chunk, end).u32();
  return crc32c(chunk, offset, end) === stored ? chunk.subarray(offset, end) : undefined;
}
