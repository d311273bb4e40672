/**
 * Snappy's two inner loops in WebAssembly, with CRC-32C beside them because the framed format wants
 * one of every piece. Text with its checksum is decoded at twice the speed of the best JavaScript we
 * wrote, and encoded at three times that of snappyjs; every line of a query passes through the one,
 * every line pushed through the other.
 *
 * A block is a sequence of elements; the low two bits of the first byte say what kind:
 *
 *   00  literal   length - 1 in the upper six bits; 60 to 63: in the next 1 to 4 bytes
 *   01  copy      length - 4 in three bits, offset in 3 + 8 bits
 *   10  copy      length - 1 in six bits, offset in two bytes
 *   11  copy      length - 1 in six bits, offset in four bytes
 *
 * Both loops move 16 bytes at a time and may write up to 15 bytes past the end of their output (the
 * next element overwrites them), and read as many past the end of their input: `SLOP` keeps that
 * inside of what is ours.
 *
 *   memory:  crc tables 16 KiB | hash table 32 KiB | input, SLOP, output, SLOP
 */
import { CRC32C_FUNCTION, CRC32C_TABLES_SIZE, installCrc32cTables } from "../bytes/crc32c.ts";
import { startKernel } from "../bytes/wat.ts";

export interface SnappyKernel {
  /** Decodes the elements in [at, end) to exactly [out, outEnd). False when the input is damaged. */
  decode(at: number, end: number, out: number, outEnd: number): boolean;
  /** Encodes up to 64 KiB in [at, end) to `out`; gives the end of what was written. */
  encode(at: number, end: number, out: number): number;
  /** CRC-32C of memory[at, end). */
  crc32c(at: number, end: number): number;
  /** The memory, long enough to hold `size` bytes at `INPUT`. Views from before are void. */
  reserve(size: number): Uint8Array;
}

const HASH_TABLE = CRC32C_TABLES_SIZE;
const HASH_BITS_MAX = 14;
const HASH_BITS_MIN = 8;
const PAGE = 65_536;

/** Where input starts. */
export const INPUT = HASH_TABLE + 2 * (1 << HASH_BITS_MAX);
/** Bytes to leave free after input and after output. */
export const SLOP = 64;

/** Below this an element could be read or compared past the end of the input. */
const ENCODE_SIZE_MIN = 16;

/** The most memory that the kernel takes: it never gives any back. */
const MEMORY_SIZE_MAX = 32 * 1024 * 1024;

let shared: SnappyKernel | null | undefined;

/** The kernel for work on `size` bytes, or undefined where there is no WebAssembly or `size` is beyond it. */
export function snappyKernel(size: number): SnappyKernel | undefined {
  if (size > MEMORY_SIZE_MAX) return undefined;
  if (shared === undefined) shared = start() ?? null;
  return shared ?? undefined;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  decode(at: number, end: number, out: number, outEnd: number): number;
  encode(at: number, end: number, out: number, table: number, bits: number): number;
  crc32c(at: number, end: number, crc: number): number;
}

function start(): SnappyKernel | undefined {
  const started = startKernel(MODULE) as Exports | undefined;
  if (started === undefined) return undefined;
  const { memory, decode, encode, crc32c } = started;
  let bytes = new Uint8Array(memory.buffer);
  installCrc32cTables(bytes);
  return {
    decode: (at, end, out, outEnd) => decode(at, end, out, outEnd) === outEnd,
    encode: (at, end, out) => encode(at, end, out, HASH_TABLE, hashBits(end - at)),
    crc32c: (at, end) => crc32c(at, end, 0) >>> 0,
    reserve: (size) => {
      const missing = INPUT + size - bytes.length;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / PAGE));
        bytes = new Uint8Array(memory.buffer);
      }
      return bytes;
    },
  };
}

/**
 * Bits of a table with about an entry a byte: clearing a big one for a small input costs more than it
 * finds. 0 for an input so short that it is a literal as it stands.
 */
function hashBits(size: number): number {
  if (size < ENCODE_SIZE_MIN) return 0;
  let bits = HASH_BITS_MIN;
  while (bits < HASH_BITS_MAX && 1 << bits < size) bits++;
  return bits;
}

