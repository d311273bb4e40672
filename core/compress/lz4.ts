/**
 * LZ4 frames (public format, lz4_Frame_format.md).
 *
 *   magic u32 le | FLG u8 | BD u8 | (content size u64) | (dictionary id u32) | header checksum u8
 *   blocks: size u32 le, upper bit: stored as it is | data | (checksum u32)
 *   end mark 0 u32 | (content checksum u32)
 *
 * We write what Loki writes: independent blocks, no checksum but the header's, no sizes. We read any
 * legal frame without a dictionary, several in a row, and skippable ones.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { Corrupt, TooLarge } from "../model/errors.ts";
import { lz4BlockSize, lz4DecodeBlock, lz4EncodeBlock, lz4SizeMax } from "./lz4-block.ts";
import { xxhash32 } from "./xxhash32.ts";

const MAGIC = 0x184d2204;
/** The upper 28 bits of the sixteen magics of frames to skip. */
const SKIPPABLE = 0x184d2a5;
const STORED = 0x80000000;
/** Version 01, independent blocks, nothing else. */
const FLAGS_WRITTEN = 0x60;

/** Bits of FLG. */
const INDEPENDENT = 0x20;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const RESERVED = 0x02;
const DICTIONARY = 0x01;

/** The largest block by its number in BD: 64 KiB, 256 KiB, 1 MiB, 4 MiB. */
export type Lz4BlockId = 4 | 5 | 6 | 7;

/** One frame of the bytes. */
export function lz4Frame(bytes: Uint8Array, blockId: Lz4BlockId): Uint8Array {
  const blockSize = blockSizeOf(blockId);
  const out = new ByteWriter(Math.ceil(bytes.length / 2) + 32);
  const descriptor = Uint8Array.of(FLAGS_WRITTEN, blockId << 4);
  out.u32le(MAGIC);
  out.raw(descriptor);
  out.u8(headerChecksum(descriptor, 0, 2));
  const packed = new Uint8Array(lz4SizeMax(Math.min(blockSize, bytes.length)));
  for (let start = 0; start < bytes.length; start += blockSize) {
    const end = Math.min(start + blockSize, bytes.length);
    const size = lz4EncodeBlock(bytes, start, end, packed, 0);
    const stored = size >= end - start;
    out.u32le(stored ? STORED + (end - start) : size);
    out.raw(stored ? bytes.subarray(start, end) : packed.subarray(0, size));
  }
  out.u32le(0);
  return out.take();
}

/** The text of the frames. Corrupt on damage, or before any memory is taken when it passes `sizeMax`. */
export function lz4Unframe(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const frames = readFrames(bytes, sizeMax);
  const out = new Uint8Array(frames.reduce((sum, frame) => sum + frame.size, 0));
  let at = 0;
  for (const frame of frames) {
    const base = at;
    for (const { start, end, stored } of frame.blocks) {
      if (stored) {
        out.set(bytes.subarray(start, end), at);
        at += end - start;
      } else {
        at = lz4DecodeBlock(bytes, start, end, out, at, frame.independent ? at : base);
      }
    }
    if (frame.checksum !== undefined) checkSum(out, base, at, frame.checksum);
  }
  return out;
}

interface Frame {
  readonly blocks: readonly Block[];
  /** Bytes of its text. */
  readonly size: number;
  readonly independent: boolean;
  readonly checksum: number | undefined;
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly stored: boolean;
}

/** Walks all headers, so that the whole size is known before anything is decoded. */
function readFrames(bytes: Uint8Array, sizeMax: number): Frame[] {
  const frames: Frame[] = [];
  const cursor = new ByteCursor(bytes);
  let total = 0;
  while (cursor.left > 0) {
    const magic = cursor.u32le();
    if (magic >>> 4 === SKIPPABLE) {
      cursor.skip(cursor.u32le());
      continue;
    }
    if (magic !== MAGIC) throw new Corrupt(`lz4 frame magic is ${magic.toString(16)}`);
    const frame = readFrame(cursor, sizeMax - total);
    total += frame.size;
    frames.push(frame);
  }
  return frames;
}

function readFrame(cursor: ByteCursor, sizeMax: number): Frame {
  const { flags, blockSize, declared } = readDescriptor(cursor);
  const blocks: Block[] = [];
  let size = 0;
  for (let word = cursor.u32le(); word !== 0; word = cursor.u32le()) {
    const stored = word >= STORED;
    const start = cursor.at;
    cursor.skip(stored ? word - STORED : word);
    const end = cursor.at;
    const text = stored ? end - start : lz4BlockSize(cursor.bytes, start, end);
    if (text > blockSize) throw new Corrupt(`lz4 block holds ${text} bytes, limit ${blockSize}`);
    size += text;
    if (size > sizeMax) throw new TooLarge(`lz4 frame holds over ${sizeMax} bytes`);
    if (flags & BLOCK_CHECKSUM) checkSum(cursor.bytes, start, end, cursor.u32le());
    blocks.push({ start, end, stored });
  }
  if (declared !== undefined && declared !== size) {
    throw new Corrupt(`lz4 frame holds ${size} bytes, not ${declared}`);
  }
  const checksum = flags & CONTENT_CHECKSUM ? cursor.u32le() : undefined;
  return { blocks, size, independent: (flags & INDEPENDENT) !== 0, checksum };
}

function readDescriptor(cursor: ByteCursor): {
  flags: number;
  blockSize: number;
  declared: number | undefined;
} {
  const start = cursor.at;
  const flags = cursor.u8();
  const blockId = (cursor.u8() >>> 4) & 7;
  if (flags >>> 6 !== 1 || flags & RESERVED) throw new Corrupt(`lz4 frame flags are ${flags}`);
  if (blockId < 4) throw new Corrupt(`lz4 block size is number ${blockId}`);
  const declared = flags & CONTENT_SIZE ? cursor.u32le() + 2 ** 32 * cursor.u32le() : undefined;
  if (flags & DICTIONARY) throw new Corrupt(`lz4 frame wants dictionary ${cursor.u32le()}`);
  const want = headerChecksum(cursor.bytes, start, cursor.at);
  const got = cursor.u8();
  if (got !== want) throw new Corrupt(`lz4 header checksum is ${got}, not ${want}`);
  return { flags, blockSize: blockSizeOf(blockId), declared };
}

function blockSizeOf(blockId: number): number {
  return 1 << (8 + 2 * blockId);
}

function headerChecksum(bytes: Uint8Array, start: number, end: number): number {
  return (xxhash32(bytes, start, end) >>> 8) & 0xff;
}

function checkSum(bytes: Uint8Array, start: number, end: number, want: number): void {
  const got = xxhash32(bytes, start, end);
  if (got !== want) throw new Corrupt(`lz4 checksum is ${got}, not ${want}`);
}
