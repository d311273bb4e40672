/**
 * CRC-32 Castagnoli, as every checksum of Loki's formats is. Eight bytes a turn from sixteen tables
 * of 256 (slicing): about ten times the speed of a byte a turn.
 */

const POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables(16);

/** CRC-32C of bytes[start, end). `seed` is the CRC of what came before, 0 for nothing. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
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
