/**
 * CRC-32 Castagnoli, as every checksum of Loki's formats is. Sixteen bytes a turn from sixteen tables
 * of 256 (slicing). The loop is there twice: as a WebAssembly kernel for what is long, at about
 * twice the speed, and as plain code for what is short and for runtimes that compile no WebAssembly.
 */
import { startKernel } from "./wat.ts";

const POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables(16);

/** Below this, copying into the kernel costs more than the kernel saves. */
const KERNEL_SIZE_MIN = 256;

/** CRC-32C of bytes[start, end). `seed` is the CRC of what came before, 0 for nothing. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  if (end - start < KERNEL_SIZE_MIN) return crc32cPlain(bytes, start, end, seed);
  if (kernel === undefined) kernel = startCrc() ?? null;
  if (kernel === null) return crc32cPlain(bytes, start, end, seed);
  let crc = seed;
  for (let at = start; at < end; at += WINDOW_SIZE) {
    const piece = bytes.subarray(at, Math.min(end, at + WINDOW_SIZE));
    kernel.memory.set(piece, WINDOW);
    crc = kernel.crc32c(WINDOW, WINDOW + piece.length, crc);
  }
  return crc >>> 0;
}

/** The same without the kernel. */
export function crc32cPlain(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  let crc = ~seed;
  let at = start;
  const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, ta, tb, tc, td, te, tf] =
    TABLES as unknown as Tables16;
  for (const last = end - 15; at < last; at += 16) {
    crc =
      tf[(bytes[at]! ^ crc) & 255]! ^
      te[(bytes[at + 1]! ^ (crc >>> 8)) & 255]! ^
      td[(bytes[at + 2]! ^ (crc >>> 16)) & 255]! ^
      tc[bytes[at + 3]! ^ (crc >>> 24)]! ^
      tb[bytes[at + 4]!]! ^
      ta[bytes[at + 5]!]! ^
      t9[bytes[at + 6]!]! ^
      t8[bytes[at + 7]!]! ^
      t7[bytes[at + 8]!]! ^
      t6[bytes[at + 9]!]! ^
      t5[bytes[at + 10]!]! ^
      t4[bytes[at + 11]!]! ^
      t3[bytes[at + 12]!]! ^
      t2[bytes[at + 13]!]! ^
      t1[bytes[at + 14]!]! ^
      t0[bytes[at + 15]!]!;
  }
  while (at < end) crc = t0[(crc ^ bytes[at++]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Bytes that the tables of the kernel function take at the start of its module's memory. */
export const CRC32C_TABLES_SIZE = 16 * 1024;

/** Puts the tables where `CRC32C_FUNCTION` looks for them. */
export function installCrc32cTables(memory: Uint8Array): void {
  const words = new Int32Array(memory.buffer, memory.byteOffset, CRC32C_TABLES_SIZE / 4);
  TABLES.forEach((table, index) => {
    words.set(table, index * 256);
  });
}

/** `crc32c(at, end, crc)` in WebAssembly text, for any module with the tables at the start of its memory. */
export const CRC32C_FUNCTION = `
(func $crc32c (export "crc32c") (param $at i32) (param $end i32) (param $crc i32) (result i32)
  (local $last i32)
  (local.set $last (i32.sub (local.get $end) (i32.const 15)))
  (local.set $crc (i32.xor (local.get $crc) (i32.const -1)))
  (block $tail (loop $sixteen
    (br_if $tail (i32.ge_s (local.get $at) (local.get $last)))
    (local.set $crc (i32.xor (local.get $crc) (i32.load (local.get $at))))
    (local.set $crc ${xorOf(Array.from({ length: 16 }, (_, index) => lookUp(index)))})
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br $sixteen)))
  (block $done (loop $one
    (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
    (local.set $crc (i32.xor
      (i32.load (i32.shl
        (i32.and (i32.xor (local.get $crc) (i32.load8_u (local.get $at))) (i32.const 255))
        (i32.const 2)))
      (i32.shr_u (local.get $crc) (i32.const 8))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br $one)))
  (i32.xor (local.get $crc) (i32.const -1)))`;

/** The table entry of byte `index` of sixteen. The first four bytes are in $crc already. */
function lookUp(index: number): string {
  const byte =
    index < 4
      ? `(i32.and (i32.shr_u (local.get $crc) (i32.const ${8 * index})) (i32.const 255))`
      : `(i32.load8_u offset=${index} (local.get $at))`;
  return `(i32.load offset=${(15 - index) * 1024} (i32.shl ${byte} (i32.const 2)))`;
}

/** A balanced tree, so that no exclusive or waits for the one before. */
function xorOf(terms: string[]): string {
  if (terms.length === 1) return terms[0]!;
  const half = terms.length / 2;
  return `(i32.xor ${xorOf(terms.slice(0, half))} ${xorOf(terms.slice(half))})`;
}

interface CrcKernel {
  readonly memory: Uint8Array;
  readonly crc32c: (at: number, end: number, crc: number) => number;
}

const WINDOW = CRC32C_TABLES_SIZE;
const WINDOW_SIZE = 65_536 - CRC32C_TABLES_SIZE;

/** Undefined before the first use, null where there is no WebAssembly. */
let kernel: CrcKernel | null | undefined;

function startCrc(): CrcKernel | undefined {
  const started = startKernel(`(module (memory (export "memory") 1) ${CRC32C_FUNCTION})`);
  if (started === undefined) return undefined;
  const memory = new Uint8Array((started["memory"] as WebAssembly.Memory).buffer);
  installCrc32cTables(memory);
  return { memory, crc32c: started["crc32c"] as CrcKernel["crc32c"] };
}

type Table = Int32Array;
type Tables16 = readonly [
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
];

function makeTables(count: number): Table[] {
  const tables = Array.from({ length: count }, () => new Int32Array(256));
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[0]![index] = crc;
  }
  for (let table = 1; table < count; table++) {
    for (let index = 0; index < 256; index++) {
      const before = tables[table - 1]![index]!;
      tables[table]![index] = tables[0]![before & 255]! ^ (before >>> 8);
    }
  }
  return tables;
}
