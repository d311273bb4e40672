/**
 * Reading zstd without help of the runtime. fzstd decompresses only, but does so in a few kilobytes of
 * plain code, which an edge worker needs to read chunks that others wrote; writing zstd is left to
 * runtimes that have it. fzstd takes memory as headers tell it, and looks at no checksum, so frames
 * are taken apart and bounded here and their checksums compared (RFC 8878).
 *
 *   magic u32 le | descriptor u8 | (window u8) | (dictionary id) | (content size) | blocks | (checksum)
 *   a block: header u24 le: bit 0 the last one, bits 1-2 the type, then the size | data
 */
import { Decompress } from "fzstd";
import { ByteCursor } from "../bytes/cursor.ts";
import { xxhash64 } from "../bytes/xxhash64.ts";
import { Corrupt, TooLarge } from "../model/errors.ts";
import { joined } from "./joined.ts";

const MAGIC = 0xfd2fb528;
const MAGIC_SIZE = 4;
/** The upper 28 bits of the sixteen magics of frames to skip. */
const SKIPPABLE = 0x184d2a5;

/** Largest window taken, beyond that of the text allowed: zstd's own default for decoders is 8 MiB. */
const WINDOW_SIZE_MAX = 8 * 1024 * 1024;

const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** The text of the frames. Corrupt on damage and as soon as it passes `sizeMax`. */
export function zstdDecode(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const texts: Uint8Array[] = [];
  let total = 0;
  for (const { start, end, declared, checksum } of zstdFrames(bytes, sizeMax)) {
    const text = decodeFrame(bytes.subarray(start, end), sizeMax - total);
    if (declared !== undefined && declared !== text.length) {
      throw new Corrupt(`zstd frame holds ${text.length} bytes, not ${declared}`);
    }
    const sum = checksum === undefined ? undefined : Number(xxhash64(text) & 0xffffffffn);
    if (sum !== checksum) throw new Corrupt(`zstd checksum is ${sum}, not ${checksum}`);
    texts.push(text);
    total += text.length;
  }
  return joined(texts, total);
}

export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** The size of the text, where the header says it. */
  readonly declared: number | undefined;
  readonly checksum: number | undefined;
}

/**
 * The frames, found by walking the headers of their blocks: each is whole, takes a window that we
 * grant, and declares no more than `sizeMax`.
 */
export function zstdFrames(bytes: Uint8Array, sizeMax: number): ZstdFrame[] {
  const cursor = new ByteCursor(bytes);
  const frames: ZstdFrame[] = [];
  while (cursor.left > 0) {
    const magic = cursor.u32le();
    if (magic >>> 4 === SKIPPABLE) cursor.skip(cursor.u32le());
    else if (magic === MAGIC) frames.push(readFrame(cursor, sizeMax));
    else throw new Corrupt(`zstd frame magic is ${magic.toString(16)}`);
  }
  return frames;
}

function decodeFrame(frame: Uint8Array, sizeMax: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const decoder = new Decompress((part) => {
    size += part.length;
    if (size > sizeMax) throw new TooLarge(`zstd frame holds over ${sizeMax} bytes`);
    parts.push(part);
  });
  try {
    decoder.push(frame, true);
  } catch (error) {
    if (error instanceof Corrupt) throw error;
    throw new Corrupt(`zstd frame of ${frame.length} bytes is damaged`, { cause: error });
  }
  return joined(parts, size);
}

/** Walks a frame behind its magic to its end. */
function readFrame(cursor: ByteCursor, sizeMax: number): ZstdFrame {
  const start = cursor.at - MAGIC_SIZE;
  const { window, declared, hasChecksum } = readHeader(cursor);
  if (declared !== undefined && declared > sizeMax) {
    throw new TooLarge(`zstd frame holds ${declared} bytes, limit ${sizeMax}`);
  }
  if (window > Math.max(sizeMax, WINDOW_SIZE_MAX)) {
    throw new Corrupt(`zstd window is ${window} bytes`);
  }
  for (let last = false; !last; ) {
    const header = cursor.u8() | (cursor.u8() << 8) | (cursor.u8() << 16);
    const type = (header >>> 1) & 3;
    if (type === RESERVED_BLOCK) throw new Corrupt(`zstd block type is ${type}`);
    cursor.skip(type === RLE_BLOCK ? 1 : header >>> 3);
    last = (header & 1) === 1;
  }
  const checksum = hasChecksum ? cursor.u32le() : undefined;
  return { start, end: cursor.at, declared, checksum };
}

function readHeader(cursor: ByteCursor): {
  window: number;
  declared: number | undefined;
  hasChecksum: boolean;
} {
  const descriptor = cursor.u8();
  const single = (descriptor & 0x20) !== 0;
  if (descriptor & 0x08) throw new Corrupt(`zstd frame descriptor is ${descriptor}`);
  const windowByte = single ? 0 : cursor.u8();
  const dictionary = littleEndian(cursor, [0, 1, 2, 4][descriptor & 3]!);
  if (dictionary !== 0) throw new Corrupt(`zstd frame wants dictionary ${dictionary}`);
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6]!;
  const size = littleEndian(cursor, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const base = 2 ** (10 + (windowByte >>> 3));
  return {
    window: single ? size : base + (base / 8) * (windowByte & 7),
    declared: sizeBytes === 0 ? undefined : size,
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

function littleEndian(cursor: ByteCursor, count: number): number {
  let value = 0;
  for (let index = 0, scale = 1; index < count; index++, scale *= 256) value += cursor.u8() * scale;
  return value;
}