/** Copies $from.. to $out.. up to $copyEnd, 16 bytes a turn; leaves $out anywhere past the end. */
const COPY_16 = `
  (loop $copy
    (v128.store (local.get $out) (v128.load (local.get $from)))
    (local.set $out (i32.add (local.get $out) (i32.const 16)))
    (local.set $from (i32.add (local.get $from) (i32.const 16)))
    (br_if $copy (i32.lt_u (local.get $out) (local.get $copyEnd))))`;

/** A source closer than 16 bytes repeats itself. Widen it to 8 or more, then copy 8 bytes a turn. */
const COPY_REPEATED = `
  (block $wide (loop $widen
    (br_if $wide (i32.ge_u (local.get $offset) (i32.const 8)))
    (i64.store (local.get $out) (i64.load (local.get $from)))
    (local.set $out (i32.add (local.get $out) (local.get $offset)))
    (local.set $offset (i32.shl (local.get $offset) (i32.const 1)))
    (br $widen)))
  (loop $copy
    (i64.store (local.get $out) (i64.load (local.get $from)))
    (local.set $out (i32.add (local.get $out) (i32.const 8)))
    (local.set $from (i32.add (local.get $from) (i32.const 8)))
    (br_if $copy (i32.lt_u (local.get $out) (local.get $copyEnd))))`;

/** Gives the end of the output, or 0 on damage. Every length is checked before a byte moves. */
const DECODE = `
(func $decode (export "decode")
  (param $at i32) (param $end i32) (param $out i32) (param $outEnd i32) (result i32)
  (local $base i32) (local $tag i32) (local $size i32) (local $offset i32)
  (local $from i32) (local $copyEnd i32) (local $wide i32)
  (local.set $base (local.get $out))
  (block $damaged
    (block $done (loop $element
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $tag (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $size (i32.add (i32.shr_u (local.get $tag) (i32.const 2)) (i32.const 1)))
      (if (i32.and (local.get $tag) (i32.const 3))
        (then
          (if (i32.eq (i32.and (local.get $tag) (i32.const 3)) (i32.const 1))
            (then
              (local.set $size (i32.add
                (i32.and (i32.shr_u (local.get $tag) (i32.const 2)) (i32.const 7)) (i32.const 4)))
              (local.set $offset (i32.or
                (i32.shl (i32.shr_u (local.get $tag) (i32.const 5)) (i32.const 8))
                (i32.load8_u (local.get $at))))
              (local.set $at (i32.add (local.get $at) (i32.const 1))))
            (else (if (i32.eq (i32.and (local.get $tag) (i32.const 3)) (i32.const 2))
              (then
                (local.set $offset (i32.load16_u (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const 2))))
              (else
                (local.set $offset (i32.load (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const 4)))))))
          (br_if $damaged (i32.gt_u (local.get $at) (local.get $end)))
          (br_if $damaged (i32.eqz (local.get $offset)))
          (br_if $damaged
            (i32.gt_u (local.get $offset) (i32.sub (local.get $out) (local.get $base))))
          (br_if $damaged
            (i32.gt_u (local.get $size) (i32.sub (local.get $outEnd) (local.get $out))))
          (local.set $copyEnd (i32.add (local.get $out) (local.get $size)))
          (local.set $from (i32.sub (local.get $out) (local.get $offset)))
          (if (i32.ge_u (local.get $offset) (i32.const 16))
            (then ${COPY_16})
            (else ${COPY_REPEATED}))
          (local.set $out (local.get $copyEnd)))
        (else
          (if (i32.gt_u (local.get $size) (i32.const 60))
            (then
              (local.set $wide (i32.sub (local.get $size) (i32.const 60)))
              (local.set $size (i32.and
                (i32.load (local.get $at))
                (i32.shr_u (i32.const -1)
                  (i32.sub (i32.const 32) (i32.shl (local.get $wide) (i32.const 3))))))
              (local.set $at (i32.add (local.get $at) (local.get $wide)))
              (br_if $damaged (i32.gt_u (local.get $at) (local.get $end)))
              ;; Before one is added: 2^32 would become 0.
              (br_if $damaged
                (i32.ge_u (local.get $size) (i32.sub (local.get $end) (local.get $at))))
              (local.set $size (i32.add (local.get $size) (i32.const 1)))))
          (br_if $damaged (i32.gt_u (local.get $size) (i32.sub (local.get $end) (local.get $at))))
          (br_if $damaged
            (i32.gt_u (local.get $size) (i32.sub (local.get $outEnd) (local.get $out))))
          (local.set $copyEnd (i32.add (local.get $out) (local.get $size)))
          (local.set $from (local.get $at))
          ${COPY_16}
          (local.set $out (local.get $copyEnd))
          (local.set $at (i32.add (local.get $at) (local.get $size)))))
      (br $element)))
    (return (local.get $out)))
  (i32.const 0))`;

