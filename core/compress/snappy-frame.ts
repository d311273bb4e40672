/**
 * Snappy's framed stream: what chunks and stored objects use. Public format, framing_format.txt:
 *
 *   FF 06 00 00 "sNaPpY"                                            the stream identifier, first
 *   type u8 | size u24 le | masked crc32c of the text u32 le | payload     00 compressed, 01 as it is
 *
 * A frame holds at most 64 KiB of text; types 80 to FE are skipped, 02 to 7F refused. No text is no
 * bytes at all, not even the identifier.
 */
import { crc32c } from "../bytes/crc32c.ts";
import { Corrupt, TooLarge } from "../model/errors.ts";
import {
  encodedSizeMax,
  PIECE_MEMORY,
  PIECE_OUTPUT,
  PIECE_SIZE,
  snappyDecodeBlock,
  writeSize,
} from "./snappy.ts";
import { INPUT, snappyKernel } from "./snappy-kernel.ts";
import { encodePlain } from "./snappy-plain.ts";
import { readBlockSize } from "./snappy-size.ts";

const IDENTIFIER = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59);
const HEADER_SIZE = 4;
const CRC_SIZE = 4;
/** Header, crc and declared size of a frame. */
const FRAME_OVERHEAD = HEADER_SIZE + CRC_SIZE + 5;
const COMPRESSED = 0x00;
const STORED = 0x01;
const FIRST_SKIPPABLE = 0x80;
const STREAM = 0xff;

/** One framed stream of the bytes. */
export function snappyFrame(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return new Uint8Array(0);
  const out = roomFor(bytes.length);
  out.set(IDENTIFIER);
  let at = IDENTIFIER.length;
  for (let start = 0; start < bytes.length; start += PIECE_SIZE) {
    at = writeFrame(out, at, bytes.subarray(start, start + PIECE_SIZE));
  }
  return out.slice(0, at);
}

/** Output goes here first: its size is known only afterwards, and a fresh buffer of the worst size costs. */
let scratch = new Uint8Array(0);
/** Beyond this a buffer is not kept. */
const SCRATCH_SIZE_MAX = 1 << 20;

/** A buffer for the worst that so many bytes become. */
function roomFor(size: number): Uint8Array {
  const frames = Math.ceil(size / PIECE_SIZE);
  const worst = IDENTIFIER.length + frames * (FRAME_OVERHEAD + encodedSizeMax(PIECE_SIZE));
  if (worst <= scratch.length) return scratch;
  const room = new Uint8Array(worst);
  if (worst <= SCRATCH_SIZE_MAX) scratch = room;
  return room;
}

/** The text of a framed stream. Corrupt on damage, or before any memory is taken when it passes `sizeMax`. */
export function snappyUnframe(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const frames = readFrames(bytes, sizeMax);
  const out = new Uint8Array(frames.reduce((sum, frame) => sum + frame.size, 0));
  let at = 0;
  for (const frame of frames) {
    const crc = openFrame(bytes, frame, out, at);
    const want = readWord(bytes, frame.start - CRC_SIZE);
    if (masked(crc) !== want) {
      throw new Corrupt(`snappy frame at ${frame.start} has crc ${masked(crc)}, not ${want}`);
    }
    at += frame.size;
  }
  return out;
}

interface Frame {
  /** Where the payload lies in the stream. */
  readonly start: number;
  readonly end: number;
  readonly stored: boolean;
  /** Bytes of its text. */
  readonly size: number;
}

/** The frames with text in them. Looks at headers only, so that the whole size is known first. */
function readFrames(bytes: Uint8Array, sizeMax: number): Frame[] {
  const frames: Frame[] = [];
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    if (at + HEADER_SIZE > bytes.length) throw new Corrupt(`snappy frame header cut at ${at}`);
    const type = bytes[at]!;
    const start = at + HEADER_SIZE;
    const end = start + (readWord(bytes, at) >>> 8);
    if (end > bytes.length)
      throw new Corrupt(`snappy frame at ${at} ends at ${end} of ${bytes.length}`);
    if (at === 0 && type !== STREAM) throw new Corrupt("snappy stream has no identifier");
    if (type === STREAM) checkIdentifier(bytes, at, end);
    else if (type === COMPRESSED || type === STORED) {
      const frame = readFrame(bytes, start + CRC_SIZE, end, type === STORED);
      total += frame.size;
      if (total > sizeMax) throw new TooLarge(`snappy stream holds over ${sizeMax} bytes`);
      frames.push(frame);
    } else if (type < FIRST_SKIPPABLE) {
      throw new Corrupt(`snappy frame type is ${type} at ${at}`);
    }
    at = end;
  }
  return frames;
}

