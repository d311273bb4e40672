/**
 * LZ4 blocks (public format, lz4_Block_format.md): sequences of literals and a match.
 *
 *   token u8: literals in the upper four bits, match length - 4 in the lower; 15 goes on in bytes of
 *   255 and a last one below | literals | offset u16 le | (the rest of the match length)
 *
 * The last sequence is literals alone: no match starts in the last 12 bytes or covers one of the last 5.
 */
import { Corrupt } from "../model/errors.ts";

/** The size of the text of bytes[start, end), found by walking the tokens: so that memory is taken knowingly. */
export function lz4BlockSize(bytes: Uint8Array, start: number, end: number): number {
  let size = 0;
  for (let at = start; at < end; ) {
    const token = bytes[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      for (; byte === 255; literals += byte) byte = at < end ? bytes[at++]! : cut(at);
    }
    at += literals;
    size += literals;
    if (at === end) return size;
    if (at + 2 > end) cut(at);
    at += 2;
    let match = (token & 15) + 4;
    if (match === 19) {
      let byte = 255;
      for (; byte === 255; match += byte) byte = at < end ? bytes[at++]! : cut(at);
    }
    size += match;
  }
  return cut(end);
}

/**
 * Decodes bytes[start, end), whose lengths `lz4BlockSize` has walked, to out[at…]; gives the end. A
 * match may reach back as far as out[base].
 */
export function lz4DecodeBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  base: number,
): number {
  let from = start;
  for (;;) {
    const token = bytes[from++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      for (; byte === 255; literals += byte) byte = bytes[from++]!;
    }
    if (literals > LOOP_SIZE_MAX) {
      out.set(bytes.subarray(from, from + literals), at);
      at += literals;
      from += literals;
    } else {
      for (const last = from + literals; from < last; ) out[at++] = bytes[from++]!;
    }
    if (from >= end) return at;

    const offset = bytes[from]! | (bytes[from + 1]! << 8);
    from += 2;
    if (offset === 0 || offset > at - base) {
      throw new Corrupt(`lz4 match reaches back ${offset} of ${at - base} bytes`);
    }
    let match = (token & 15) + 4;
    if (match === 19) {
      let byte = 255;
      for (; byte === 255; match += byte) byte = bytes[from++]!;
    }
    if (match > LOOP_SIZE_MAX && offset >= match) {
      out.copyWithin(at, at - offset, at - offset + match);
      at += match;
    } else {
      for (const last = at + match; at < last; at++) out[at] = out[at - offset]!;
    }
  }
}

/** Up to this, a loop over bytes is faster than making a view. */
const LOOP_SIZE_MAX = 32;

const HASH_BITS = 14;
const OFFSET_MAX = 65_535;
const MATCH_SIZE_MIN = 4;
/** No match starts in these last bytes of a block, */
const LAST_MATCH_START = 12;
/** and none covers one of these. */
const LAST_LITERALS = 5;

const seenAt = new Int32Array(1 << HASH_BITS);

/** Bytes that encoding may take at worst. */
export function lz4SizeMax(size: number): number {
  return size + Math.ceil(size / 255) + 16;
}

/** Encodes bytes[start, end) as one block to out[at…]; gives the end. */
export function lz4EncodeBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const limit = end - LAST_MATCH_START;
  seenAt.fill(-1);
  let literal = start;
  let misses = 0;
  for (let here = start; here < limit; ) {
    const word = view.getInt32(here, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const seen = seenAt[slot]!;
    seenAt[slot] = here;
    if (seen < 0 || here - seen > OFFSET_MAX || view.getInt32(seen, true) !== word) {
      here += 1 + (misses++ >>> 6); // The longer nothing is found, the larger the steps.
      continue;
    }
    misses = 0;
    const size = matchSize(bytes, seen, here, end - LAST_LITERALS);
    at = writeSequence(out, at, bytes, literal, here, here - seen, size);
    here += size;
    literal = here;
    if (here < limit) {
      seenAt[Math.imul(view.getInt32(here - 2, true), 0x9e3779b1) >>> (32 - HASH_BITS)] = here - 2;
    }
  }
  return writeLiterals(out, at, bytes, literal, end, 0);
}

function matchSize(bytes: Uint8Array, seen: number, here: number, end: number): number {
  let size = MATCH_SIZE_MIN;
  while (here + size < end && bytes[seen + size] === bytes[here + size]) size++;
  return size;
}

function writeSequence(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
  match: number,
): number {
  const rest = match - MATCH_SIZE_MIN;
  at = writeLiterals(out, at, bytes, start, end, Math.min(rest, 15));
  out[at++] = offset;
  out[at++] = offset >>> 8;
  return rest >= 15 ? writeRest(out, at, rest - 15) : at;
}

/** The token, whose lower half is given, and the literals bytes[start, end). */
function writeLiterals(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  half: number,
): number {
  const size = end - start;
  out[at++] = (Math.min(size, 15) << 4) | half;
  if (size >= 15) at = writeRest(out, at, size - 15);
  if (size > LOOP_SIZE_MAX) {
    out.set(bytes.subarray(start, end), at);
    return at + size;
  }
  while (start < end) out[at++] = bytes[start++]!;
  return at;
}

function writeRest(out: Uint8Array, at: number, rest: number): number {
  for (; rest >= 255; rest -= 255) out[at++] = 255;
  out[at++] = rest;
  return at;
}

function cut(at: number): never {
  throw new Corrupt(`lz4 block ends within a sequence at ${at}`);
}