const LITERAL = `
(func $literal (param $from i32) (param $end i32) (param $out i32) (result i32)
  (local $last i32) (local $copyEnd i32)
  (local.set $last (i32.sub (i32.sub (local.get $end) (local.get $from)) (i32.const 1)))
  (if (i32.lt_u (local.get $last) (i32.const 60))
    (then
      (i32.store8 (local.get $out) (i32.shl (local.get $last) (i32.const 2)))
      (local.set $out (i32.add (local.get $out) (i32.const 1))))
    (else (if (i32.lt_u (local.get $last) (i32.const 256))
      (then
        (i32.store8 (local.get $out) (i32.const 0xf0))
        (i32.store8 offset=1 (local.get $out) (local.get $last))
        (local.set $out (i32.add (local.get $out) (i32.const 2))))
      (else
        (i32.store8 (local.get $out) (i32.const 0xf4))
        (i32.store16 offset=1 (local.get $out) (local.get $last))
        (local.set $out (i32.add (local.get $out) (i32.const 3)))))))
  (local.set $copyEnd (i32.add (i32.add (local.get $out) (local.get $last)) (i32.const 1)))
  ${COPY_16}
  (local.get $copyEnd))`;

/** Writes a match of any length: pieces of 64, the last two so that none is shorter than 4. */
const MATCH = `
(func $match (param $size i32) (param $offset i32) (param $out i32) (result i32)
  (local $piece i32)
  (block $short (loop $long
    (br_if $short (i32.le_u (local.get $size) (i32.const 64)))
    (local.set $piece (select
      (i32.const 64) (i32.const 60) (i32.ge_u (local.get $size) (i32.const 68))))
    (i32.store8 (local.get $out) (i32.sub (i32.shl (local.get $piece) (i32.const 2)) (i32.const 2)))
    (i32.store16 offset=1 (local.get $out) (local.get $offset))
    (local.set $out (i32.add (local.get $out) (i32.const 3)))
    (local.set $size (i32.sub (local.get $size) (local.get $piece)))
    (br $long)))
  (if (i32.and
        (i32.lt_u (local.get $size) (i32.const 12)) (i32.lt_u (local.get $offset) (i32.const 2048)))
    (then
      (i32.store8 (local.get $out) (i32.or
        (i32.shl (i32.shr_u (local.get $offset) (i32.const 8)) (i32.const 5))
        (i32.sub (i32.shl (local.get $size) (i32.const 2)) (i32.const 15))))
      (i32.store8 offset=1 (local.get $out) (local.get $offset))
      (return (i32.add (local.get $out) (i32.const 2)))))
  (i32.store8 (local.get $out) (i32.sub (i32.shl (local.get $size) (i32.const 2)) (i32.const 2)))
  (i32.store16 offset=1 (local.get $out) (local.get $offset))
  (i32.add (local.get $out) (i32.const 3)))`;

/** The slot in the hash table of the four bytes at $at. */
const SLOT = `
(func $slot (param $at i32) (param $table i32) (param $shift i32) (result i32)
  (i32.add (local.get $table) (i32.shl
    (i32.shr_u (i32.mul (i32.load (local.get $at)) (i32.const 0x1e35a7bd)) (local.get $shift))
    (i32.const 1))))`;

/**
 * Looks each four bytes up in a table of places seen; the longer nothing is found, the larger the
 * steps. $bits is the logarithm of the table's size; 0 says that the input is a literal as it stands.
 */