function readFrame(bytes: Uint8Array, start: number, end: number, stored: boolean): Frame {
  if (start > end) throw new Corrupt(`snappy frame at ${start} is too short for its crc`);
  const size = stored ? end - start : readBlockSize(bytes, start, end).size;
  if (size > PIECE_SIZE) throw new Corrupt(`snappy frame holds ${size} bytes, limit ${PIECE_SIZE}`);
  return { start, end, stored, size };
}

function checkIdentifier(bytes: Uint8Array, start: number, end: number): void {
  const same = IDENTIFIER.every((byte, index) => bytes[start + index] === byte);
  if (end - start !== IDENTIFIER.length || !same) {
    throw new Corrupt(`snappy stream identifier is damaged at ${start}`);
  }
}

/** Puts the text of a frame at out[at]; gives its crc. */
function openFrame(bytes: Uint8Array, frame: Frame, out: Uint8Array, at: number): number {
  const { start, end, stored, size } = frame;
  if (stored) {
    out.set(bytes.subarray(start, end), at);
    return crc32c(bytes, start, end);
  }
  // A payload larger than any encoder makes is left to the raw decoder, which makes room for it.
  const kernel = end - start <= PIECE_SIZE ? snappyKernel(PIECE_MEMORY) : undefined;
  if (kernel === undefined) {
    out.set(snappyDecodeBlock(bytes.subarray(start, end), size), at);
    return crc32c(out, at, at + size);
  }
  const memory = kernel.reserve(PIECE_MEMORY);
  memory.set(bytes.subarray(start, end), INPUT);
  const elements = INPUT + readBlockSize(bytes, start, end).at - start;
  const done = PIECE_OUTPUT + size;
  if (!kernel.decode(elements, INPUT + end - start, PIECE_OUTPUT, done)) {
    throw new Corrupt(`snappy frame at ${start} is damaged`);
  }
  out.set(memory.subarray(PIECE_OUTPUT, done), at);
  return kernel.crc32c(PIECE_OUTPUT, done);
}

/** Writes one frame; gives the offset after it. Text that does not shrink by an eighth is stored. */
function writeFrame(out: Uint8Array, start: number, text: Uint8Array): number {
  const payload = start + HEADER_SIZE + CRC_SIZE;
  const { crc, end } = encodeInto(out, payload, text);
  const stored = end - payload >= text.length - Math.floor(text.length / 8);
  if (stored) out.set(text, payload);
  const done = stored ? payload + text.length : end;
  writeWord(out, start, ((done - start - HEADER_SIZE) << 8) | (stored ? STORED : COMPRESSED));
  writeWord(out, start + HEADER_SIZE, masked(crc));
  return done;
}

/** Encodes a raw block of up to 64 KiB to out[at]; gives its end and the crc of the text. */
function encodeInto(out: Uint8Array, at: number, text: Uint8Array): { crc: number; end: number } {
  const kernel = snappyKernel(PIECE_MEMORY);
  if (kernel === undefined) {
    const block = encodePlain(text);
    out.set(block, at);
    return { crc: crc32c(text), end: at + block.length };
  }
  const memory = kernel.reserve(PIECE_MEMORY);
  memory.set(text, INPUT);
  const elements = writeSize(out, at, text.length);
  const end = kernel.encode(INPUT, INPUT + text.length, PIECE_OUTPUT);
  out.set(memory.subarray(PIECE_OUTPUT, end), elements);
  return { crc: kernel.crc32c(INPUT, INPUT + text.length), end: elements + end - PIECE_OUTPUT };
}

/** The framing's way to keep a crc of bytes that hold crcs from being weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
