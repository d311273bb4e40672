/**
 * Snappy's raw blocks, as pushes and remote reads carry them. The framed stream, which chunks use, is
 * in snappy-frame.ts.
 */
import { Corrupt } from "../model/errors.ts";
import { INPUT, SLOP, snappyKernel } from "./snappy-kernel.ts";
import { decodePlain, encodePlain } from "./snappy-plain.ts";
import { readBlockSize } from "./snappy-size.ts";

/** Blocks are encoded in pieces of this, so that an offset fits into two bytes. */
export const PIECE_SIZE = 65_536;

/** The bytes of a raw block. Corrupt on damage, or before any memory is taken when it declares more than `sizeMax`. */
export function snappyDecodeBlock(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const { size, at } = readBlockSize(bytes);
  if (size > sizeMax) throw new Corrupt(`snappy block holds ${size} bytes, limit ${sizeMax}`);
  const kernel = snappyKernel(bytes.length + size + 2 * SLOP);
  if (kernel === undefined) return decodePlain(bytes);

  const output = INPUT + bytes.length + SLOP;
  const memory = kernel.reserve(bytes.length + size + 2 * SLOP);
  memory.set(bytes, INPUT);
  if (!kernel.decode(INPUT + at, INPUT + bytes.length, output, output + size)) {
    throw new Corrupt(`snappy block of ${bytes.length} bytes is damaged`);
  }
  return memory.slice(output, output + size);
}

/** A raw block of the bytes. */
export function snappyEncodeBlock(bytes: Uint8Array): Uint8Array {
  const kernel = snappyKernel(PIECE_MEMORY);
  if (kernel === undefined) return encodePlain(bytes);

  const memory = kernel.reserve(PIECE_MEMORY);
  const out = new Uint8Array(5 + encodedSizeMax(bytes.length));
  let at = writeSize(out, 0, bytes.length);
  for (let start = 0; start < bytes.length; start += PIECE_SIZE) {
    const piece = bytes.subarray(start, start + PIECE_SIZE);
    memory.set(piece, INPUT);
    const end = kernel.encode(INPUT, INPUT + piece.length, PIECE_OUTPUT);
    out.set(memory.subarray(PIECE_OUTPUT, end), at);
    at += end - PIECE_OUTPUT;
  }
  return out.slice(0, at);
}

/** Bytes that encoding may take at worst: literals and their tags. */
export function encodedSizeMax(size: number): number {
  return 32 + size + Math.ceil(size / 6);
}

/** Where the output of a piece starts in the kernel's memory, and the memory that a piece needs. */
export const PIECE_OUTPUT = INPUT + PIECE_SIZE + SLOP;
export const PIECE_MEMORY = PIECE_SIZE + SLOP + encodedSizeMax(PIECE_SIZE) + SLOP;

/** Writes the declared size of a block; gives the offset after it. */
export function writeSize(out: Uint8Array, at: number, size: number): number {
  while (size >= 0x80) {
    out[at++] = (size & 0x7f) | 0x80;
    size = Math.floor(size / 128);
  }
  out[at++] = size;
  return at;
}