const ENCODE = `
(func $encode (export "encode")
  (param $at i32) (param $end i32) (param $out i32) (param $table i32) (param $bits i32) (result i32)
  (local $base i32) (local $literal i32) (local $limit i32) (local $next i32) (local $seen i32)
  (local $slot i32) (local $skip i32) (local $to i32) (local $offset i32) (local $shift i32)
  (local $differ i64)
  (local.set $base (local.get $at))
  (local.set $literal (local.get $at))
  (block $tail
    (br_if $tail (i32.eqz (local.get $bits)))
    (local.set $limit (i32.sub (local.get $end) (i32.const 15)))
    (local.set $shift (i32.sub (i32.const 32) (local.get $bits)))
    (memory.fill (local.get $table) (i32.const 0) (i32.shl (i32.const 2) (local.get $bits)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (loop $search
      (local.set $skip (i32.const 32))
      (local.set $next (local.get $at))
      (loop $probe
        (local.set $at (local.get $next))
        (local.set $next (i32.add (local.get $at) (i32.shr_u (local.get $skip) (i32.const 5))))
        (local.set $skip (i32.add (local.get $skip) (i32.const 1)))
        (br_if $tail (i32.gt_u (local.get $next) (local.get $limit)))
        (local.set $slot (call $slot (local.get $at) (local.get $table) (local.get $shift)))
        (local.set $seen (i32.add (local.get $base) (i32.load16_u (local.get $slot))))
        (i32.store16 (local.get $slot) (i32.sub (local.get $at) (local.get $base)))
        (br_if $probe (i32.ne (i32.load (local.get $at)) (i32.load (local.get $seen)))))
      (local.set $out (call $literal (local.get $literal) (local.get $at) (local.get $out)))
      (loop $matched
        (local.set $offset (i32.sub (local.get $at) (local.get $seen)))
        (local.set $to (i32.add (local.get $at) (i32.const 4)))
        (block $ended
          (loop $eight
            (if (i32.le_u (i32.add (local.get $to) (i32.const 8)) (local.get $end)) (then
              (local.set $differ (i64.xor
                (i64.load (local.get $to))
                (i64.load (i32.sub (local.get $to) (local.get $offset)))))
              (if (i64.eqz (local.get $differ)) (then
                (local.set $to (i32.add (local.get $to) (i32.const 8)))
                (br $eight)))
              (local.set $to (i32.add (local.get $to)
                (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $differ)) (i64.const 3)))))
              (br $ended))))
          (loop $one
            (br_if $ended (i32.ge_u (local.get $to) (local.get $end)))
            (br_if $ended (i32.ne
              (i32.load8_u (local.get $to))
              (i32.load8_u (i32.sub (local.get $to) (local.get $offset)))))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (br $one)))
        (local.set $out (call $match
          (i32.sub (local.get $to) (local.get $at)) (local.get $offset) (local.get $out)))
        (local.set $at (local.get $to))
        (local.set $literal (local.get $to))
        (br_if $tail (i32.ge_u (local.get $at) (local.get $limit)))
        (i32.store16
          (call $slot
            (i32.sub (local.get $at) (i32.const 1)) (local.get $table) (local.get $shift))
          (i32.sub (i32.sub (local.get $at) (i32.const 1)) (local.get $base)))
        (local.set $slot (call $slot (local.get $at) (local.get $table) (local.get $shift)))
        (local.set $seen (i32.add (local.get $base) (i32.load16_u (local.get $slot))))
        (i32.store16 (local.get $slot) (i32.sub (local.get $at) (local.get $base)))
        (br_if $matched (i32.eq (i32.load (local.get $at)) (i32.load (local.get $seen)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $search)))
  (if (i32.lt_u (local.get $literal) (local.get $end))
    (then (local.set $out
      (call $literal (local.get $literal) (local.get $end) (local.get $out)))))
  (local.get $out))`;

const MODULE = `(module (memory (export "memory") 1)
  ${CRC32C_FUNCTION} ${DECODE} ${SLOT} ${LITERAL} ${MATCH} ${ENCODE})`;
